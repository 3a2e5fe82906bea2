"""The fake model server by itself, and the real agents at work with it."""

from __future__ import annotations

import json
import threading

import httpx
import pytest
from agent_talks import AcpTalk, CodexTalk
from claude_talk import ClaudeTalk
from fake_model import SCENARIOS, FakeModel

SHELLS = {"/v1/messages": "Bash", "/v1/responses": "exec_command", "/v1/chat/completions": "bash"}
PATHS = list(SHELLS)


@pytest.fixture
def model():
    with FakeModel() as model:
        yield model


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def tools(path):
    name = SHELLS[path]
    parameter = "cmd" if name == "exec_command" else "command"
    schema = {"type": "object", "properties": {parameter: {"type": "string"}}}
    return {
        "/v1/messages": [{"name": name, "input_schema": schema}],
        "/v1/responses": [{"type": "function", "name": name, "parameters": schema}],
        "/v1/chat/completions": [{"type": "function", "function": {"name": name, "parameters": schema}}],
    }[path]


def body(path, prompt, turns=0, with_tools=True):
    """A request after so many tool turns, as an agent of that protocol makes it."""
    past = {
        "/v1/messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "Bash", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "one"}]},
        ],
        "/v1/responses": [
            {"type": "function_call", "call_id": "1", "name": "exec_command", "arguments": "{}"},
            {"type": "function_call", "call_id": "2", "name": "exec_command", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "one"},
            {"type": "function_call_output", "call_id": "2", "output": "two"},
        ],
        "/v1/chat/completions": [
            {"role": "assistant", "tool_calls": [{"id": "1"}]},
            {"role": "tool", "tool_call_id": "1", "content": "one"},
        ],
    }[path]
    kind = "input_text" if path == "/v1/responses" else "text"
    first = {"role": "user", "content": [{"type": kind, "text": prompt}]}
    key = "input" if path == "/v1/responses" else "messages"
    return {"model": "m", key: [first, *past * turns], "tools": tools(path) if with_tools else []}


def ask(model, path, prompt, turns=0, with_tools=True):
    # Without certificates to load, a request takes a tenth of the time.
    return httpx.post(model.url + path, json=body(path, prompt, turns, with_tools), timeout=5, verify=False)


@pytest.mark.parametrize("path", PATHS)
def test_a_scenario_goes_on_by_the_turns_in_the_conversation(model, path):
    answers = [ask(model, path, "Work. [[scenario:three_tools]]", turns).text for turns in range(4)]
    assert "I look around first." in answers[0]
    assert "echo one" in answers[0]
    assert "notes.txt" in answers[1]
    assert "wc -l" in answers[2]
    assert "All three steps are done." in answers[3]
    assert [request.question.turn for request in model.asked("three_tools")] == [0, 1, 2, 3]


@pytest.mark.parametrize("path", PATHS)
def test_every_scenario_can_be_said_in_every_protocol(model, path):
    streamed = sorted(set(SCENARIOS) - {"hang", "cut", "slow", "sub_agent"})
    for name in streamed:
        assert ask(model, path, f"[[scenario:{name}:1]]").content, name


@pytest.mark.parametrize("path", PATHS)
def test_the_last_marker_counts_and_its_number(model, path):
    answer = ask(model, path, "[[scenario:hello]] then [[scenario:many:3]]").text
    assert "echo 3" in answer
    assert "echo 4" not in answer


@pytest.mark.parametrize("path", PATHS)
def test_a_request_without_tools_is_a_side_call(model, path):
    assert "A title" in ask(model, path, "[[scenario:three_tools]]", with_tools=False).text
    assert ask(model, path, "[[scenario:unauthorised]]", with_tools=False).status_code == 401
    assert model.asked("three_tools") == []


@pytest.mark.parametrize("path", PATHS)
def test_an_error_that_comes_once_is_over_for_that_prompt_alone(model, path):
    statuses = [ask(model, path, f"{name} [[scenario:rate_limited]]").status_code for name in "aabb"]
    assert statuses == [429, 200, 429, 200]


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        *((path, "unauthorised", 401) for path in PATHS),
        *((path, "quota", 429) for path in PATHS),
        *((path, "unknown_model", 404) for path in PATHS),
        ("/v1/messages", "overloaded", 529),
        ("/v1/chat/completions", "overloaded", 503),
        ("/v1/messages", "context_full", 400),
        ("/v1/responses", "context_full", 200),
    ],
)
def test_refusals_have_the_vendors_status(model, path, name, status):
    assert ask(model, path, f"[[scenario:{name}]]").status_code == status


@pytest.mark.parametrize("path", PATHS)
def test_a_cut_breaks_the_connection(model, path):
    with pytest.raises(httpx.TransportError):
        ask(model, path, "[[scenario:cut]]")


@pytest.mark.parametrize("path", PATHS)
def test_a_hang_lasts_until_the_server_closes(path):
    with FakeModel() as model:
        data = body(path, "[[scenario:hang]]", turns=1)
        with httpx.stream("POST", model.url + path, json=data, timeout=5) as stream:
            lines = stream.iter_lines()
            assert next(lines)
            threading.Timer(0.2, model.__exit__).start()
            with pytest.raises(httpx.TransportError):
                list(lines)


def test_what_else_is_asked_for_is_noted(model):
    assert httpx.get(f"{model.url}/v1/models").status_code == 404
    assert model.strays == ["GET /v1/models"]


def test_the_events_of_messages_make_a_turn(model):
    answer = ask(model, "/v1/messages", "[[scenario:budget]]").text
    events = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data: ")]
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[-2]["usage"]["output_tokens"] == 20_000


@pytest.mark.long
def test_codex_does_three_steps(model, project, tmp_path):
    with CodexTalk(home=tmp_path / "home", work=project, url=model.url) as talk:
        talk.open()
        talk.prompt("Work. [[scenario:three_tools]]")
        assert talk.wait_for_end()["status"] == "completed"
        assert talk.end_input() == 0
    assert_three_steps(model, project)


@pytest.mark.long
def test_opencode_does_three_steps(model, project, tmp_path):
    with AcpTalk(home=tmp_path / "home", work=project, url=model.url) as talk:
        talk.open()
        talk.prompt("Work. [[scenario:three_tools]]")
        assert talk.wait_for_end()["result"]["stopReason"] == "end_turn"
        assert talk.end_input() == 0
    assert_three_steps(model, project)


@pytest.mark.long
async def test_claude_does_three_steps(model, project, tmp_path):
    talk = ClaudeTalk(home=tmp_path / "home", work=project, url=model.url)
    await talk.ask("Work. [[scenario:three_tools]]")
    assert talk.error is None
    assert (talk.result.subtype, talk.result.is_error) == ("success", False)
    assert {entry["to"] for entry in talk.record} == {"agent", "client"}
    assert_three_steps(model, project)


def assert_three_steps(model, project):
    assert (project / "notes.txt").read_text() == "first line\nsecond line\n"
    assert [request.question.turn for request in model.asked("three_tools")] == [0, 1, 2, 3]
    assert model.strays == []
