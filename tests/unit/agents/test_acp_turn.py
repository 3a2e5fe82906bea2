"""What OpenCode was recorded to say, and what other agents were seen to, as events."""

import pytest
import transcripts

from orchestrator.agents.acp.turn import AcpTurn
from orchestrator.engine.agent_events import (
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
)


def replay(turn: AcpTurn, scenario: str):
    """The events of the recorded talk; an interrupt and refusals as the run would tell them."""
    events = []
    asked = {}
    turn.usage.begin("fake")
    for entry in transcripts.read("opencode", scenario):
        message, now = entry["message"], entry["at"]
        events += turn.due(now)
        if message.get("method") == "session/cancel":
            turn.is_stopping = True
        elif message.get("method") == "session/update":
            events += turn.update(message["params"]["update"], now)
        elif message.get("method") == "session/request_permission":
            asked[message["id"]] = message["params"]["toolCall"]["toolCallId"]
            events += turn.asked(message["params"]["toolCall"], now)
        elif (
            entry["to"] == "agent"
            and message.get("result", {}).get("outcome", {}).get("optionId") == "reject"
        ):
            events += turn.deny(asked[message["id"]])
        elif entry["to"] == "client" and "stopReason" in message.get("result", {}):
            events += turn.usage.by_result(message["result"])
    events += turn.close(1e9)
    return events


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_three_tools_are_three_calls_with_their_inputs_and_outputs():
    turn = AcpTurn()
    events = replay(turn, "three_tools")
    assert [(e.tool_name, e.input) for e in of(ToolCallStarted, events)] == [
        ("bash", "echo one; ls"),
        ("write", '{"filePath": "notes.txt", "content": "first line\\nsecond line\\n"}'),
        ("bash", "wc -l notes.txt"),
    ]
    assert [(e.outcome, e.output.strip()) for e in of(ToolCallCompleted, events)] == [
        ("ok", "one"),
        ("ok", "Wrote file successfully."),
        ("ok", "2 notes.txt"),
    ]
    assert [e.text.strip() for e in of(ToolCallOutput, events)] == ["one", "2 notes.txt"]
    assert [e.text for e in of(Text, events)] == ["I look around first.", "All three steps are done."]
    assert turn.spoken.last_message == "All three steps are done."
    usage = of(UsageDelta, events)
    assert sum(delta.cost_usd for delta in usage) == pytest.approx(0.015)
    assert sum(delta.input_tokens for delta in usage) == 1000


def test_the_order_is_the_agents():
    kinds = [type(event) for event in replay(AcpTurn(), "three_tools")]
    assert kinds[:3] == [Text, ToolCallStarted, ToolCallOutput]
    assert kinds.index(ToolCallCompleted) < len(kinds) - 1 - kinds[::-1].index(Text)


def test_a_command_that_fails_is_an_error_though_the_agent_calls_it_completed():
    events = replay(AcpTurn(), "failing_tool")
    assert [e.outcome for e in of(ToolCallCompleted, events)] == ["error"]
    assert "".join(e.text for e in of(ToolCallOutput, events)) == "out\nerr\n"


def test_a_call_that_was_cancelled_is_interrupted_though_the_agent_calls_it_completed():
    events = replay(AcpTurn(), "interrupted")
    assert [e.outcome for e in of(ToolCallCompleted, events)] == ["interrupted"]


def test_a_refused_call_is_denied_and_the_turn_stopped_there():
    turn = AcpTurn()
    events = replay(turn, "permission_denied")
    assert [e.outcome for e in of(ToolCallCompleted, events)] == ["denied"]
    assert "denied.txt" in turn.refused_last


def test_an_allowed_call_is_ok():
    turn = AcpTurn()
    assert [e.outcome for e in of(ToolCallCompleted, replay(turn, "permission_asked"))] == ["ok"]
    assert turn.refused_last is None


@pytest.mark.parametrize(
    "scenario",
    [
        "three_tools",
        "huge_output",
        "interrupted",
        "hang",
        "many",
        "ticks",
        "loop",
        "sub_agent",
        "slow",
        "cut",
        "budget",
    ],
)
def test_every_call_begins_once_and_ends_once(scenario):
    events = replay(AcpTurn(), scenario)
    started = [e.tool_id for e in of(ToolCallStarted, events)]
    assert len(started) == len(set(started))
    assert sorted(started) == sorted(e.tool_id for e in of(ToolCallCompleted, events))


def test_many_words_are_few_events():
    texts = of(Text, replay(AcpTurn(), "slow"))
    assert 0 < len(texts) <= 8


def called(turn: AcpTurn, what: str = "tool_call_update", /, **parts):
    return list(turn.update({"sessionUpdate": what, "toolCallId": "c1", **parts}, 0.0))


@pytest.mark.parametrize("given", [{}, {"cwd": "/"}, {"command": " \n"}, {"command": []}, "", None])
def test_a_call_that_waits_for_its_arguments_begins_no_later_than_its_turn_ends(given):
    turn = AcpTurn()
    assert called(turn, "tool_call", title="bash", status="pending", rawInput=given) == []
    assert turn.refused_last is None
    begun, ended = turn.close(0.0)
    assert (begun.tool_name, ended.outcome) == ("bash", "interrupted")
    assert list(turn.close(0.0)) == []


def test_a_call_that_never_began_hides_no_refusal():
    turn = AcpTurn()
    called(turn, "tool_call", title="bash", status="pending")
    list(turn.asked({"toolCallId": "c2", "title": "rm a"}, 0.0))
    list(turn.deny("c2"))
    list(turn.close(0.0))
    assert turn.refused_last == "rm a"


def test_a_call_may_be_told_only_by_its_end_or_by_a_question():
    assert [type(e) for e in called(AcpTurn(), title="ls", kind="execute", status="failed")] == [
        ToolCallStarted,
        ToolCallCompleted,
    ]
    turn = AcpTurn()
    begun = list(turn.asked({"toolCallId": "c1", "title": "Write a.py", "kind": "edit"}, 0.0))
    assert begun == [ToolCallStarted("c1", "edit", "Write a.py")]
    assert called(turn, "tool_call", title="Write a.py", kind="edit", status="in_progress") == []
    assert [e.outcome for e in turn.close(0.0)] == ["interrupted"]


def test_a_late_word_about_a_call_that_ended_is_nothing():
    turn = AcpTurn()
    called(turn, title="ls", status="completed")
    assert called(turn, title="ls", status="in_progress", rawInput={"command": "ls"}) == []
    assert list(turn.close(0.0)) == []


def test_output_that_grows_is_told_as_what_was_added():
    turn = AcpTurn()
    called(turn, title="make", status="in_progress", rawInput={"command": "make"})
    told = []
    for now, text in ((1.0, "a\n"), (2.0, "a\nb\n"), (3.0, "a\nb\n")):
        content = [{"type": "content", "content": {"type": "text", "text": text}}]
        told += turn.update(
            {
                "sessionUpdate": "tool_call_update",
                "toolCallId": "c1",
                "status": "in_progress",
                "content": content,
            },
            now,
        )
        told += turn.due(now + 0.5)
    assert [event.text for event in told] == ["a\n", "b\n"]


def test_a_sub_agents_words_are_its_calls_output():
    turn = AcpTurn()
    called(turn, title="Task", status="in_progress", rawInput={"prompt": "look"})
    chunk = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "inner"}}
    assert list(turn.update({**chunk, "_meta": {"parentToolCallId": "c1"}}, 0.0)) == [
        ToolCallOutput("c1", "inner")
    ]
    assert turn.spoken.last_message == ""


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"sessionUpdate": "tool_call"},
        {"sessionUpdate": "tool_call", "toolCallId": 7},
        {
            "sessionUpdate": "tool_call",
            "toolCallId": "c",
            "title": 3,
            "kind": [],
            "status": {},
            "content": "x",
        },
        {
            "sessionUpdate": "tool_call",
            "toolCallId": "c",
            "content": [1, {"type": "content"}, {"type": "diff"}],
        },
        {"sessionUpdate": "agent_message_chunk"},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": None}, "_meta": []},
        {"sessionUpdate": "usage_update", "cost": {"amount": "1", "currency": "USD"}},
        {"sessionUpdate": "usage_update", "cost": {"amount": 1, "currency": "EUR"}},
        {"sessionUpdate": "plan", "entries": []},
        {"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": "hm"}},
    ],
)
def test_what_is_malformed_or_of_no_interest_harms_nothing(update):
    turn = AcpTurn()
    turn.usage.begin(None)
    assert of(ToolCallStarted, [*turn.update(update, 0.0), *turn.close(0.0)]) == []


def said(text: str):
    return [{"type": "content", "content": {"type": "text", "text": text}}]


@pytest.mark.parametrize(
    ("call", "about", "command"),
    [
        ({"title": "Bash", "rawInput": {"command": "rm a"}}, "rm a", "rm a"),
        ({"title": "rm a"}, "rm a", "rm a"),
        (
            {"title": "Delete", "kind": "delete", "locations": [{"path": "/a"}]},
            "Delete /a",
            "Delete /a",
        ),
        ({"title": "Bash", "rawInput": {"command": ["git", "push"]}}, "git push", "git push"),
        ({"title": "Bash", "rawInput": {"cmd": "ls", "command": ""}}, "ls", "ls"),
        ({"title": "issue", "rawInput": {"id": 7}}, '{"id": 7}', "id: 7"),
        ({"title": "sh ./a"}, "sh ./a", "sh ./a"),
        ({"title": "rm -r"}, "rm -r", "rm -r"),
        ({"title": "Run command", "content": said("ls")}, "ls", "ls"),
        (
            {"title": "Edit", "kind": "edit", "content": [{"type": "diff", "newText": "x"}]},
            "a file: new, 1 lines",
            "new text: x",
        ),
        ({"title": "Bash", "content": said("Run rm a?")}, "Run rm a?", "Run rm a?"),
        (
            {"title": "Bash", "rawInput": {"cwd": "/p"}, "content": said("Run rm a?")},
            "Run rm a?",
            "Run rm a?",
        ),
        (
            {"title": "Run the clean-up", "content": said("It is rm a")},
            "Run the clean-up\nIt is rm a",
            "Run the clean-up\nIt is rm a",
        ),
        ({}, "", ""),
    ],
)
def test_what_a_question_says_of_the_call(call, about, command):
    turn = AcpTurn()
    list(turn.asked({"toolCallId": "c1", "kind": "execute", **call}, 0.0))
    story = turn.story("c1")
    assert (story.input_text, story.whole_input[0]) == (about, command)


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"title": "Bash"},
        {"title": "  "},
        {"title": "..."},
        {"title": "\u2060\u3164"},
        {"title": "Run command"},
        {"title": "Run a shell command in the terminal"},
        {"title": "RunShellCommand"},
        {"title": "run_shell_command (execute)"},
        {"title": "Tool call: Bash"},
        {"title": "Permission requested: use of the tool `Bash`"},
        {"title": "Run kubectl", "_meta": {"toolName": "kubectl"}},
        {"title": "Execute c1", "kind": "execute"},
        {"title": "\u6267\u884c\u547d\u4ee4"},
        {"title": "Run command", "rawInput": {"command": " \n"}},
        {"title": "Run command", "rawInput": {"command": "\u200b\u2060"}},
        {"title": "Run command", "rawInput": {"command": "", "env": {"A": "b"}}},
        {"title": "Run command", "rawInput": {"command": None, "cwd": "/p"}},
        {"title": "Run command", "rawInput": {"command": ["", " "]}},
        {"title": "Run command", "rawInput": {"timeout": 5, "background": True}},
        {"title": "Run command", "rawInput": {"input": {"command": ""}}},
        {"title": "Run command", "rawInput": {"tool": "Bash"}},
        {"title": "Run command", "rawInput": {"force": True, "more": [], "text": ""}},
        {"title": "Run command", "rawInput": "\n"},
        {"title": "Run command", "rawInput": [[], ""]},
        {"title": "Run command", "content": said(" \ufeff")},
        {"title": "Run command", "content": said("Run this command?")},
        {"title": "Run command", "content": [{"type": "content", "content": {"type": "image"}}]},
        {"title": "Edit file", "kind": "edit", "content": [{"type": "diff"}]},
        {"title": "Edit file", "kind": "edit", "content": [{"type": "diff", "path": " ", "newText": ""}]},
        {"title": "Edit file", "kind": "edit", "locations": [{"path": "\u200b"}, {"path": 3}, "a"]},
        {"title": "Run command", "locations": [{"path": "/project"}]},  # where, and not what
        {"rawInput": {"description": "tidy up"}},
    ],
)
def test_a_question_that_shows_nothing_of_what_would_be_done_has_no_command(call):
    turn = AcpTurn()
    list(turn.asked({"toolCallId": "c1", "kind": "execute", **call}, 0.0))
    assert turn.story("c1").whole_input == ("", "")
