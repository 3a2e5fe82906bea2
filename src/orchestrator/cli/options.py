"""The options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.domain.errors import UsageError


def _url(context: typer.Context, url: str | None) -> str | None:
    """The server's URL, unless a --root wins: what is typed wins over a variable."""
    root = context.params.get("root")
    if not url or root is None:
        return url or None
    url_source, root_source = (context.get_parameter_source(name) for name in ("url", "root"))
    if url_source == root_source:
        raise UsageError(
            "--url (ORCHESTRATOR_URL) asks a server and --root (ORCHESTRATOR_ROOT) this machine; give one."
        )
    return url if url_source is not None and url_source.name == "COMMANDLINE" else None


RootOption = Annotated[
    Path | None,
    typer.Option(
        "--root",
        envvar="ORCHESTRATOR_ROOT",
        # Eager, so that it is known when --url is looked at, in whatever order they are typed.
        is_eager=True,
        help="The project's folder; else the nearest upwards.",
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="ORCHESTRATOR_URL",
        callback=_url,
        help="Ask the API server there, not this machine; its token is taken from ORCHESTRATOR_API_TOKEN.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="An orchestrator's id, or its beginning.")]
LatestArgument = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="An orchestrator's id, or its beginning; else the latest."),
]
TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="A task's id.")]
ServerOption = Annotated[bool, typer.Option("--api-server", help="Serve the API beside the run.")]
KeepOption = Annotated[
    bool, typer.Option("--keep-serving", help="Go on serving the API after the run, until Ctrl-C.")
]
# Left out, these two come from ORCHESTRATOR_API_HOST and ORCHESTRATOR_API_PORT, else loopback and 8000.
HOST_HELP = "Address to listen on; other than loopback needs a token."
PORT_HELP = "Port to listen on; 0 takes a free one."
AllowShellOption = Annotated[
    bool,
    typer.Option(
        "--allow-shell",
        envvar="ORCHESTRATOR_ALLOW_SHELL",
        help="Let runs that are started over HTTP start what this repository names, also without a token: "
        "shell blocks, and agents of agents.toml.",
    ),
]
ApiHostOption = Annotated[str | None, typer.Option("--api-host", help=HOST_HELP)]
ApiPortOption = Annotated[int | None, typer.Option("--api-port", min=0, max=65_535, help=PORT_HELP)]
AllowOriginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        help="A web origin whose pages may use the API, in place of http://localhost:3000 and "
        "http://127.0.0.1:3000; repeatable.",
    ),
]
