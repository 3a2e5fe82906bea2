"""The README of the TypeScript kit, followed word for word in a Next.js app, which is then used in a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import browser
import httpx
import node
import pytest
from doors import CHECKOUT, Project, wait_until
from next_app import KIT, Site, at_work, build, follow_readme, module_of
from playwright.sync_api import Page, expect
from snippets import snippets

SKELETON = Path(__file__).parent / "nextjs"
TOKEN = "a-token-that-only-the-test-knows"
FLAG = "  cacheComponents: true,\n"

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_node,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty Next.js app in which the README was followed, built with `cacheComponents`, as in the template."""
    app = node.app_copy(SKELETON, tmp_path_factory.mktemp("next") / "app")
    assert FLAG in (app / "next.config.ts").read_text()
    follow_readme(app, installs=False)
    return build(app)


@pytest.fixture(scope="module")
def app_without_flag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, built without `cacheComponents`."""
    app = node.app_copy(SKELETON, tmp_path_factory.mktemp("next") / "app")
    config = app / "next.config.ts"
    config.write_text(config.read_text().replace(FLAG, ""))
    follow_readme(app, installs=False)
    return build(app)


@pytest.fixture(params=["app", "app_without_flag"])
def site(request: pytest.FixtureRequest, project: Project) -> Iterator[Site]:
    """The one with a token and on another host than its server, the other with neither."""
    app = request.getfixturevalue(request.param)
    apart = ("localhost", TOKEN) if request.param == "app" else ("127.0.0.1", None)
    with at_work(app, project, *apart) as site:
        yield site


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
        expect(alert).not_to_contain_text("--allow-origin")
        expect(page.get_by_role("list", name="Tasks")).to_be_visible()
        site.serve(*site.allowing)
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


def test_a_page_that_is_left_and_comes_back_goes_on(app: Path, project: Project):
    """With `cacheComponents` Next.js keeps the pages that are left, with their state and refs."""
    with at_work(app, project) as site, browser.opened_tab() as tab:
        page = tab.page
        status, connection = page.get_by_label("Status"), page.get_by_label("Connection")
        page.goto(site.origin)
        page.get_by_role("link", name="long").click()
        expect(connection).to_have_text("live")
        page.get_by_role("button", name="Pause").click()
        expect(status).to_have_text("paused")
        # Left within the second after which the page would ask for the whole status.
        page.go_back()
        expect(page.get_by_role("heading", name="Orchestrators")).to_be_visible()
        page.go_forward()
        expect(connection).to_have_text("live")
        with page.expect_request(re.compile("/status$")):
            assert httpx.post(f"{site.url}/api/orchestrators/{site.id}/resume").status_code == 200
        expect(status).to_have_text("running")
        (project.root / "go").touch()
    assert (tab.page_errors, tab.console_errors) == ([], [])


def test_what_a_refused_page_and_the_log_say_lets_the_page_in(app: Path, project: Project):
    with at_work(app, project, "localhost", is_allowed=False) as site, browser.opened_tab() as tab:
        page, refused = tab.page, f"restart it with --allow-origin {site.origin} to allow this page."
        page.goto(f"{site.origin}/live?id={site.id}")
        alerts = page.locator("p[role=alert]")
        # The query tries three times before it gives up.
        expect(alerts).to_have_text([re.compile(f"cannot be reached.*{refused}")] * 2, timeout=60_000)
        assert [error for error in tab.console_errors if "blocked by CORS policy" in error]
        logged = [line for line in site.server.lines if "may not use this server" in line]
        assert len(logged) == 1
        assert f"add --allow-origin {site.origin} to" in logged[0]

        site.server.kill()
        site.server.wait()
        flag = re.search(r"--allow-origin \S+", alerts.first.inner_text())
        assert flag
        assert site.serve(*flag[0].split()).url == site.url
        page.reload()
        expect(page.get_by_label("Connection")).to_have_text("live")
        expect(alerts).to_have_count(0)
        (project.root / "go").touch()


def test_the_snippets_without_a_file_run_in_a_browser(app: Path, project: Project, tmp_path: Path):
    """On an allowed origin, each as a module of its own; the run goes on once all of them have begun."""
    watches, calls, live = [
        one for one in snippets(KIT / "README.md") if one.language == "ts" and not one.title
    ]
    with at_work(app, project) as site:
        with browser.opened_tab() as tab:
            said: list[str] = []
            tab.page.on("console", lambda message: said.append(message.text))
            tab.page.goto(site.origin)
            for snippet in (calls, live, watches):
                text = _bundle(module_of(app, snippet), app, tmp_path)
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
