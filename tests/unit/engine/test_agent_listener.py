"""An agent that tells faster than the disk takes it: listened to meanwhile, in order, and not without bound."""

from __future__ import annotations

import asyncio

import pytest
from patience import until

from orchestrator.domain.errors import LeaseLost
from orchestrator.domain.events import (
    COMMAND_LENGTH_MAX,
    AgentMessage,
    ApprovalRequested,
    TaskChanged,
    ToolCompleted,
    ToolStarted,
)
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine import transcript
from orchestrator.engine.agent_events import (
    Finished,
    PermissionAsked,
    Text,
    ToolCallCompleted,
    ToolCallStarted,
)
from orchestrator.engine.agent_listener import UNDER_WAY_MAX

ONE = "# P\n\n## Phase 1: one\n\n- [ ] 1.1 first\n  - attempts: 1\n"


@pytest.fixture
def house(make_house):
    return make_house(ONE)


def texts(house):
    return [event.text for event in house.events(AgentMessage)]


def talk(count, told, *then):
    """Say so many things; `told` is what has been said when the next was asked for."""

    async def play(_run):
        for number in range(count):
            told.append(number)
            yield Text(str(number))
        for event in then:
            yield event

    return play


class Gate:
    """Holds the appends that hold an agent's message until it is opened."""

    def __init__(self, house):
        self._log = house.log
        self._append = house.log.append
        self._is_open = asyncio.Event()
        self.held = asyncio.Event()
        house.log.append = self.append

    async def append(self, lease, events, *, counts=None):
        if any(isinstance(event.data, AgentMessage) for event in events) and not self._is_open.is_set():
            self.held.set()
            await self._is_open.wait()
        return await self._append(lease, events, counts=counts)

    def open(self):
        self._is_open.set()


async def test_the_next_event_does_not_wait_for_the_last_to_be_durable(house):
    gate, told = Gate(house), []
    house.robot.play("1.1", talk(10, told, Finished("completed", "done")))
    run = await house.begin()
    await gate.held.wait()
    await until(lambda: len(told) == 10)
    assert texts(house) == []
    gate.open()
    assert await run is RunStatus.COMPLETED
    assert texts(house) == [str(number) for number in range(10)]
    kinds = [type(event) for event in house.events(AgentMessage, TaskChanged)]
    assert kinds[-1] is TaskChanged, "the end of the attempt came before what its agent said"


async def test_an_event_names_what_is_kept_whole(house):
    async def play(_run):
        yield ToolCallStarted("a", "Write", "i" * 20_000)
        yield ToolCallCompleted("a", "ok", "o" * 20_000)
        yield ToolCallStarted("b", "Read", "i" * 10_000)
        yield ToolCallCompleted("b", "ok", "short")
        yield Finished("completed", "done")

    house.robot.play("1.1", play)
    assert await house.run() is RunStatus.COMPLETED
    assert [event.input_artifact for event in house.events(ToolStarted)] == ["input-0001.txt", None]
    assert [event.output_artifact for event in house.events(ToolCompleted)] == ["output-0002.txt", None]


async def test_a_slow_disk_holds_the_agent_back(house):
    gate, told = Gate(house), []
    house.robot.play("1.1", talk(10 * UNDER_WAY_MAX, told, Finished("completed", "done")))
    run = await house.begin()
    await gate.held.wait()
    for _ in range(20 * UNDER_WAY_MAX):
        await asyncio.sleep(0)
    assert UNDER_WAY_MAX / 2 < len(told) <= UNDER_WAY_MAX + 1
    gate.open()
    assert await run is RunStatus.COMPLETED
    assert texts(house) == [str(number) for number in range(10 * UNDER_WAY_MAX)]


async def test_a_question_is_durable_before_its_time_runs(make_house):
    house = make_house(ONE)
    gate, told = Gate(house), []
    house.robot.play("1.1", talk(3, told, PermissionAsked("r1", "May I?"), Finished("completed", "done")))
    run = await house.begin()
    await gate.held.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    assert not house.robot.runs[0].has_ended, "the agent was listened to although its question was not kept"
    gate.open()
    assert await run is RunStatus.COMPLETED
    assert len(house.events(ApprovalRequested)) == 1


async def test_a_question_names_the_agent_the_tool_and_the_whole_command(make_house):
    house = make_house(ONE)
    asked = PermissionAsked(
        "r1", "Bash: make", "t1", tool_name="Bash", command="make\ninstall", context="In /p"
    )
    house.robot.play("1.1", talk(0, [], asked, Finished("completed", "done")))
    await house.run()
    [event] = house.events(ApprovalRequested)
    assert (event.agent, event.tool_name, event.command, event.context) == (
        "robot", "Bash", "make\ninstall", "In /p",
    )  # fmt: skip
    assert event.command_artifact is None


async def test_a_command_too_long_for_its_event_is_kept_whole(make_house):
    house = make_house(ONE)
    command = "echo 1\n" * COMMAND_LENGTH_MAX
    asked = PermissionAsked("r1", "Bash: echo 1", command=command)
    house.robot.play("1.1", talk(0, [], asked, Finished("completed", "done")))
    await house.run()
    [event] = house.events(ApprovalRequested)
    assert len(event.command) <= COMMAND_LENGTH_MAX
    assert event.can_allow
    kept = await house.ports.artifacts.get(house.last_id, "1.1", 1, event.command_artifact)
    assert kept.content.decode() == command


async def test_a_command_of_which_a_part_is_kept_nowhere_cannot_be_allowed(make_house, monkeypatch):
    monkeypatch.setattr(transcript, "WHOLE_BYTES_MAX", 10)
    house = make_house(ONE)
    asked = PermissionAsked("r1", "Bash: echo", command="x" * (COMMAND_LENGTH_MAX + 1))
    house.robot.play("1.1", talk(0, [], asked, Finished("completed", "done")))
    await house.run()
    [event] = house.events(ApprovalRequested)
    assert not event.can_allow


async def test_what_cannot_be_kept_ends_the_run_whoever_waits(house):
    told = []
    house.log.error = lambda events: (
        LeaseLost("taken over") if any(isinstance(event.data, AgentMessage) for event in events) else None
    )
    house.robot.play("1.1", talk(1_000, told, Finished("completed", "done")))
    with pytest.raises(LeaseLost):
        await house.run()
    assert texts(house) == []
    assert len(told) <= UNDER_WAY_MAX + 1
