"""Agents' programs, where some of them lie in a repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.agents.installed import installed
from orchestrator.agents.programs import EVERY_PROGRAM, Programs, without_relative_folders


def program(folder: Path, name: str, text: str = "#!/bin/sh\necho 1.2.3\n") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    root = tmp_path / "project"
    program(root / "bin", "tool")
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("folder", ["bin", "./bin", "{root}/bin", "{root}/../project/bin", "{link}", "", "."])
def test_what_the_repository_has_on_the_path_is_passed_over(root, tmp_path, folder):
    program(root, "tool")
    (tmp_path / "link").symlink_to(root / "bin")
    theirs = folder.format(root=root, link=tmp_path / "link")
    ours = program(tmp_path / "ours", "tool")
    environment = {"PATH": os.pathsep.join([theirs, str(tmp_path / "ours")])}
    programs = Programs(outside=root)
    assert programs.find("tool", environment) == ours
    assert programs.find("tool", {"PATH": theirs or "."}) is None
    assert programs.withheld("tool", {"PATH": theirs or "."}) is not None
    assert EVERY_PROGRAM.find("tool", {"PATH": theirs or "."}) is not None
    assert EVERY_PROGRAM.withheld("tool", environment) is None


def test_a_relative_folder_is_passed_over_wherever_we_are(root, tmp_path, monkeypatch):
    """A server is started anywhere, and the run that it launches works in the repository."""
    program(tmp_path / "bin", "tool")
    monkeypatch.chdir(tmp_path)
    assert EVERY_PROGRAM.find("tool", {"PATH": "bin"}) is not None
    assert Programs(outside=root).find("tool", {"PATH": "bin"}) is None


def test_a_command_that_is_a_path_of_the_repository_is_passed_over(root, tmp_path):
    ours = program(tmp_path / "ours", "tool")
    programs = Programs(outside=root)
    for command in ("./bin/tool", "bin/tool", str(root / "bin" / "tool")):
        assert programs.find(command, {}) is None
        assert EVERY_PROGRAM.find(command, {}) == command
    assert programs.find(ours, {}) == ours


async def test_an_agent_that_only_the_repository_has_is_not_started(root):
    program(root / "bin", "tool", "#!/bin/sh\ntouch STARTED\n")
    check = await installed("tool", ("--version",), {"PATH": f"{root}/bin"}, programs=Programs(outside=root))
    assert (check.is_ready, check.named_by_repository) == (False, True)
    assert check.problem == f"tool is on the PATH only in this repository ({root}/bin/tool); not run"
    assert not (root / "STARTED").exists()


async def test_a_version_is_asked_away_from_the_repository(root, tmp_path):
    """Its interpreter, its settings and what it loads could be the repository's otherwise."""
    program(root / "bin", "interpreter", "#!/bin/sh\ntouch STARTED\n")
    program(tmp_path / "ours", "interpreter", '#!/bin/sh\necho "9.9 in $PWD"\n')
    asked = program(tmp_path / "ours", "asked", "#!/usr/bin/env interpreter\n")
    environment = {"PATH": f"./bin:{root}/bin:{tmp_path}/ours:/usr/bin:/bin"}
    assert Programs(outside=root).version_output(asked, environment) == b"9.9 in /\n"
    assert not (root / "STARTED").exists()


def test_a_run_of_ones_own_asks_where_it_works(root, tmp_path):
    asked = program(tmp_path / "ours", "asked", "#!/bin/sh\npwd\n")
    assert EVERY_PROGRAM.version_output(asked, {}) == f"{root}\n".encode()
    with pytest.raises(subprocess.CalledProcessError):
        EVERY_PROGRAM.version_output(program(tmp_path / "ours", "fails", "#!/bin/sh\nexit 3\n"), {})


def test_only_folders_that_stay_the_same_are_left():
    assert without_relative_folders(":.:/usr/bin:node_modules/.bin:/bin:") == "/usr/bin:/bin"
