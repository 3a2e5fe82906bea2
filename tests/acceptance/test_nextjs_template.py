"""The README of the TypeScript kit, followed in the app that `create-next-app` makes today."""

from __future__ import annotations

import re
from pathlib import Path

import browser
import node
import pytest
from doors import Project
from next_app import at_work, build, follow_readme, readme_block
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_node,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(600),
]


def without_google_fonts(layout: Path) -> None:
    """Give the template's fonts no files: Next.js would fetch them from Google while it builds.

    This is all that a test changes in the template. Each font that the layout imports becomes an empty one.
    """
    text = layout.read_text()
    imported = re.search(r'import \{ (.+) \} from "next/font/google";', text)
    if imported is None:
        assert "next/font" not in text
        return
    layout.write_text(text.replace("next/font/google", "./no_fonts"))
    fonts = [
        f"export const {name} = (_: object) => ({{ className: '', variable: '' }});\n"
        for name in imported[1].split(", ")
    ]
    (layout.parent / "no_fonts.ts").write_text("".join(fonts))


def test_the_template_of_today_takes_the_readme_and_shows_a_run(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Nobody is asked, no package's script runs, and no choice that this machine's user once made counts.
    settings = {
        "npm_config_yes": "true",
        "npm_config_ignore_scripts": "true",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    for name, value in settings.items():
        monkeypatch.setitem(node.ENVIRONMENT, name, value)
    create = readme_block("npx create-next-app@latest").text.splitlines()[0]
    home = tmp_path / "home"
    home.mkdir()
    # The installation comes with React Query's.
    node.output_of("sh", "-c", f"{create} --skip-install --disable-git", cwd=home)
    app = home / create.split()[2]
    without_google_fonts(app / "src" / "app" / "layout.tsx")
    follow_readme(app, installs=True)
    build(app)
    with at_work(app, project) as site, browser.opened_tab() as tab:
        tab.page.goto(site.origin)
        tab.page.get_by_role("link", name="long").click()
        expect(tab.page.get_by_label("Connection")).to_have_text("live")
        expect(tab.page.get_by_label("Status")).to_have_text("running")
        assert (tab.page_errors, tab.console_errors) == ([], [])
        (project.root / "go").touch()
        expect(tab.page.get_by_label("Status")).to_have_text("blocked")
