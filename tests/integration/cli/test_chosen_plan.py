"""The plan that `use` chose: read and written with care, since the repository may hold whatever it likes there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.cli.project import choose_plan, chosen_plan
from orchestrator.domain.errors import StorageError
from orchestrator.store.state_folder import open_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return open_state(tmp_path / "project").chosen_plan


def test_what_was_chosen_is_read_again(path):
    root = path.parents[1]
    assert chosen_plan(root) is None
    choose_plan(root, "my-plan")
    assert chosen_plan(root) == "my-plan"


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), large])
def test_what_is_no_small_file_is_an_error_at_once(path, make):
    make(path)
    with pytest.raises(StorageError, match="Choose again: orchestrator use PLAN"):
        chosen_plan(path.parents[1])


def test_a_choice_replaces_a_link_and_not_what_it_leads_to(path, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    path.symlink_to(mine)
    choose_plan(path.parents[1], "my-plan")
    assert (mine.read_text(), chosen_plan(path.parents[1])) == ("mine", "my-plan")
