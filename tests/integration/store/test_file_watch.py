"""Watching status.json on a real disk."""

from __future__ import annotations

import asyncio
import json
import os
import time

import pytest

from orchestrator.store import file_watch
from orchestrator.store.file_watch import changes_in
from orchestrator.store.plan_outputs import DiskPlanOutputs

DOCUMENT = {"tasks": [{"id": "1.1", "status": "pending"}]}
STATUS = "docs/plan-outputs/p/status.json"


async def first(changes, make) -> None:
    """Make the change until it is noticed: the watch begins some time after it was asked for."""
    waiting = asyncio.create_task(anext(changes))
    async with asyncio.timeout(20):
        while not waiting.done():
            make()
            await asyncio.wait([waiting], timeout=0.5)
    waiting.result()


@pytest.mark.parametrize("how", ["in place", "by renaming", "by removing"])
async def test_every_way_of_saving_a_file_is_noticed(tmp_path, how) -> None:
    path = tmp_path / "status.json"

    def save() -> None:
        if how == "in place":
            path.write_text(str(time.time()))
        elif how == "by renaming":
            (tmp_path / "new").write_text("x")
            (tmp_path / "new").replace(path)
        else:
            path.touch()
            path.unlink()

    changes = changes_in(tmp_path, "status.json")
    await first(changes, save)
    await changes.aclose()


async def test_other_files_of_the_folder_are_of_no_interest(tmp_path) -> None:
    changes = changes_in(tmp_path, "status.json")
    await first(changes, (tmp_path / "status.json").touch)
    waiting = asyncio.create_task(anext(changes))
    (tmp_path / "finding.md").write_text("x")
    await asyncio.wait([waiting], timeout=0.6)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_where_the_system_cannot_watch_it_is_looked_at_now_and_then(tmp_path, monkeypatch) -> None:
    import watchfiles

    def refuse(*_args, **_options):
        raise OSError(28, "No space left on device: inotify watch limit reached")

    monkeypatch.setattr(watchfiles, "awatch", refuse)
    monkeypatch.setattr(file_watch, "LOOK_SECONDS", 0.01)
    changes = changes_in(tmp_path, "status.json")
    async with asyncio.timeout(5):
        await anext(changes)
        await anext(changes)
    await changes.aclose()


async def test_a_file_that_is_being_written_is_not_set_aside(tmp_path) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_status("p", DOCUMENT)
    with (tmp_path / STATUS).open("w") as half:
        half.write('{"tasks": [')
        half.flush()
        found = await outputs.edited_status("p")
        assert (found.is_settling, found.document, found.rejected) == (True, None, None)
        half.write(json.dumps({"id": "1.1", "status": "skipped"}) + "]}")
    assert (await outputs.edited_status("p")).document["tasks"][0]["status"] == "skipped"
    assert not (tmp_path / f"{STATUS}.rejected").exists()


async def test_what_makes_no_sense_for_long_is_set_aside(tmp_path) -> None:
    outputs = DiskPlanOutputs(tmp_path)
    await outputs.write_status("p", DOCUMENT)
    path = tmp_path / STATUS
    path.write_text("{")
    os.utime(path, (1, 1))
    assert "set aside" in (await outputs.edited_status("p")).rejected
