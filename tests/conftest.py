"""What tests need from the machine: where it is lacking they are left out, and with CI set they fail."""

from __future__ import annotations

import os
import shutil

import pytest

NEEDS = {
    "needs_chromium": (
        lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
        "no Chromium is installed",
    ),
    "needs_root": (lambda: os.geteuid() == 0, "only root can mount a small disk"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (is_there, lack) in NEEDS.items():
        if item.get_closest_marker(marker) and not is_there():
            if os.environ.get("CI"):
                pytest.fail(f"{lack}, and CI leaves nothing out", pytrace=False)
            pytest.skip(f"left out: {lack}")
