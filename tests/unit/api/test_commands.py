import asyncio
from contextlib import asynccontextmanager

import pytest

from orchestrator.domain.commands import CommandState, RetryTask, SkipTask
from orchestrator.domain.decisions import decide
from orchestrator.domain.events import CommandSettled
from orchestrator.domain.task_status import RunStatus


@asynccontextmanager
async def engine(world, run):
    """Takes commands as an engine does, and settles them at once."""

    async def work():
        async with world.ports.changes.subscribe() as changes:
            while True:
                for command in await world.ports.commands.open(run.id):
                    state = await world.app.state.context.reader.state(run.id)
                    decision = decide(state, command.command)
                    await run.append(
                        *decision.events,
                        CommandSettled(
                            command_id=command.id,
                            command=command.command.command,
                            state=decision.outcome or CommandState.APPLIED,
                            reason=decision.message,
                            code=decision.code,
                            actor=command.actor,
                        ),
                    )
                await changes.wait(1.0)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()


async def post(world, verb: str, body: object = None, headers: dict[str, str] | None = None):
    path = f"/api/orchestrators/orch-1/{verb}"
    if body is None:
        return await world.client.post(path, headers=headers)
    return await world.client.post(path, json=body, headers=headers)


@pytest.fixture
async def world(make_world):
    return await make_world(settle_wait_seconds=60.0)


async def test_an_applied_command_is_200_with_its_receipt(world):
    run = await world.begin()
    async with engine(world, run):
        answer = await post(world, "pause")
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["success"] is True
    assert receipt["state"] == "applied"
    assert receipt["message"].startswith("Paused")
    settled = (await world.ports.log.read("orch-1", after=receipt["seq"] - 1))[0].data
    assert (settled.command_id, settled.actor) == (receipt["command_id"], "api")
    again = await world.client.get(f"/api/orchestrators/orch-1/commands/{receipt['command_id']}")
    assert again.json() == receipt


async def test_choices_reach_the_orchestrator(world):
    run = await world.begin()
    async with engine(world, run):
        ids = [
            (await post(world, "pause?mode=now")).json()["command_id"],
            (await post(world, "skip-task", {"task_id": "1.1", "reason": "no"}, {"If-Match": '"1"'})).json()[
                "command_id"
            ],
            (
                await post(
                    world, "retry-task", {"task_id": "1.1", "note": "n", "force": True}, {"If-Match": "*"}
                )
            ).json()["command_id"],
            (await post(world, "shutdown?force=true")).json()["command_id"],
        ]
    commands = [(await world.ports.commands.get("orch-1", id_)).command for id_ in ids]
    assert commands[0].mode == "now"
    assert commands[1] == SkipTask(task_id="1.1", reason="no", if_revision=1)
    assert commands[2] == RetryTask(task_id="1.1", note="n", force=True)
    assert commands[3].force is True


async def test_a_rejected_command_is_409_with_the_reason(world):
    run = await world.begin()
    async with engine(world, run):
        answer = await post(world, "retry-task", {"task_id": "1.1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert "nothing to retry" in answer.json()["detail"]


async def test_a_task_that_has_moved_on_is_412(world):
    run = await world.begin()
    async with engine(world, run):
        answer = await post(world, "skip-task", {"task_id": "1.1"}, {"If-Match": '"7"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "revision_mismatch")


async def test_an_unknown_task_is_404_before_anything_is_queued(world):
    await world.begin()
    answer = await post(world, "skip-task", {"task_id": "9.9"})
    assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")
    assert await world.ports.commands.open("orch-1") == []


async def test_a_command_that_is_not_settled_in_time_is_202_with_its_place(make_world):
    world = await make_world(settle_wait_seconds=0.02)
    await world.begin()
    answer = await post(world, "pause")
    assert answer.status_code == 202
    receipt = answer.json()
    assert (receipt["success"], receipt["state"], receipt["seq"]) == (True, "sent", None)
    place = answer.headers["location"]
    assert (await world.client.get(place)).json() == receipt


async def test_a_server_that_stops_does_not_keep_its_askers_waiting(world, until):
    await world.begin()
    asking = asyncio.create_task(post(world, "pause"))
    await until(lambda: world.ports.commands.open("orch-1"))
    world.app.state.context.hub.close()
    async with asyncio.timeout(5):
        answer = await asking
    assert answer.status_code == 202


async def test_the_same_key_gives_the_same_receipt_again(world):
    run = await world.begin()
    headers = {"Idempotency-Key": "k1"}
    async with engine(world, run):
        first = await post(world, "pause", headers=headers)
        again = await post(world, "pause", headers=headers)
        other = await post(world, "resume", headers=headers)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


async def test_a_receipt_outlives_the_run_for_who_has_its_key(world):
    run = await world.begin()
    headers = {"Idempotency-Key": "k1"}
    async with engine(world, run):
        first = await post(world, "pause", headers=headers)
    await run.end()
    assert (await post(world, "pause", headers=headers)).json() == first.json()
    assert (await post(world, "pause", headers={"Idempotency-Key": "k2"})).status_code == 409


async def test_an_orchestrator_that_has_ended_takes_no_commands_but_shutdown_is_content(world):
    run = await world.begin()
    await run.end()
    answer = await post(world, "pause")
    assert (answer.status_code, answer.json()["code"]) == (409, "orchestrator_ended")
    assert (await post(world, "skip-task", {"task_id": "9.9"})).status_code == 404
    done = await post(world, "shutdown")
    assert done.status_code == 200
    assert done.json() == {
        "success": True,
        "message": "The orchestrator has already ended: stopped.",
        "command_id": None,
        "state": "applied",
        "seq": 3,
    }


@pytest.mark.parametrize("verb", ["pause", "shutdown"])
async def test_an_orchestrator_that_crashed_is_503(world, verb):
    run = await world.begin()
    await run.end(RunStatus.CRASHED)
    answer = await post(world, verb)
    assert (answer.status_code, answer.json()["code"]) == (503, "orchestrator_crashed")


@pytest.mark.parametrize(
    ("status", "verb", "expected"),
    [
        (RunStatus.CRASHED, "pause", 503),
        (RunStatus.CRASHED, "shutdown", 503),
        (RunStatus.STOPPED, "pause", 409),
        (RunStatus.STOPPED, "shutdown", 200),
    ],
)
async def test_a_command_that_the_end_overtakes(world, until, status, verb, expected):
    run = await world.begin()
    asking = asyncio.create_task(post(world, verb))
    await until(lambda: world.ports.commands.open("orch-1"))
    await run.end(status)
    async with asyncio.timeout(5):
        answer = await asking
    assert answer.status_code == expected


async def test_a_rejected_command_reads_as_such_afterwards(world):
    run = await world.begin()
    async with engine(world, run):
        await post(world, "retry-task", {"task_id": "1.1"})
    command_id = (await world.ports.log.read("orch-1"))[-1].data.command_id
    receipt = (await world.client.get(f"/api/orchestrators/orch-1/commands/{command_id}")).json()
    assert (receipt["success"], receipt["state"]) == (False, "rejected")


@pytest.mark.parametrize("command_id", ["cmd-nobody", "%2e%2e", "x" * 300, "%00"])
async def test_an_unknown_command_is_404(world, command_id):
    await world.begin()
    answer = await world.client.get(f"/api/orchestrators/orch-1/commands/{command_id}")
    assert answer.status_code == 404
