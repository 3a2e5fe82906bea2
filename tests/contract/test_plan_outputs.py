from __future__ import annotations

import asyncio
from datetime import UTC

import orjson
import pytest

from orchestrator.domain.errors import UsageError

DOCUMENT = {
    "planName": "p",
    "tasks": [{"id": "1.1", "status": "pending", "description": "Grüße"}],
    "revision": 1,
}
STATUS = "docs/plan-outputs/p/status.json"
BAD_NAMES = ["", ".", "..", "a/b", "../p", "/p", "a\\b", "a\0", "\ud800", "x" * 256, ".hidden"]


def test_the_directory_is_relative_to_the_root(plan_outputs) -> None:
    assert plan_outputs.outputs.directory("p") == "docs/plan-outputs/p"


async def test_a_status_is_read_back_as_it_was_written_and_replaced(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    assert (await outputs.read_status("p")).document is None
    await outputs.write_status("p", {**DOCUMENT, "revision": 0})
    await outputs.write_status("p", DOCUMENT)
    read = await outputs.read_status("p")
    assert (read.document, read.rejected) == (DOCUMENT, None)
    assert orjson.loads(plan_outputs.read(STATUS)) == DOCUMENT
    assert (await outputs.read_status("q")).document is None


async def test_many_statuses_are_read_as_each_of_them_is_and_nothing_is_set_aside(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    await outputs.write_status("p", DOCUMENT)
    plan_outputs.put("docs/plan-outputs/broken/status.json", b"{")
    names = ["p", "broken", "none", *BAD_NAMES]
    found = await outputs.read_statuses(names)
    assert found == {name: await outputs.read_status(name) for name in names}
    assert (found["p"].document, found["none"].document) == (DOCUMENT, None)
    assert found["broken"].rejected
    assert plan_outputs.read("docs/plan-outputs/broken/status.json") == b"{"
    assert await outputs.read_statuses([]) == {}


async def test_a_status_that_a_person_edited_is_read(plan_outputs) -> None:
    plan_outputs.put(STATUS, b'\xef\xbb\xbf {"tasks": [{"id": "1.1", "status": "skipped"}], "extra": null}\n')
    read = await plan_outputs.outputs.read_status("p", set_aside=True)
    assert read.document["tasks"][0]["status"] == "skipped"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        orjson.dumps(DOCUMENT)[:-5],
        b"[]",
        b"null",
        b"{}",
        b'{"tasks": {}}',
        b'{"tasks": [1]}',
        b'{"tasks": [{"id": 1, "status": "pending"}]}',
        b'{"tasks": [{"id": "1.1"}]}',
        b'{"tasks": [], "x": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_what_is_no_status_is_set_aside_and_said(plan_outputs, data) -> None:
    plan_outputs.put(STATUS, data)
    read = await plan_outputs.outputs.read_status("p", set_aside=True)
    assert read.document is None
    assert read.rejected.startswith(f"{STATUS} was set aside as status.json.rejected: ")
    assert plan_outputs.read(STATUS) is None
    assert plan_outputs.read(f"{STATUS}.rejected") == data
    again = await plan_outputs.outputs.read_status("p", set_aside=True)
    assert (again.document, again.rejected) == (None, None)


async def test_a_later_rejected_status_replaces_the_earlier(plan_outputs) -> None:
    for data in (b"one", b"two"):
        plan_outputs.put(STATUS, data)
        await plan_outputs.outputs.read_status("p", set_aside=True)
    assert plan_outputs.read(f"{STATUS}.rejected") == b"two"


@pytest.mark.parametrize(
    ("task_id", "file"),
    [
        ("1.1", "1-1.md"),
        ("1-1", "1-1.md"),
        ("1", "1.md"),
        ("3.1.4", "3-1-4.md"),
        ("1.2a", "1-2a.md"),
        ("12.345.6b", "12-345-6b.md"),
        ("1.verify", "1-verify.md"),
        ("1.verify2", "1-verify2.md"),
        ("1.1.verify", "1-1-verify.md"),
    ],
)
async def test_a_finding_is_found_by_both_spellings_of_its_id(plan_outputs, task_id, file) -> None:
    outputs = plan_outputs.outputs
    written = await outputs.write_finding("p", task_id, "# Grüße\n")
    dotted = task_id.replace("-", ".")
    assert (written.task_id, written.path) == (dotted, f"docs/plan-outputs/p/findings/{file}")
    assert written.size_bytes == len("# Grüße\n".encode())
    assert written.last_modified.tzinfo is UTC
    assert await outputs.read_finding("p", dotted) == "# Grüße\n"
    assert await outputs.read_finding("p", dotted.replace(".", "-")) == "# Grüße\n"
    assert await outputs.list_findings("p") == [written]
    assert (
        outputs.finding_path("p", dotted)
        == outputs.finding_path("p", dotted.replace(".", "-"))
        == written.path
    )


async def test_findings_change_places_and_what_is_in_the_way_is_put_aside(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    path = {number: outputs.finding_path("p", f"1.{number}") for number in range(1, 8)}
    for number in (1, 2, 3, 4, 6):
        await outputs.write_finding("p", f"1.{number}", f"of {number}")
    moves = {
        path[1]: path[2],
        path[2]: path[1],
        path[3]: path[4],
        path[5]: path[7],
        "docs/plans/p.md": path[7],
    }
    await outputs.move_findings("p", moves, [path[6], path[7], "docs/plans/p.md"], "orch-9")
    left = {
        finding.task_id: await outputs.read_finding("p", finding.task_id)
        for finding in await outputs.list_findings("p")
    }
    assert left == {"1.1": "of 2", "1.2": "of 1", "1.4": "of 3"}
    away = "docs/plan-outputs/p/archive/orch-9/findings"
    assert plan_outputs.read(f"{away}/1-4.md") == b"of 4"
    assert plan_outputs.read(f"{away}/1-6.md") == b"of 6"


@pytest.mark.parametrize(
    "task_id",
    [
        "",
        ".",
        "..",
        "../1",
        "1/1",
        "a",
        "1.",
        ".1",
        "1..1",
        "1.1.1.1",
        "1.1ab",
        "1.1.verifyx",
        "verify",
        "1.1\n",
        "1.1\0",
        "\u0663.\u0661",
        "\u0661",
        "\u00b2",
        "1_1",
        " 1",
        "+1",
        "1.1.md",
        "1" * 100,
        "\ud800",
    ],
)
async def test_what_is_no_task_id_is_refused_on_write_and_never_found(plan_outputs, task_id) -> None:
    with pytest.raises(UsageError, match="no id of a task"):
        await plan_outputs.outputs.write_finding("p", task_id, "x")
    assert await plan_outputs.outputs.read_finding("p", task_id) is None
    assert plan_outputs.outputs.finding_path("p", task_id) is None
    assert await plan_outputs.outputs.list_findings("p") == []


async def test_findings_are_listed_as_people_count(plan_outputs) -> None:
    ids = ["1.10", "1.2", "2.1", "1.2a", "10.1", "1.verify", "1.1", "1.1.verify", "1.verify2", "3.1.4"]
    for task_id in ids:
        await plan_outputs.outputs.write_finding("p", task_id, task_id)
    assert [finding.task_id for finding in await plan_outputs.outputs.list_findings("p")] == [
        "1.1",
        "1.1.verify",
        "1.2",
        "1.2a",
        "1.10",
        "1.verify",
        "1.verify2",
        "2.1",
        "3.1.4",
        "10.1",
    ]


async def test_a_finding_is_replaced_and_what_can_not_be_encoded_is_marked(plan_outputs) -> None:
    await plan_outputs.outputs.write_finding("p", "1.1", "old and longer")
    await plan_outputs.outputs.write_finding("p", "1.1", "new \ud800")
    assert await plan_outputs.outputs.read_finding("p", "1.1") == "new ?"


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_a_plan_name_never_becomes_a_path(plan_outputs, name) -> None:
    outputs = plan_outputs.outputs
    for write in (
        outputs.write_status(name, DOCUMENT),
        outputs.write_finding(name, "1.1", "x"),
        outputs.archive(name, "label"),
    ):
        with pytest.raises(UsageError, match="cannot be the name of a plan"):
            await write
    assert (await outputs.read_status(name)).document is None
    assert await outputs.read_finding(name, "1.1") is None
    assert await outputs.list_findings(name) == []


async def test_an_archive_puts_findings_and_status_aside(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    await outputs.archive("p", "empty")
    for label in ("orch-1", "orch-1", "orch-2"):
        await outputs.write_status("p", DOCUMENT)
        await outputs.write_finding("p", "1.1", label)
        await outputs.archive("p", label)
        assert (await outputs.read_status("p")).document is None
        assert await outputs.list_findings("p") == []
    folder = "docs/plan-outputs/p/archive"
    for label in ("orch-1", "orch-1-2", "orch-2"):
        assert orjson.loads(plan_outputs.read(f"{folder}/{label}/status.json")) == DOCUMENT
        assert plan_outputs.read(f"{folder}/{label}/findings/1-1.md") == label[:6].encode()
    with pytest.raises(UsageError, match="archive"):
        await outputs.archive("p", "../x")


async def test_a_look_at_what_is_no_status_leaves_it_where_it_is(plan_outputs):
    plan_outputs.put("docs/plan-outputs/p/status.json", b"{")
    first = await plan_outputs.outputs.read_status("p")
    assert first.document is None
    assert "status.json" in (first.rejected or "")
    assert (await plan_outputs.outputs.read_status("p")).rejected == first.rejected


async def test_what_was_written_or_seen_here_is_no_edit(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    assert await outputs.edited_status("p") is None
    await outputs.write_status("p", DOCUMENT)
    assert await outputs.edited_status("p") is None
    plan_outputs.put(STATUS, b'{"tasks": [{"id": "1.1", "status": "skipped"}]}')
    await outputs.read_status("p", set_aside=True)
    assert await outputs.edited_status("p") is None


async def test_an_edit_is_told_once_also_after_a_mere_look(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    await outputs.write_status("p", DOCUMENT)
    plan_outputs.put(STATUS, b'{"tasks": [{"id": "1.1", "status": "skipped"}]}')
    await outputs.read_status("p")
    edited = await outputs.edited_status("p")
    assert edited.document["tasks"][0]["status"] == "skipped"
    assert await outputs.edited_status("p") is None


async def test_an_edit_that_is_no_status_is_set_aside(plan_outputs) -> None:
    outputs = plan_outputs.outputs
    await outputs.write_status("p", DOCUMENT)
    plan_outputs.put(STATUS, b"{ oops")
    async with asyncio.timeout(10):
        while (edited := await outputs.edited_status("p")).is_settling:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)
    assert "set aside as status.json.rejected" in edited.rejected
    assert plan_outputs.read(f"{STATUS}.rejected") == b"{ oops"
    assert plan_outputs.read(STATUS) is None
    assert await outputs.edited_status("p") is None


async def test_who_watches_is_woken_by_a_change(plan_outputs) -> None:
    changes = plan_outputs.outputs.status_changes("p")
    waiting = asyncio.create_task(anext(changes))
    async with asyncio.timeout(20):
        while not waiting.done():
            plan_outputs.put(STATUS, b'{"tasks": []}')
            await asyncio.wait([waiting], timeout=0.5)
    waiting.result()
    again = asyncio.create_task(anext(changes))
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again
    await changes.aclose()
