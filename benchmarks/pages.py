"""What the dashboard costs the browser, on each page that may be left open beside a large and busy run."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright
from tests.support.page_traffic import Traffic

from benchmarks.busy_run import INSTANCE_ID
from benchmarks.measure import PYTHON, Effort, Row, Samples, api_server, folder, process, say, wait_until

TASKS, CALLS, PER_SECOND = 2_000, 10_000, 50
HOME = f"orchestrators/{INSTANCE_ID}"
PAGES = {"overview": "", "tasks": HOME, "timeline": f"{HOME}/timeline", "activity": f"{HOME}/activity"}
SCRIPTING_MAX, FRAME_MS_MAX, PAINT_MS_MAX, BUNDLE_KB_MAX = 0.25, 100, 1_000, 200
FIRST_REQUESTS_MAX, FIRST_KB_MAX, STEADY_KB_MAX = 12, 300, 40
SETTLE_SECONDS = 8.0
ASSETS = Path(__file__).resolve().parents[1] / "src" / "orchestrator" / "api" / "dashboard"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FRAMES = """
window.frames_ms = [];
let last = performance.now();
const look = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(look); };
requestAnimationFrame(look);
"""


@contextmanager
def busy_server(root: Path) -> Iterator[str]:
    """A server, and the run at work."""
    numbers = map(str, (TASKS, CALLS, PER_SECOND))
    with process(PYTHON, "-m", "benchmarks.busy_run", root, *numbers) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        with api_server(root) as (url, _):
            yield url


def script_seconds(session: CDPSession) -> float:
    """How long the page has run scripts so far."""
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "ScriptDuration"))


def first_paint_ms(page: Page, url: str) -> float:
    page.goto("about:blank")
    page.goto(url)
    page.locator("main h1").wait_for()
    # Not by wait_for_function: a text is evaluated in the page, and the page's policy refuses that.
    return float(wait_until(lambda: page.evaluate(FIRST_PAINT)))


def first_load(page: Page, url: str) -> Traffic:
    """What the overview asks for until it has all, of which some is asked for again every few seconds."""
    traffic = Traffic(page)
    page.goto(url)
    page.locator("main h1").wait_for()
    traffic.settle()
    return traffic


def steady_kb(page: Page, traffic: Traffic, seconds: float) -> float:
    """The kilobytes that come each second to a page that is left open."""
    traffic.reset()
    begun = time.monotonic()
    page.wait_for_timeout(seconds * 1000)
    return traffic.bytes / 1000 / (time.monotonic() - begun)


def watched(page: Page, session: CDPSession, seconds: float) -> tuple[float, float]:
    """The share of a core that goes into scripts, and the longest frame in milliseconds."""
    at_first = page.locator("main").inner_text()
    page.evaluate(FRAMES)
    before, begun = script_seconds(session), time.monotonic()
    time.sleep(seconds)
    share = (script_seconds(session) - before) / (time.monotonic() - begun)
    # A page that does not follow the run would cost nothing.
    wait_until(lambda: page.locator("main").inner_text() != at_first)
    return share, float(page.evaluate("Math.max(...window.frames_ms.slice(1))"))


def bundle_kb(page: Page) -> float:
    """The scripts and styles that the overview has loaded, as they come to who takes gzip only."""
    loaded: list[str] = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    names = {url.partition("/dashboard/")[2] for url in loaded if "/dashboard/" in url}
    return sum(len(gzip.compress((ASSETS / "dashboard" / name).read_bytes(), 9)) for name in names) / 1000


def rows(effort: Effort) -> list[Row]:
    if not (ASSETS / "index.html").exists():
        subprocess.run([PYTHON, "scripts/dashboard.py"], check=True)
    seconds = effort.count(15, 1)
    paints, scripting, frames, steady = Samples(), {}, {}, {}
    with folder() as root, busy_server(root) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for number in range(effort.count(5, 1)):
            say(f"first paint, round {number + 1}")
            page = chromium.new_page()
            paints.add(first_paint_ms(page, f"{url}/"))
            size = bundle_kb(page)
            page.close()
        for name, address in PAGES.items():
            say(f"{name}, {seconds} s")
            page = chromium.new_page()
            traffic = Traffic(page)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            page.goto(f"{url}/#/{address}")
            page.locator("main h1").wait_for()
            # What was before the page was opened is read first.
            time.sleep(effort.count(int(SETTLE_SECONDS), 1))
            scripting[name], frames[name] = watched(page, session, seconds)
            steady[name] = steady_kb(page, traffic, seconds)
            page.close()
        page = chromium.new_page()
        loaded = first_load(page, f"{url}/")
        chromium.close()
    shares = ", ".join(f"{name} {share:.0%}" for name, share in scripting.items())
    rates = ", ".join(f"{name} {rate:.0f}" for name, rate in steady.items())
    longest = ", ".join(f"{name} {ms:.0f}" for name, ms in frames.items())
    what = f"a run of {TASKS:,} tasks and {PER_SECOND} events a second"
    painted, most, worst = paints.spread(".0f"), max(scripting.values()), max(frames.values())
    return [
        _row("first paint of the overview, ms", painted, "≤ 1,000", paints.median <= PAINT_MS_MAX),
        _row("what the overview loads, gzipped, kB", f"{size:.0f}", "≤ 200", size <= BUNDLE_KB_MAX),
        _row(
            "first load of the overview, requests; kB",
            f"{len(loaded.requests)}; {loaded.bytes / 1000:.0f}",
            f"≤ {FIRST_REQUESTS_MAX}; ≤ {FIRST_KB_MAX}",
            len(loaded.requests) <= FIRST_REQUESTS_MAX and loaded.bytes <= FIRST_KB_MAX * 1000,
        ),
        _row(
            f"kB a second, {what}",
            rates,
            f"≤ {STEADY_KB_MAX} on the overview",
            steady["overview"] <= STEADY_KB_MAX,
        ),
        _row(f"share of a core in scripts, {what}", shares, "≤ 25 %", most <= SCRIPTING_MAX),
        _row(f"longest frame, ms, {what}", longest, "≤ 100", worst <= FRAME_MS_MAX),
    ]


def _row(figure: str, ours: str, aim: str, met: bool) -> Row:
    return Row(f"Dashboard: {figure}", ours, "", aim, met)
