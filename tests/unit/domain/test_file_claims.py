"""When two tasks' declared files are the same ones, as far as can be told from how they are written."""

from __future__ import annotations

import pytest

from orchestrator.domain.file_claims import file_claims, overlap


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("README.md", "README.md"),
        ("README.md", "./README.md"),
        ("README.md", "readme.md"),
        ("src/a.py", "src"),
        ("src/", "src/deep/a.py"),
        ("src/a.py", "src/b/../a.py"),
        ("src\\a.py", "src/a.py"),
        ("src/a.py:10-20", "src/a.py:300"),
        ("src/a.py (new)", "src/a.py"),
        ("create `src/a.py`", "src/a.py"),
        ("change `b.py` and `src/a.py`", "src/a.py"),
        ("src/*.py", "src/a.py"),
        ("src/**/test_*.py", "src/deep"),
        ("*.py", "anything/at/all"),
        (".", "anything"),
        ("src/{a,b}.py", "src/b.py"),
        ("a.py; README.md", "README.md"),
        ("README.md and src/a.py", "src/a.py"),
        ("README.md src/a.py", "README.md"),
        ("Modify: README.md", "README.md"),
        ("docs/my notes.md", "docs/my notes.md"),
        ("/home/me/project/src/a.py", "src/a.py"),
        ("/home/me/project/src", "src/a.py"),
        ("caf\u00e9.md", "cafe\u0301.md"),
        ("README.md\u200b", "README.md"),
        ("all", "anything/at/all"),
    ],
)
def test_these_overlap(one: str, other: str) -> None:
    assert overlap(file_claims([one]), file_claims([other]))
    assert overlap(file_claims([other]), file_claims(["docs", one]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("README.md", "CHANGELOG.md"),
        ("src/a.py", "src/a.py.orig"),
        ("src/a", "src/ab"),
        ("src/*.py", "docs/a.md"),
        ("a/src", "src"),
        ("/home/me/project/src/a.py", "src/b.py"),
    ],
)
def test_these_do_not(one: str, other: str) -> None:
    assert not overlap(file_claims([one]), file_claims([other]))
    assert not overlap(file_claims([other]), file_claims([one]))


def test_nothing_declared_overlaps_with_nothing() -> None:
    assert not overlap(file_claims([]), file_claims(["."]))
    assert file_claims(["", "``"]) == file_claims(["``"])
