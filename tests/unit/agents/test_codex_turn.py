from __future__ import annotations

from datetime import UTC, datetime

import pytest
import transcripts

from orchestrator.agents.codex.turn import CodexTurn
from orchestrator.agents.json_rpc import Notification
from orchestrator.agents.tool_calls import TEXT_LENGTH_MAX
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    Log,
    Retrying,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
)

NOW = datetime(2026, 11, 25, 22, 45, tzinfo=UTC)
THREAD, TURN = "t", "u"


def replay(name: str) -> tuple[list[AgentEvent], CodexTurn]:
    """A recorded talk, translated to its end."""
    received = [entry["message"] for entry in transcripts.read("codex", name) if entry["to"] == "client"]
    results = [message["result"] for message in received if "result" in message]
    opened = next(result for result in results if "thread" in result)
    turn_id = next(result["turn"]["id"] for result in results if "turn" in result)
    turn = CodexTurn(opened["thread"]["id"], turn_id, opened["model"], lambda: NOW)
    events: list[AgentEvent] = []
    for message in received:
        if "method" in message and "id" not in message:
            events += turn.take(Notification(message["method"], message["params"]), 0.0)
    events += turn.close(0.0)
    return events, turn


@pytest.fixture
def turn():
    return CodexTurn(THREAD, TURN, "m", lambda: NOW)


def told(turn: CodexTurn, method: str, at: float = 0.0, /, **params: object) -> list[AgentEvent]:
    return list(turn.take(Notification(method, {"threadId": THREAD, "turnId": TURN, **params}), at))


def outcomes(events: list[AgentEvent]) -> list[str]:
    return [event.outcome for event in events if isinstance(event, ToolCallCompleted)]


def test_three_tools():
    events, turn = replay("three_tools")
    calls = [(event.tool_name, event.input) for event in events if isinstance(event, ToolCallStarted)]
    assert calls == [
        ("shell", "echo one; ls"),
        ("shell", "printf %s 'first line\nsecond line\n' > notes.txt"),
        ("shell", "wc -l notes.txt"),
    ]
    ends = [event for event in events if isinstance(event, ToolCallCompleted)]
    assert [(end.outcome, end.output) for end in ends] == [
        ("ok", "one\n"),
        ("ok", ""),
        ("ok", "2 notes.txt\n"),
    ]
    assert [event.text for event in events if isinstance(event, Text)] == [
        "I look around first.",
        "All three steps are done.",
    ]
    assert turn.end == Finished("completed", "All three steps are done.")
    assert any(isinstance(event, Log) and "metadata" in event.text for event in events)


@pytest.mark.parametrize("name", ["three_tools", "resumed"])
def test_usage_is_what_this_turn_has_used(name):
    events, _ = replay(name)
    spent = [event for event in events if isinstance(event, UsageDelta)]
    assert spent == [UsageDelta("gpt-fake", 1000, 50)] * 4


def used(turn: CodexTurn, total: int, last: int, turn_id: str = TURN) -> list[AgentEvent]:
    """Codex tells the sum of the thread's life, and what its last request has used."""
    usage = {name: {"inputTokens": count} for name, count in (("total", total), ("last", last))}
    return told(turn, "thread/tokenUsage/updated", turnId=turn_id, tokenUsage=usage)


def test_what_earlier_turns_have_used_is_not_counted_again(turn):
    assert used(turn, 5000, 900, "an earlier one") == []
    assert used(turn, 6000, 1000) == [UsageDelta("m", 1000)]
    assert used(turn, 6000, 1000) == []


def test_nor_where_nobody_tells_it_beforehand(turn):
    assert used(turn, 6000, 1000) == [UsageDelta("m", 1000)]
    assert used(turn, 6300, 300) == [UsageDelta("m", 300)]


@pytest.mark.parametrize(
    ("name", "outcome", "ends"),
    [
        ("failing_tool", "completed", ["error"]),
        ("many", "completed", ["ok"] * 5),
        ("huge_output", "completed", ["ok"]),
        ("ticks", "completed", ["ok"]),
        ("interrupted", "failed", ["interrupted"]),
        ("hang", "failed", ["ok"]),
        ("outlived", "completed", ["interrupted"]),
        ("permission_asked", "completed", ["ok"]),
        ("permission_denied", "completed", ["denied"]),
        ("permission_cancelled", "failed", ["denied"]),
        ("cut_once", "completed", ["ok"]),
        ("cut", "failed", []),
        ("overloaded", "failed", []),
        ("rate_limited", "completed", ["ok"]),
        ("unauthorised", "unauthorized", []),
        ("context_full", "context_full", []),
        ("quota", "limited", []),
    ],
)
def test_how_turns_end(name, outcome, ends):
    events, turn = replay(name)
    assert turn.end is not None
    assert turn.end.outcome == outcome
    assert (turn.end.error is None) == (outcome == "completed")
    assert outcomes(events) == ends
    assert all(len(event.text) > 0 for event in events if isinstance(event, ToolCallOutput | Text | Log))


def test_a_killed_program_leaves_a_call_that_was_interrupted_and_no_end():
    received = [e["message"] for e in transcripts.read("codex", "killed") if e["to"] == "client"]
    ids = next(m["params"] for m in received if m.get("method") == "item/started")
    turn = CodexTurn(ids["threadId"], ids["turnId"])
    for message in received:
        if "method" in message:
            list(turn.take(Notification(message["method"], message["params"]), 0.0))
    assert outcomes(list(turn.close(0.0))) == ["interrupted"]
    assert turn.end is None


def test_a_limit_says_when_it_ends():
    _, turn = replay("quota")
    (window,) = (
        window
        for entry in transcripts.read("codex", "quota")
        if entry["message"].get("method") == "account/rateLimits/updated"
        and (window := entry["message"]["params"]["rateLimits"]["primary"])
    )
    assert turn.end.limit.resets_at == datetime.fromtimestamp(window["resetsAt"], UTC)
    assert "usage limit" in turn.end.limit.message


def test_a_limit_whose_end_stands_in_the_text_only(turn):
    error = {"message": "Try again at Nov 26th, 2026 12:10 AM.", "codexErrorInfo": "usageLimitExceeded"}
    told(turn, "turn/completed", turn={"id": TURN, "status": "failed", "error": error})
    assert turn.end.limit.resets_at == datetime(2026, 11, 26, 0, 10, tzinfo=UTC)


def test_the_longer_of_two_limits_counts_and_sparse_updates_take_nothing_away(turn):
    later = {"usedPercent": 100, "resetsAt": NOW.timestamp() + 7200}
    told(turn, "account/rateLimits/updated", rateLimits={"primary": {"usedPercent": 100, "resetsAt": None}})
    told(turn, "account/rateLimits/updated", rateLimits={"secondary": later, "primary": None})
    told(turn, "account/rateLimits/updated", rateLimits={"secondary": None})
    told(turn, "error", error={"message": "no", "codexErrorInfo": "usageLimitExceeded"}, willRetry=False)
    told(turn, "turn/completed", turn={"id": TURN, "status": "failed", "error": None})
    assert turn.end.limit.resets_at.timestamp() == NOW.timestamp() + 7200


@pytest.mark.parametrize(
    ("info", "outcome"),
    [
        ("rateLimitExceeded", "limited"),
        ({"responseTooManyFailedAttempts": {"httpStatusCode": 429}}, "limited"),
        ("unauthorized", "unauthorized"),
        ("sessionBudgetExceeded", "budget"),
        ({"httpConnectionFailed": {"httpStatusCode": 503}}, "failed"),
        ({"httpConnectionFailed": {"httpStatusCode": None}}, "failed"),
        ({}, "failed"),
        (None, "failed"),
        ("somethingNew", "failed"),
    ],
)
def test_kinds_of_failures(turn, info, outcome):
    error = {"message": "It went wrong.", "codexErrorInfo": info}
    told(turn, "turn/completed", turn={"id": TURN, "status": "failed", "error": error})
    assert turn.end.outcome == outcome
    assert "It went wrong." in turn.end.error
    assert (turn.end.limit is not None) == (outcome == "limited")


def test_requests_that_are_tried_again_are_told():
    events, _ = replay("unauthorised")
    tries = [event for event in events if isinstance(event, Retrying)]
    assert [event.attempt for event in tries] == [1, 2]
    assert "401" in tries[0].why


@pytest.mark.parametrize(
    ("item", "name", "input_text", "outcome", "output"),
    [
        (
            {
                "type": "fileChange",
                "status": "completed",
                "changes": [
                    {"path": "a.py", "kind": {"type": "update", "move_path": None}, "diff": "-1\n+2"},
                    {"path": "b.py", "kind": {"type": "add"}, "diff": "+3"},
                ],
            },
            "apply_patch",
            "update a.py\nadd b.py",
            "ok",
            "-1\n+2\n+3",
        ),
        (
            {
                "type": "mcpToolCall",
                "server": "docs",
                "tool": "find",
                "arguments": {"q": "ü"},
                "status": "completed",
                "result": {"content": [{"type": "text", "text": "found"}, {"type": "image"}]},
            },
            "docs.find",
            '{"q": "ü"}',
            "ok",
            "found\n[image]",
        ),
        (
            {
                "type": "mcpToolCall",
                "server": "docs",
                "tool": "find",
                "status": "failed",
                "error": {"message": "no"},
            },
            "docs.find",
            "",
            "error",
            "no",
        ),
        ({"type": "webSearch", "query": "python"}, "web_search", "python", "ok", ""),
        ({"type": "imageView", "path": "/a.png"}, "view_image", "/a.png", "ok", ""),
        (
            {
                "type": "commandExecution",
                "command": "it's",
                "status": "failed",
                "aggregatedOutput": "\x1b[1mno\x1b[0m",
            },
            "shell",
            "it's",
            "error",
            "no",
        ),
        (
            {"type": "commandExecution", "command": f"bash -lc '{'x' * 30_000}'", "status": "declined"},
            "shell",
            None,
            "denied",
            "",
        ),
    ],
)
def test_items_that_are_calls(turn, item, name, input_text, outcome, output):
    started, ended = told(turn, "item/completed", item={"id": "a", **item})
    assert isinstance(started, ToolCallStarted)
    assert started.tool_name == name
    assert len(started.input) <= TEXT_LENGTH_MAX
    assert input_text is None or started.input == input_text
    assert ended == ToolCallCompleted("a", outcome, output)


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        {"type": "reasoning", "id": "r"},
        {"type": "webSearch", "id": 3},
        {"type": "error", "id": "e"},
    ],
)
def test_items_that_are_none(turn, item):
    assert told(turn, "item/started", item=item) == []
    assert told(turn, "item/completed", item=item) == []


def test_a_helpers_calls_belong_to_the_call_that_began_it(turn):
    spawn = {
        "type": "collabAgentToolCall",
        "id": "spawn",
        "tool": "spawnAgent",
        "prompt": "look",
        "status": "inProgress",
    }
    told(turn, "item/started", item=spawn)
    told(turn, "item/completed", item={**spawn, "status": "completed", "receiverThreadIds": ["helper"]})
    inner = {"type": "commandExecution", "id": "in", "command": "ls", "status": "inProgress"}
    (started,) = told(turn, "item/started", threadId="helper", turnId="h", item=inner)
    assert started == ToolCallStarted("in", "shell", "ls", "spawn")
    assert (
        told(
            turn, "item/completed", threadId="helper", item={"type": "agentMessage", "id": "x", "text": "hi"}
        )
        == []
    )
    told(turn, "turn/completed", threadId="helper", turn={"id": "h", "status": "completed"})
    assert turn.end is None
    assert turn.text == ""
    usage = {
        name: {"inputTokens": 10, "cachedInputTokens": 4, "outputTokens": 1} for name in ("total", "last")
    }
    assert told(turn, "thread/tokenUsage/updated", threadId="helper", turnId="h", tokenUsage=usage) == [
        UsageDelta("m", 6, 1, 4)
    ]


def test_live_output_comes_a_few_times_a_second_and_not_after_the_end(turn):
    item = {"type": "commandExecution", "id": "a", "command": "make", "status": "inProgress"}
    told(turn, "item/started", item=item)
    events: list[AgentEvent] = []
    for tick in range(100):
        events += told(
            turn, "item/commandExecution/outputDelta", tick / 100, itemId="a", delta="\x1b[1mx\x1b[0m"
        )
    assert turn.delay_seconds(1.0) is not None
    events += turn.due(2.0)
    assert turn.delay_seconds(2.0) is None
    assert 3 <= len(events) <= 6
    assert "".join(event.text for event in events) == "x" * 100
    told(turn, "item/commandExecution/outputDelta", 3.0, itemId="a", delta="last")
    rest = told(turn, "item/completed", 3.0, item={**item, "status": "completed", "aggregatedOutput": "all"})
    assert rest == [ToolCallOutput("a", "last"), ToolCallCompleted("a", "ok", "all")]
    assert told(turn, "item/commandExecution/outputDelta", 4.0, itemId="a", delta="late") == []
    assert told(turn, "item/commandExecution/outputDelta", 4.0, itemId="b", delta="whose?") == []


@pytest.mark.parametrize(
    "method",
    [
        "item/started",
        "item/completed",
        "thread/tokenUsage/updated",
        "error",
        "turn/completed",
        "warning",
        "new/thing",
    ],
)
def test_messages_without_what_they_should_hold_are_harmless(turn, method):
    list(turn.take(Notification(method, {}), 0.0))
    assert turn.end is None
