"""Files of a repository are read with care: whatever lies there, the answer is content or an error, at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.store.regular_files import NotRegular, TooLarge, read_inside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "outside").write_text("secret")
    return root


def test_a_file_and_a_link_to_one_in_the_repository_are_read(root):
    (root / "file").write_text("content")
    (root / "folder").mkdir()
    (root / "folder" / "link").symlink_to("../file")
    for name in ("file", "folder/link"):
        assert read_inside(root, root / name, 7).data == b"content"


@pytest.mark.parametrize("target", ["/dev/zero", "../outside", "/etc/passwd", ".."])
def test_a_link_that_leads_out_is_refused(root, target):
    (root / "file").symlink_to(target)
    with pytest.raises(NotRegular, match="a link that leads out of"):
        read_inside(root, root / "file", 10)


def test_a_link_in_the_way_that_leads_out_is_refused(root, tmp_path):
    (root / "folder").symlink_to(tmp_path)
    with pytest.raises(NotRegular, match="a link that leads out of"):
        read_inside(root, root / "folder" / "outside", 10)


def test_what_is_no_plain_file_is_refused_without_waiting_for_it(root):
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    (root / "to-pipe").symlink_to("pipe")
    for name in ("pipe", "folder", "to-pipe"):
        with pytest.raises(NotRegular, match="not a plain file"):
            read_inside(root, root / name, 10)


@pytest.mark.parametrize(("bytes_max", "words"), [(2**20, "1 MiB"), (2048, "2 KiB")])
def test_a_file_that_is_too_large_is_refused_with_the_limit(root, bytes_max, words):
    with (root / "file").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(TooLarge, match=words):
        read_inside(root, root / "file", bytes_max)


def test_links_in_a_circle_and_nothing_at_all_are_errors(root):
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        read_inside(root, root / "one", 10)
    with pytest.raises(FileNotFoundError):
        read_inside(root, root / "nothing", 10)
