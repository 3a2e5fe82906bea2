"""The commands that look at orchestrators; `main` registers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from orchestrator.cli.options import (
    IdArgument,
    JsonOption,
    LatestArgument,
    RootOption,
    TaskArgument,
    UrlOption,
)


def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """List the running orchestrators."""
    from orchestrator.cli.inspect import list_orchestrators

    raise typer.Exit(list_orchestrators(root, url, include_ended=all_, json=json))


def status(
    instance: LatestArgument = None,
    at_seq: Annotated[int | None, typer.Option(min=1, help="The status as it was after this event.")] = None,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Show an orchestrator's phases and tasks, what it has used, and what it waits for."""
    from orchestrator.cli.inspect import show_status

    raise typer.Exit(show_status(instance, root, url, at_seq=at_seq, json=json))


def events(
    instance: LatestArgument = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for more, until it has ended.")
    ] = False,
    after: Annotated[int, typer.Option(min=0, help="Only events with a higher seq.")] = 0,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Print an orchestrator's events, one a line."""
    from orchestrator.cli.inspect import show_events

    raise typer.Exit(show_events(instance, root, url, follow=follow, after=after, json=json))


def approvals(
    instance: LatestArgument = None,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """List the questions of agents that wait for an answer."""
    from orchestrator.cli.inspect import show_approvals

    raise typer.Exit(show_approvals(instance, root, url, json=json))


def transcript(
    instance: IdArgument,
    task: TaskArgument,
    attempt: Annotated[int | None, typer.Option(min=1, help="Which one; else the latest.")] = None,
    artifact: Annotated[
        str | None, typer.Option(help="Only this text, whole, as a line names it: output-0001.txt.")
    ] = None,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Print all that the agent of an attempt said."""
    from orchestrator.cli.transcripts import show_artifact, show_transcript

    if artifact is not None:
        raise typer.Exit(show_artifact(instance, task, attempt, artifact, root, url))
    raise typer.Exit(show_transcript(instance, task, attempt, root, url, json=json))


LOOKS: Mapping[str, Callable[..., None]] = {
    "list": list_,
    "status": status,
    "events": events,
    "approvals": approvals,
    "transcript": transcript,
}
