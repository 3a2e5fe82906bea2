"""Writes a screenshot of every page of the dashboard: light, dark, and on a phone.

`make screenshots` runs it; the pictures lie in build/screenshots then. With `--readme` it also writes the pictures
that the README shows.
"""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import browser
from doors import CHECKOUT, Project, wait_until
from stage import Stage, set_stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

FOLDER = CHECKOUT / "build" / "screenshots"
README_PICTURES = {"light/overview": "dashboard-overview", "dark/activity": "dashboard-activity"}
LOOKS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 360, "height": 780},
        "color_scheme": "light",
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}


PAGES = {
    "overview": "",
    "plans": "plans",
    "plan": "plans/notes",
    "plan-problems": "plans/billing",
    "start": "plans/mobile-app?start=1",
    "approvals": "approvals",
    "tasks": "{notes}",
    "task": "{notes}/tasks/1.2",
    "prompt": "{notes}/tasks/1.2?attempt=1&show=sent",
    "task-running": "{notes}/tasks/2.1",
    "timeline": "{notes}/timeline",
    "activity": "{notes}/activity",
    "findings": "{notes}/findings?task=1.1",
    "log": "{notes}/log",
    "blocked": "{website}",
    "waiting": "{translations}",
    "completed": "{guide}",
    "unchecked": "{housekeeping}",
    "doubts": "{housekeeping}/tasks/1.1",
    "declined": "{housekeeping}/tasks/1.3",
    "crashed": "{archive}",
    "no-run": "orchestrators/orch-nobody",
    "nowhere": "nowhere",
}
"""Every page by its picture's name; in braces the runs of the stage."""


def addresses(stage: Stage) -> dict[str, str]:
    """Where each page is."""
    runs = {plan: f"orchestrators/{instance_id}" for plan, instance_id in stage.ids.items()}
    return {name: address.format(**runs) for name, address in PAGES.items()}


def show(page: Page, url: str) -> None:
    """Go to a page, and wait until it has loaded what it shows."""
    page.goto("about:blank")
    page.goto(url)
    page.locator("main h1, main p").first.wait_for()
    page.wait_for_load_state("networkidle")
    for button in page.get_by_role("button", name="Allow what task").all():
        wait_until(functools.partial(_can_answer, page, button))


def _can_answer(page: Page, button: Locator) -> bool:
    """Whether a question in the window can be answered: a moment after it has come into sight."""
    box, window = button.bounding_box(), page.viewport_size
    is_in_sight = box and window and 0 <= box["y"] < 0.8 * window["height"]
    return not is_in_sight or button.get_attribute("aria-disabled") == "false"


def take(chromium: Browser, stage: Stage) -> None:
    for look, options in LOOKS.items():
        folder = FOLDER / look
        folder.mkdir(parents=True)
        context = chromium.new_context(**options)  # type: ignore[arg-type]  # the options of three looks
        page = context.new_page()
        for name, address in addresses(stage).items():
            show(page, f"{stage.url}/#/{address}")
            page.screenshot(path=folder / f"{name}.png", full_page=look == "phone")
            sys.stdout.write(f"{folder / name}.png\n")
        page.keyboard.press("?")
        page.get_by_role("dialog").wait_for()
        page.screenshot(path=folder / "keys.png")
        context.close()


def main() -> None:
    from playwright.sync_api import sync_playwright

    shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        project = Project(Path(folder) / "notes-app")
        chromium = playwright.chromium.launch(executable_path=browser.executable(), args=browser.ARGUMENTS)
        try:
            take(chromium, set_stage(project))
        finally:
            for door in project.doors:
                door.kill()
                door.wait()
    if "--readme" in sys.argv[1:]:
        for source, name in README_PICTURES.items():
            shutil.copy(FOLDER / f"{source}.png", CHECKOUT / "docs" / "images" / f"{name}.png")


if __name__ == "__main__":
    main()
