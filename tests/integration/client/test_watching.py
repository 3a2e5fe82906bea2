"""A watch over real connections, cut wherever they can be cut."""

from __future__ import annotations

import asyncio
import socket

import pytest
from cutting_proxy import CuttingProxy
from patience import until

from orchestrator.client import ApiClient, ApiError, InitialStatus, Resync, Watch
from orchestrator.client.streams import OrchestratorFeed
from orchestrator.domain.events import (
    FindingWritten,
    OrchestratorChanged,
    TaskChanged,
    UsageUpdated,
)
from orchestrator.domain.run_state import fold
from orchestrator.domain.task_status import RunStatus, TaskStatus

ID = "orch-1"
TRANSPORTS = ("websocket", "sse")
SECONDS = 10


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def watch_of(client, transport, *, after=None, pause=at_once, **options) -> Watch:
    return Watch(OrchestratorFeed(client._server, ID, transport), after=after, pause=pause, **options)


async def items_of(watch, count=None):
    found = []
    async with asyncio.timeout(SECONDS), watch:
        async for item in watch:
            found.append(item)
            if len(found) == count:
                break
    return found


def task(number, old, new, revision):
    return TaskChanged(
        task_id=f"1.{number}",
        description="t",
        phase=1,
        old_status=old,
        new_status=new,
        attempt=1,
        revision=revision,
    )


async def recorded(running):
    """A run that has ended, with events that change its state."""
    run = await running.begin()
    for number in (1, 2):
        await run.append(task(number, TaskStatus.PENDING, TaskStatus.IN_PROGRESS, 2))
        await run.work(2, "é\u2028" * 40)
        await run.append(
            UsageUpdated(task_id=f"1.{number}", attempt=1, output_tokens=7, cost_usd=0.012),
            FindingWritten(task_id=f"1.{number}", attempt=1, file_path="f.md", size_bytes=1),
            task(number, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, 3),
        )
    await run.append(OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.COMPLETED))
    return await running.ports.log.read(ID, after=0)


def proxy_to(running) -> CuttingProxy:
    return CuttingProxy(int(running.url.rpartition(":")[2]))


@pytest.mark.parametrize("amid", [False, True], ids=["after", "amid"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_wherever_the_connection_is_cut_the_same_events_come_once_and_give_the_same_state(
    running, transport, amid
):
    log = await recorded(running)
    with proxy_to(running) as proxy:
        # Behind the last event there is nothing left to cut off.
        for cut in range(1, len(log) + amid):
            async with ApiClient(proxy.base(str(cut), cut, amid=amid)) as client:
                watch = watch_of(client, transport, after=0)
                found = await items_of(watch)
            assert proxy.cuts == cut
            assert found == log
            assert fold(found) == fold(log)
            assert (watch.state, watch.complete_up_to) == ("ended", len(log))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_cut_while_it_is_live_is_made_good(running, transport):
    run = await running.begin()
    with proxy_to(running) as proxy:
        async with ApiClient(proxy.base("live", 4)) as client, watch_of(client, transport) as watch:
            async with asyncio.timeout(SECONDS):
                first = await anext(watch)
                await run.work(1)
                events = [await anext(watch)]
                await run.work(2)
                events += [await anext(watch), await anext(watch)]
        assert proxy.cuts == 1
    assert isinstance(first, InitialStatus)
    assert first.seq == 2
    assert events == await running.ports.log.read(ID, after=2)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_is_restarted_is_found_again(make_server, transport):
    running = await make_server()
    run = await running.begin()
    is_back, states = asyncio.Event(), []
    async with ApiClient(running.url) as client:
        watch = watch_of(client, transport, after=0, pause=lambda _: is_back.wait(), on_state=states.append)
        reading = asyncio.create_task(items_of(watch))
        async with asyncio.timeout(SECONDS):
            await until(lambda: watch.complete_up_to == 2)
            running.server.stop()
            await running.serving
            await until(lambda: watch.state == "reconnecting")
            await run.work(3)
            again = await make_server(port=int(running.url.rpartition(":")[2]))
            is_back.set()
            await run.end()
            found = await reading
    assert again.url == running.url
    assert found == await running.ports.log.read(ID, after=0)
    assert [status.state for status in states][-1] == "ended"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_came_too_fast_is_read_from_the_log(make_server, transport):
    running = await make_server(queue_frames_max=10)
    run = await running.begin()
    states = []
    async with ApiClient(running.url) as client:
        watch = watch_of(client, transport, after=2, on_state=states.append)
        reading = asyncio.create_task(items_of(watch))
        await until(lambda: watch.state == "live")
        hub = running.app.state.context.hub
        await until(lambda: any(mailbox._line for mailbox in hub._channels[ID].mailboxes))
        for mailbox in hub._channels[ID].mailboxes:
            sock = mailbox._line._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        # One delivery that is more than the sockets hold, and than waits for one client.
        await run.work(250, "x" * 2_000)
        await run.end()
        found = await reading
    assert found == await running.ports.log.read(ID, after=2)
    assert "fell_behind" in {status.error.code for status in states if status.error}


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_position_beyond_the_log_gives_a_resync_and_the_status(running, transport):
    await running.begin()
    async with ApiClient(running.url) as client:
        mark, status = await items_of(watch_of(client, transport, after=500), 2)
    assert isinstance(mark, Resync)
    assert (mark.reason, mark.requested) == ("beyond_log", 500)
    assert status.seq == 2


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_orchestrator_that_has_ended_is_told_and_the_watch_ends(running, transport):
    log = await recorded(running)
    async with ApiClient(running.url) as client:
        [status] = await items_of(client.watch(ID, transport=transport))
        assert isinstance(status, InitialStatus)
        assert status.status == await client.get_orchestrator_status(ID)
        assert await items_of(client.watch(ID, after=3, transport=transport)) == log[3:]
        assert await items_of(client.watch(ID, after=len(log), transport=transport)) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_token_opens_everything_and_without_it_the_watch_fails(make_server, transport):
    running = await make_server(token="a-secret")
    log = await recorded(running)
    async with ApiClient(running.url, token="a-secret") as client:
        assert await items_of(client.watch(ID, after=0, transport=transport)) == log
    for token in (None, "another"):
        async with ApiClient(running.url, token=token) as client:
            watch = client.watch(ID, transport=transport)
            with pytest.raises(ApiError) as refused:
                await items_of(watch)
            assert (refused.value.status, refused.value.code, watch.state) == (401, "unauthorized", "failed")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_the_server_refuses_is_raised_with_its_problem(running, transport):
    async with ApiClient(running.url) as client:
        with pytest.raises(ApiError) as refused:
            await items_of(client.watch("orch-9", transport=transport))
        assert (refused.value.status, refused.value.code) == (404, "orchestrator_not_found")
        await running.begin()
        with pytest.raises(ApiError) as refused:
            await items_of(client.watch(ID, after=-1, transport=transport))
        assert (refused.value.status, refused.value.code) == (422, "invalid_request")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_no_stream_follows_a_redirect(transport):
    asked = []

    async def redirect(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(redirect, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with ApiClient(url, token="secret") as client:
            with pytest.raises(ApiError) as refused:
                async with OrchestratorFeed(client._server, ID, transport).messages(None):
                    pass
    assert (refused.value.status, len(asked)) == (302, 1)


async def test_every_verb_of_a_real_server(running, tmp_path):
    plan = tmp_path / "docs/plans/demo.md"
    plan.parent.mkdir(parents=True)
    plan.write_text("# Demo\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n")
    await running.ports.outputs.write_finding("demo", "1.1", "found")
    run = await running.begin()
    async with ApiClient(running.url) as client:
        assert (await client.health()).status == "healthy"
        assert await client.list_orchestrators() == [await client.get_orchestrator(ID)]
        assert (await client.get_orchestrator_status(ID, at_seq=1)).seq == 1
        assert await client.list_events(ID) == await running.ports.log.read(ID, after=0)
        assert [
            event.seq for event in await client.list_events(ID, after=1, limit=1, types=["plan_loaded"])
        ] == []
        assert [info.name for info in await client.list_plans()] == ["demo"]
        assert (await client.get_plan("demo")).markdown == plan.read_text()
        assert (await client.get_plan_status("demo")).name == "demo"
        assert [info.id for info in await client.get_plan_tasks("demo")] == ["1.1"]
        assert [info.task_id for info in await client.list_plan_findings("demo")] == ["1.1"]
        assert (await client.get_finding_content("demo", "1-1")).content == "found"
        sent = await client.pause_orchestrator(ID, idempotency_key="k")
        assert sent.state == "sent"
        assert await client.pause_orchestrator(ID, idempotency_key="k") == sent
        assert await client.get_command(ID, sent.command_id) == sent
        assert (await client.skip_task(ID, "1.1", reason="é", revision="*")).state == "sent"
        assert (await client.retry_task(ID, "1.2", note="n", revision=1)).state == "sent"
        commands = [record.command for record in await running.ports.commands.open(ID)]
        assert [command.command for command in commands] == ["pause", "skip-task", "retry-task"]
        assert commands[2].if_revision == 1
        await run.end()
        assert (await client.shutdown_orchestrator(ID)).success
        with pytest.raises(ApiError) as refused:
            await client.resume_orchestrator(ID)
        assert refused.value.code == "orchestrator_ended"
        with pytest.raises(ApiError) as refused:
            await client.start_orchestrator("demo")
        assert refused.value.code == "run_not_started"
