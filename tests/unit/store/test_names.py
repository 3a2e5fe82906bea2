from __future__ import annotations

import pytest

from orchestrator.store.names import finding_stem, is_file_name, is_plain_id, new_command_id, task_id_order


@pytest.mark.parametrize("text", ["orch-20300101-000000-abc", "cmd-0f", "1.1", "a:b_c"])
def test_ids_as_they_are_made_are_plain(text) -> None:
    assert is_plain_id(text)


@pytest.mark.parametrize(
    "text", ["", "-a", ".a", "a b", "a/b", "a\n", "a\0", "é", "\ud800", "x" * 129, "a'b"]
)
def test_anything_else_is_no_id(text) -> None:
    assert not is_plain_id(text)


@pytest.mark.parametrize("text", ["a", "a.md", "a b", "план", "%2e%2e", "x" * 255, "a..b"])
def test_what_can_be_one_visible_file_is_a_file_name(text) -> None:
    assert is_file_name(text)


@pytest.mark.parametrize("text", ["", ".", "..", ".a", "a/b", "a\\b", "a\0", "\ud800", "x" * 256, "é" * 128])
def test_what_could_be_a_path_is_no_file_name(text) -> None:
    assert not is_file_name(text)


@pytest.mark.parametrize(("task_id", "stem"), [("1.1", "1-1"), ("1-1", "1-1"), ("1.verify2", "1-verify2")])
def test_a_task_id_gives_the_stem_of_its_finding(task_id, stem) -> None:
    assert finding_stem(task_id) == stem


@pytest.mark.parametrize("task_id", ["", "1.", "a.1", "1.1.1.1", "\u0661", "1\n", "0" * 10])
def test_what_is_no_task_id_has_no_stem(task_id) -> None:
    assert finding_stem(task_id) is None


def test_ids_sort_as_people_count() -> None:
    ids = ["1", "1.1", "1.1.verify", "1.2", "1.2a", "1.2b", "1.10", "1.verify", "1.verify2", "2.1", "10.1"]
    mixed = ids[::2] + ids[1::2]
    assert sorted(mixed, key=task_id_order) == ids


def test_command_ids_are_unique_and_sort_by_time(monkeypatch) -> None:
    now = [0]
    monkeypatch.setattr("time.time_ns", lambda: now[0])
    made = []
    for _ in range(50):
        now[0] += 10**15
        made.append(new_command_id())
    assert sorted(made) == made
    assert len(set(made)) == 50
    assert new_command_id() != new_command_id()
    assert all(is_plain_id(command_id) for command_id in made)
