"""Next.js apps in which the README of the TypeScript kit was followed, and such an app at work."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import node
from doors import CHECKOUT, WAITING_PLAN, Door, Project, wait_until
from snippets import Snippet, snippets

KIT = CHECKOUT / "docs" / "plan-outputs" / "orchestrator-api-server"
PLAN = WAITING_PLAN + "\n- [ ] 1.3 Wants mending\n\n  ```sh\n  test -e mended\n  ```\n"
_NEXT = "node_modules/next/dist/bin/next"


def readme_block(beginning: str) -> Snippet:
    """The block of the README that begins so."""
    return next(one for one in snippets(KIT / "README.md") if one.text.startswith(beginning))


def follow_readme(app: Path, *, installs: bool) -> None:
    """Copy the kit into the app, and write each block of the README to its file. What is there is replaced.

    Without `installs` its `npm install` is left out: the app has the package already.
    """
    *copying, install = readme_block("mkdir -p src/types").text.splitlines()
    assert install == "npm install @tanstack/react-query"
    for command in [*copying, install] if installs else copying:
        at_home = command.replace("PATH/TO/docs/plan-outputs/orchestrator-api-server", str(KIT))
        node.output_of("sh", "-c", at_home, cwd=app)
    for snippet in snippets(KIT / "README.md"):
        if snippet.language in {"ts", "tsx"}:
            path = module_of(app, snippet)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(snippet.text)


def module_of(app: Path, snippet: Snippet) -> Path:
    """Where a block of TypeScript lies: in the file that it names, else in one of its own."""
    return app / (snippet.title or f"src/snippets/line-{snippet.line}.ts")


def build(app: Path) -> Path:
    """The app, built."""
    node.output_of("node", app / _NEXT, "build", cwd=app)
    return app


class Site:
    """An app at work, with the server and the run that it shows."""

    def __init__(
        self, app: Path, project: Project, host: str, token: str | None, *, is_allowed: bool
    ) -> None:
        self.project = project
        self.port, self.origin = free_port(), f"http://{host}:{free_port()}"
        self._token = {"ORCHESTRATOR_API_TOKEN": token} if token else {}
        self.server = self.serve(*self.allowing if is_allowed else ())
        self.url = self.server.url
        self._process = subprocess.Popen(
            ["node", app / _NEXT, "start", "-H", "127.0.0.1", "-p", self.origin.rpartition(":")[2]],
            cwd=app,
            env={**node.ENVIRONMENT, "ORCHESTRATOR_URL": self.url, **self._token},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        project.plan("long", PLAN)
        self.run = project.run("--plan", "long", "--on-blocked", "wait")
        self.id = project.only_id()
        wait_until(self._answers)

    @property
    def allowing(self) -> tuple[str, str]:
        """What the server needs to be told to answer this app's pages."""
        return "--allow-origin", self.origin

    def serve(self, *arguments: str) -> Door:
        """The server, begun on its port."""
        port = ("--port", str(self.port))
        return self.project.open("run_api_server.py", *port, *arguments, environment=self._token)

    def _answers(self) -> bool:
        try:
            return httpx.get(self.origin).status_code == 200
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@contextlib.contextmanager
def at_work(
    app: Path, project: Project, host: str = "127.0.0.1", token: str | None = None, *, is_allowed: bool = True
) -> Iterator[Site]:
    """The app at work while the block lasts, on an origin that its server allows, or on another."""
    site = Site(app, project, host, token, is_allowed=is_allowed)
    try:
        yield site
    finally:
        site.close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
