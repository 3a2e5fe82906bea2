"""The libraries' views of a contained program: messages for ACP and Codex, a transport for the Claude SDK."""

import asyncio
import inspect
import os
import subprocess
import sys
import time

import claude_agent_sdk as sdk
import pytest

from orchestrator.agents import processes
from orchestrator.agents.claude.transport import ClaudeTransport, ProgramFailed
from orchestrator.agents.contained_program import ContainedProgram, ProgramGone
from orchestrator.agents.json_messages import BrokenMessage, JsonMessages

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

ANSWER = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    print(json.dumps({"id": message["id"], "result": message["method"].upper()}), flush=True)
"""

FAIL = "import sys; print('{\"type\": \"result\"}'); sys.stderr.write('no credit\\n'); sys.exit(3)"


@pytest.fixture
def starter(tmp_path):
    """A function that starts this Python program, to be closed by the test."""
    marker = f"orch-transport-{os.getpid()}"

    def make(program: str):
        def start() -> ContainedProgram:
            command = (sys.executable, "-I", "-S", "-c", program)
            environment = {"PATH": os.environ["PATH"]}
            return ContainedProgram(f"{marker}/1.1/{time.monotonic_ns()}", tmp_path, environment, command)

        return start

    yield make
    assert not processes.marked(marker)


async def test_messages_go_both_ways(starter):
    messages = JsonMessages(starter(ANSWER)())
    await messages.send({"id": 1, "method": "a\nb ü"})
    assert await messages.receive() == {"id": 1, "result": "A\nB Ü"}
    await messages.close()
    assert await messages.receive() is None
    with pytest.raises(ProgramGone):
        await messages.send({})


async def test_what_is_no_message_is_passed_over_and_what_is_broken_is_told(starter):
    program = r"""
import os
os.write(1, b'[SandboxDebug] hello\n\n"text"\n{"a": "\\ud83d"}\n{"b": \n \t{"c": "\xff"}\r\n{"cut off')
"""
    messages = JsonMessages(starter(program)())
    assert await messages.receive() == {"a": "\ud83d"}
    with pytest.raises(BrokenMessage, match=r"no JSON .*: \{\"b\":"):
        await messages.receive()
    assert await messages.receive() == {"c": "�"}
    assert await messages.receive() is None
    await messages.close()


async def test_the_claude_transport_starts_when_connected_and_ends_when_closed(starter):
    transport = ClaudeTransport(starter(ANSWER))
    assert not transport.is_ready()
    with pytest.raises(ProgramGone):
        await transport.write("{}\n")
    await transport.connect()
    await transport.connect()
    assert transport.is_ready()
    await transport.write('{"id": 1, "method": "hello"}\n')
    reading = transport.read_messages()
    assert await anext(reading) == {"id": 1, "result": "HELLO"}
    await transport.end_input()
    assert [message async for message in reading] == []
    await transport.close()
    await transport.close()
    assert not transport.is_ready()
    assert transport.program.exit_code == 0


async def test_the_claude_transport_raises_the_failure_it_was_given(starter):
    transport = ClaudeTransport(starter(FAIL))
    await transport.connect()
    reading = transport.read_messages()
    assert await anext(reading) == {"type": "result"}
    with pytest.raises(ProgramFailed, match="ended with exit code 3") as caught:
        await anext(reading)
    assert (caught.value.exit_code, caught.value.stderr) == (3, "no credit")
    await transport.close()


async def test_a_reader_of_the_claude_transport_ends_quietly_when_it_is_closed(starter):
    transport = ClaudeTransport(starter("import sys; sys.stdin.read(); sys.exit(3)"))
    await transport.connect()

    async def read():
        return [message async for message in transport.read_messages()]

    reading = asyncio.create_task(read())
    await transport.close()
    assert await reading == []


def test_the_claude_transport_offers_what_the_sdk_asks_for():
    for name in sdk.Transport.__abstractmethods__:
        ours, theirs = getattr(ClaudeTransport, name), getattr(sdk.Transport, name)
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
        assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)


def test_no_agents_library_is_imported_with_the_transports():
    program = "import sys, orchestrator.agents.claude.transport; print('claude_agent_sdk' in sys.modules, 'acp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=30)
    assert done.stdout == b"False False\n"
