"""The README of the TypeScript kit, followed word for word in a Next.js app, which is then used in a browser."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import browser
import httpx
import node
import pytest
from doors import CHECKOUT, WAITING_PLAN, Door, Project, wait_until
from playwright.sync_api import Page, expect
from snippets import snippets

KIT = CHECKOUT / "docs" / "plan-outputs" / "orchestrator-api-server"
SKELETON = Path(__file__).parent / "nextjs"
PLAN = WAITING_PLAN + "\n- [ ] 1.3 Wants mending\n\n  ```sh\n  test -e mended\n  ```\n"
TOKEN = "a-token-that-only-the-test-knows"
NEXT = "node_modules/next/dist/bin/next"

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_node,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty Next.js app in which the README was followed: its files copied and written, and all built."""
    app = node.app_copy(SKELETON, tmp_path_factory.mktemp("next") / "app")
    copying = next(one for one in snippets(KIT / "README.md") if "mkdir -p src/types" in one.text)
    *commands, install = copying.text.splitlines()
    assert install == "npm install @tanstack/react-query"  # which the lock of the skeleton has done
    for command in commands:
        at_home = command.replace("PATH/TO/docs/plan-outputs/orchestrator-api-server", str(KIT))
        subprocess.run(at_home, shell=True, cwd=app, check=True)
    for snippet in snippets(KIT / "README.md"):
        if snippet.language in {"ts", "tsx"}:
            path = app / (snippet.title or f"src/snippets/line-{snippet.line}.ts")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(snippet.text)
    node.output_of("node", app / NEXT, "build", cwd=app)
    return app


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Site:
    """The app at work, with the server and the run that it shows."""

    def __init__(self, app: Path, project: Project, host: str, token: str | None) -> None:
        self.project = project
        self.port, self.origin = free_port(), f"http://{host}:{free_port()}"
        self.token = token
        self.server = self.serve()
        self.url = self.server.url
        secret = {"ORCHESTRATOR_API_TOKEN": token} if token else {}
        self.process = subprocess.Popen(
            ["node", app / NEXT, "start", "-H", "127.0.0.1", "-p", self.origin.rpartition(":")[2]],
            cwd=app,
            env={**node.ENVIRONMENT, "ORCHESTRATOR_URL": self.url, **secret},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        project.plan("long", PLAN)
        self.run = project.run("--plan", "long", "--on-blocked", "wait")
        self.id = project.only_id()
        wait_until(self._answers)

    def serve(self) -> Door:
        extra = {"ORCHESTRATOR_API_TOKEN": self.token} if self.token else {}
        return self.project.open(
            "run_api_server.py", "--port", str(self.port), "--allow-origin", self.origin, environment=extra
        )

    def _answers(self) -> bool:
        try:
            return httpx.get(self.origin).status_code == 200
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(params=["same host", "token, another host"])
def site(request: pytest.FixtureRequest, app: Path, project: Project) -> Iterator[Site]:
    alone = request.param == "same host"
    site = Site(app, project, "127.0.0.1" if alone else "localhost", None if alone else TOKEN)
    yield site
    site.close()


def seqs_on(page: Page) -> list[int]:
    lines = page.get_by_role("list", name="Events").get_by_role("listitem").all_inner_texts()
    return [int(line.split()[0]) for line in lines if line.split()[0].isdigit()]


def test_the_app_of_the_readme_shows_a_run_and_steers_it(site: Site):
    project = site.project
    with browser.opened_tab() as tab:
        page = tab.page
        page.goto(site.origin)
        expect(page.get_by_role("listitem")).to_contain_text(re.compile("long (starting|running)"))
        page.get_by_role("link", name="long").click()
        status, connection = page.get_by_label("Status"), page.get_by_label("Connection")
        expect(status).to_have_text("running")
        expect(connection).to_have_text("live")

        page.get_by_role("button", name="Pause").click()
        expect(status).to_have_text("paused")
        expect(page.get_by_role("list", name="Orchestrators")).to_contain_text("paused")
        page.get_by_role("button", name="Resume").click()
        expect(status).to_have_text("running")

        # The server dies and comes back: the page heals by itself, and what happened meanwhile is there.
        # It was away for long enough that every request of the page has failed for good.
        site.server.kill()
        site.server.wait()
        expect(connection).to_have_text("reconnecting")
        (project.root / "go").touch()
        alert = page.locator("p[role=alert]")
        expect(alert).to_contain_text("cannot be reached", timeout=30_000)
        expect(page.get_by_role("list", name="Tasks")).to_be_visible()
        site.serve()
        expect(status).to_have_text("blocked", timeout=30_000)
        expect(alert).to_have_count(0)

        # What needs a person can be done here.
        expect(
            page.get_by_text("Task 1.3 failed: retry-task or skip-task lets the run go on.")
        ).to_be_visible()
        (project.root / "mended").touch()
        page.get_by_role("button", name="Retry").click()
        assert site.run.wait() == 0
        expect(connection).to_have_text("ended")
        expect(status).to_have_text("completed")
        expect(page.get_by_role("list", name="Tasks").get_by_role("listitem")).to_have_text(
            ["1.1 completed", "1.2 completed", "1.3 completed"]
        )
        seen = seqs_on(page)
        assert seen == list(range(seen[0], seen[-1] + 1))
        assert seen[-1] == project.events(site.id)[-1]["seq"]

        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("The orchestrator has ended")).to_be_visible()

        page.goto(f"{site.origin}/live?id=nobody")
        expect(page.get_by_text("There is no orchestrator 'nobody'")).to_be_visible()

    assert tab.page_errors == []
    assert tab.requests_beyond(site.origin, site.url) == []
    assert not [url for url in tab.requests if TOKEN in url]
    # What the browser itself says of a server that is gone, and of the 409 that was asked for.
    expected = ("net::ERR", "WebSocket connection to", "409", "404")
    assert [error for error in tab.console_errors if not any(part in error for part in expected)] == []


def test_the_snippets_without_a_file_run_in_a_browser(app: Path, project: Project, tmp_path: Path):
    """On an allowed origin, each as a module of its own; the run goes on once all of them have begun."""
    watches, calls, live = [
        one for one in snippets(KIT / "README.md") if one.language == "ts" and not one.title
    ]
    site = Site(app, project, "127.0.0.1", None)
    try:
        with browser.opened_tab() as tab:
            said: list[str] = []
            tab.page.on("console", lambda message: said.append(message.text))
            tab.page.goto(site.origin)
            for snippet in (calls, live, watches):
                text = _bundle(app / "src" / "snippets" / f"line-{snippet.line}.ts", app, tmp_path)
                text = text.replace("http://127.0.0.1:8000", site.url).replace('"ID"', f'"{site.id}"')
                assert site.id in text
                tab.page.add_script_tag(
                    type="module", content=f"{text}\nconsole.log('line {snippet.line} has ended');"
                )
            for begun in (f"line {calls.line} has ended", "live", "initial_status", f"[{site.id} running]"):
                wait_until(lambda begun=begun: _pumped(tab.page) and any(begun in line for line in said))
            for name in ("go", "mended"):
                (project.root / name).touch()
            for snippet in (live, watches):
                wait_until(lambda end=f"line {snippet.line} has ended": _pumped(tab.page) and end in said)
        assert tab.page_errors == []
        assert site.run.wait() == 0
        # What each of them says: the calls, the bare connections, the watch that folds, the watch that loops.
        assert any(re.fullmatch(r"applied \d+", line) for line in said)
        assert {"task_changed", "1.1", "bash", "ended 100"} <= set(said)
        assert any(re.fullmatch(r"\d+ 1.1 completed", line) for line in said)
    finally:
        site.close()


def _bundle(source: Path, app: Path, folder: Path) -> str:
    esbuild, target = node.installed(node.TYPESCRIPT) / "node_modules/.bin/esbuild", folder / "bundle.js"
    options = ["--bundle", "--format=esm", f"--alias:@={app / 'src'}", f"--outfile={target}"]
    subprocess.run([esbuild, source, *options], check=True, capture_output=True)
    return target.read_text()


def _pumped(page: Page) -> bool:
    """Let the browser's messages in: they come while Playwright is asked something."""
    page.wait_for_timeout(20)
    return True


def test_the_commands_of_the_readme_work(project: Project, tmp_path: Path):
    project.plan(
        "my-plan",
        "# My plan\n\n- [ ] 1.1 One\n\n  ```sh\n  true\n  ```\n\n- [ ] 1.2 Two\n\n  ```sh\n  false\n  ```\n",
    )
    url = project.serve("--allow-shell").url
    run = project.run("--plan", "my-plan", "--on-blocked", "wait", "--api-server", "--api-port", "0")
    instance = project.only_id()
    wait_until(lambda: httpx.get(f"{url}/api/orchestrators/{instance}").json()["status"] == "blocked")
    blocks = [one.text.replace("\\\n", " ") for one in snippets(KIT / "README.md") if one.language == "sh"]
    commands = [line for text in blocks for line in text.splitlines() if line.startswith("curl")]
    assert len(commands) == 6
    for command in commands:
        at_home = command.replace("http://127.0.0.1:8000", url).replace("ID", instance)
        seconds = 2 if "-N" in command else 30
        limited = at_home.replace("curl", f"curl --silent --show-error --max-time {seconds}")
        done = subprocess.run(limited, shell=True, capture_output=True, text=True, check=False)
        # A stream goes on until curl is tired of it.
        assert done.returncode == (28 if "-N" in command else 0), done.stderr
        assert done.stdout, command
        assert '"status": 4' not in done.stdout or "plan_owned" in done.stdout, done.stdout
    assert run.wait() == 0

    rest = [line for text in blocks for line in text.splitlines() if line.startswith("python")]
    assert rest == ["python scripts/run_api_server.py --port 8000", "python scripts/generate_api_types.py"]
    done = subprocess.run(
        ["python3", "scripts/generate_api_types.py", "--output-dir", tmp_path],
        cwd=CHECKOUT,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0
    assert shutil.which("node")
    for name in ("openapi.json", "api-types.ts", "api-client.ts"):
        assert (tmp_path / name).read_bytes() == (KIT / name).read_bytes()
