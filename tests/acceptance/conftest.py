"""A project of its own for each acceptance test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doors import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    yield project
    for door in project.doors:
        door.kill()
        door.wait()
