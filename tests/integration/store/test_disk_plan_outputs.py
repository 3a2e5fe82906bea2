from __future__ import annotations

import errno
import os
from pathlib import Path

import orjson
import pytest

from orchestrator.domain.errors import StorageError
from orchestrator.store import regular_files
from orchestrator.store.plan_outputs import DiskPlanOutputs

DOCUMENT = {"planName": "p", "tasks": [], "revision": 1}


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "docs/plan-outputs/p"


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize(("number", "text"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")])
async def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_other(
    tmp_path, folder, monkeypatch, call, number, text
) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_status("p", DOCUMENT)
    await outputs.write_finding("p", "1.1", "old")

    def fail(*args, **options):
        raise OSError(number, os.strerror(number))

    target = regular_files.Path if call == "replace" else regular_files.os
    with monkeypatch.context() as broken:
        broken.setattr(target, call, fail)
        with pytest.raises(StorageError, match=rf"status\.json: .*{text}"):
            await outputs.write_status("p", {**DOCUMENT, "revision": 2})
        with pytest.raises(StorageError, match=rf"findings/1-1\.md: .*{text}"):
            await outputs.write_finding("p", "1.1", "new")
    assert files(folder) == {"status.json", "findings/1-1.md"}
    assert (await outputs.read_status("p")).document == DOCUMENT
    assert await outputs.read_finding("p", "1.1") == "old"


async def test_a_disk_that_takes_only_a_part_is_written_to_the_end(tmp_path, monkeypatch) -> None:
    real = os.write
    monkeypatch.setattr(regular_files.os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_finding("p", "1.1", "x" * 1000)
    assert await outputs.read_finding("p", "1.1") == "x" * 1000


async def test_file_and_folder_are_synced_around_the_rename(tmp_path, monkeypatch) -> None:
    calls = []
    real_sync, real_replace = os.fsync, Path.replace
    monkeypatch.setattr(
        regular_files.os,
        "fsync",
        lambda descriptor: (
            calls.append(Path(f"/proc/self/fd/{descriptor}").readlink().name),
            real_sync(descriptor),
        ),
    )
    monkeypatch.setattr(
        Path, "replace", lambda path, target: (calls.append("rename"), real_replace(path, target))
    )
    await DiskPlanOutputs(tmp_path).write_status("p", DOCUMENT)
    assert calls[0].startswith(".status.json.")
    assert calls[1:] == ["rename", "p"]


async def test_what_a_killed_writer_left_is_removed_later(tmp_path, folder) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_status("p", DOCUMENT)
    old, fresh, other = (folder / name for name in (".status.json.0.tmp", ".status.json.1.tmp", ".mine.tmp"))
    for path in (old, fresh, other):
        path.write_text("{")
    for path in (old, other):
        os.utime(path, (0, 0))
    await outputs.write_status("p", DOCUMENT)
    assert files(folder) == {"status.json", ".status.json.1.tmp", ".mine.tmp"}


def test_a_reader_sees_a_whole_status_while_a_writer_writes_and_is_killed(tmp_path, folder, start) -> None:
    writer = start(
        """
        from orchestrator.store.plan_outputs import DiskPlanOutputs
        outputs, revision = DiskPlanOutputs(Path(sys.argv[1])), 0
        while True:
            revision += 1
            await outputs.write_status("p", {"revision": revision, "tasks": [], "x": "y" * 100_000})
            if revision == 1:
                print("ready", flush=True)
        """,
        tmp_path,
    )
    assert writer.stdout.readline() == "ready\n"
    seen = [orjson.loads((folder / "status.json").read_bytes())["revision"] for _ in range(200)]
    writer.kill()
    writer.wait()
    seen.append(orjson.loads((folder / "status.json").read_bytes())["revision"])
    assert seen == sorted(seen)


async def test_a_status_that_is_no_plain_file_is_set_aside(tmp_path, folder) -> None:
    folder.mkdir(parents=True)
    outputs = DiskPlanOutputs(tmp_path)
    (tmp_path / "secret.json").write_bytes(orjson.dumps(DOCUMENT))
    for make in (
        os.mkfifo,
        lambda path: path.symlink_to(tmp_path / "secret.json"),
        lambda path: path.mkdir(),
    ):
        rejected = folder / "status.json.rejected"
        if rejected.exists() or rejected.is_symlink():
            rejected.unlink()
        make(folder / "status.json")
        read = await outputs.read_status("p", set_aside=True)
        assert read.document is None
        assert "was set aside" in read.rejected
        assert not (folder / "status.json").exists()
    assert (tmp_path / "secret.json").exists()


async def test_a_status_that_cannot_be_set_aside_is_not_used_and_that_is_said(tmp_path, folder) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    folder.mkdir(parents=True)
    (folder / "status.json").write_text("{")
    (folder / "status.json.rejected").mkdir()
    read = await outputs.read_status("p", set_aside=True)
    assert read.document is None
    assert "could not be set aside" in read.rejected


async def test_a_passing_failure_sets_nothing_aside(tmp_path, folder, monkeypatch) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_status("p", DOCUMENT)

    def fail(*args, **options):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as broken:
        broken.setattr(regular_files.os, "open", fail)
        with pytest.raises(StorageError, match="try again"):
            await outputs.read_status("p", set_aside=True)
    assert (await outputs.read_status("p")).document == DOCUMENT


async def test_findings_that_are_no_plain_files_are_not_shown(tmp_path, folder) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_finding("p", "1.1", "x")
    (tmp_path / "secret.md").write_text("secret")
    (folder / "findings/1-2.md").symlink_to(tmp_path / "secret.md")
    os.mkfifo(folder / "findings/1-3.md")
    (folder / "findings/1-4.md").mkdir()
    for name in ("notes.md", "1.5.md", "1-6.txt", ".1-7.md"):
        (folder / "findings" / name).write_text("x")
    assert [finding.task_id for finding in await outputs.list_findings("p")] == ["1.1"]
    for task_id in ("1.2", "1.3", "1.4"):
        with pytest.raises(StorageError):
            await outputs.read_finding("p", task_id)


async def test_a_file_in_the_place_of_a_folder_is_said(tmp_path, folder) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    outputs = DiskPlanOutputs(tmp_path)
    with pytest.raises(StorageError, match=r"status\.json"):
        await outputs.write_status("p", DOCUMENT)
    assert (await outputs.read_status("p")).document is None
    assert await outputs.list_findings("p") == []
    assert await outputs.read_finding("p", "1.1") is None
    assert folder.read_text() == "a file"
