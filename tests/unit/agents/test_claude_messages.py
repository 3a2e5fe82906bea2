"""What Claude Code has told in records of it, in our words."""

from datetime import UTC, datetime

import pytest
import transcripts

from orchestrator.agents.claude.messages import ClaudeMessages, content_text, summary
from orchestrator.agents.claude.verdict import interrupted, verdict
from orchestrator.agents.contained_program import Exit
from orchestrator.engine.agent_events import (
    Finished,
    Limit,
    Log,
    Retrying,
    Started,
    Text,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    UsageDelta,
)


def heard(*messages, told=None):
    """The conversation and its events."""
    told = told or ClaudeMessages()
    return told, [event for message in messages for event in told.heard(message)]


def record(scenario):
    return heard(
        *(
            entry["message"]
            for entry in transcripts.read("claude", scenario)
            if entry["to"] == "client" and not entry["message"].get("type", "").startswith("control_")
        )
    )


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def outcomes(events):
    return [event.outcome for event in of(ToolCallCompleted, events)]


def assistant(*blocks, **fields):
    return {"type": "assistant", "message": {"content": list(blocks)}, **fields}


def result(**fields):
    return {"type": "result", "is_error": False, "terminal_reason": "completed", "result": "Done.", **fields}


def test_a_turn_with_three_tools():
    told, events = record("three_tools")
    started, *rest = events
    assert (started.agent, started.version, started.model) == ("claude", "2.1.330", "claude-opus-5-5")
    assert started.session_id
    assert [type(event) for event in rest] == [
        Text,
        *[ToolCallStarted, ToolCallCompleted] * 3,
        Text,
        UsageDelta,
    ]
    assert [(e.tool_name, e.input) for e in of(ToolCallStarted, events)] == [
        ("Bash", "echo one; ls"),
        ("Write", "notes.txt"),
        ("Bash", "wc -l notes.txt"),
    ]
    assert outcomes(events) == ["ok"] * 3
    assert rest[-1] == UsageDelta("claude-opus-5-5", 4000, 200, 0, 0, 0.02)
    assert told.is_over
    assert verdict(told, Exit(0)) == Finished("completed", "All three steps are done.")


def test_a_helper_s_calls_are_below_the_call_that_started_it():
    _, events = record("sub_agent")
    agent, *below = of(ToolCallStarted, events)
    assert agent.tool_name == "Agent"
    assert [call.parent_tool_id for call in below] == [agent.tool_id] * 3
    assert ToolCallOutput(agent.tool_id, "Writing notes.txt\n") in events
    assert outcomes(events) == ["ok"] * 4
    assert of(UsageDelta, events)[0].input_tokens == 6000  # the helper's too


def test_a_failing_tool_is_an_error_and_the_turn_is_none():
    told, events = record("failing_tool")
    assert outcomes(events) == ["error"]
    assert "exit code 3" in of(ToolCallCompleted, events)[0].output.lower()
    assert verdict(told, Exit(0)).outcome == "completed"


@pytest.mark.parametrize(
    ("scenario", "outcome", "error"),
    [
        ("budget", "budget", "Reached maximum budget"),
        ("context_full", "context_full", "Prompt is too long"),
        ("cut", "failed", "Connection to the API was lost"),
        ("loop", "failed", "maximum number of turns"),
        ("overloaded", "limited", "529 Overloaded"),
        ("quota", "limited", "would exceed your limit"),
        ("quota_of_subscription", "limited", "You've hit your 5-hour limit"),
        ("unauthorised", "unauthorized", "Invalid API key"),
    ],
)
def test_how_it_can_end(scenario, outcome, error):
    told, _ = record(scenario)
    assert told.is_over
    end = verdict(told, Exit(1))
    assert end.outcome == outcome
    assert error in end.error
    assert "ede_diagnostic" not in end.error
    assert (end.limit is not None) == (outcome == "limited")


def test_a_limit_says_until_when_where_the_vendor_does():
    told, _ = record("quota_of_subscription")
    limit = verdict(told, Exit(1)).limit
    assert limit.resets_at == datetime.fromtimestamp(told.rejection["resetsAt"], UTC)
    assert verdict(record("quota")[0], Exit(1)).limit == Limit(
        "API Error: Request rejected (429) · This request would exceed your limit", None
    )


def test_a_limit_that_was_only_near_is_none():
    told, _ = record("quota_of_subscription")
    told, _ = heard({"type": "rate_limit_event", "rate_limit_info": {"status": "allowed_warning"}}, told=told)
    assert told.rejection is None


def test_retries_are_told():
    _, events = record("rate_limited")
    (retry,) = of(Retrying, events)
    assert retry.why == "the vendor's rate limit is reached (HTTP 429)"
    assert retry.attempt == 1
    assert 0 < retry.delay_seconds < 10


def test_a_key_that_is_refused_three_times_is_not_tried_ten_times():
    retry = {"type": "system", "subtype": "api_retry", "error": "authentication_failed", "error_status": 401}
    told, _ = heard(retry, retry)
    assert not told.is_over
    heard(retry, told=told)
    assert told.is_over
    assert verdict(told, None).outcome == "unauthorized"


@pytest.mark.parametrize("scenario", ["permission_denied", "permission_never"])
def test_a_denied_call_is_no_error_of_the_tool(scenario):
    told, events = record(scenario)
    assert outcomes(events) == ["denied"]
    assert verdict(told, Exit(0)).text.startswith("I was not allowed to write.\n\nNote: the agent was not")


def test_denied_calls_are_a_note_where_others_went_well():
    told, _ = record("three_tools")
    told.result = {
        **told.result,
        "permission_denials": [{"tool_name": "Bash", "tool_input": {"command": "x"}}],
    }
    end = verdict(told, Exit(0))
    assert (end.outcome, end.error) == ("completed", None)
    assert end.text.endswith("Note: the agent was not allowed to use Bash (x).")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"stop_reason": "refusal"}, "The model declined the task."),
        ({"terminal_reason": "new_reason"}, "Claude Code ended as new_reason."),
    ],
)
def test_a_turn_without_an_error_is_not_always_a_success(fields, error):
    told, _ = heard(result(**fields))
    assert verdict(told, Exit(0)) == Finished("failed", "Done.", error)


def test_an_interrupted_call():
    told, events = record("interrupted")
    (call,) = of(ToolCallCompleted, events)
    assert (call.outcome, call.output) == ("interrupted", "")
    assert interrupted(told, "a person asked", Exit(1)) == Finished(
        "interrupted", "", "Interrupted: a person asked"
    )


def test_work_that_was_done_when_the_interrupt_came_is_done():
    told, _ = record("three_tools")
    assert interrupted(told, "too late", Exit(0)).outcome == "completed"


def test_a_killed_program_leaves_a_call_open_and_is_lost():
    told, events = record("killed")
    assert of(ToolCallStarted, events)
    assert not told.is_over
    assert [event.outcome for event in told.calls.close()] == ["interrupted"]
    end = verdict(told, Exit(-9, stderr_tail="out of memory"))
    assert (end.outcome, end.exit_code) == ("lost", -9)
    assert end.error == "Claude Code ended with exit code -9 before its work was done: out of memory"


def test_what_it_refuses_at_its_start_is_a_failure():
    end = verdict(ClaudeMessages(), Exit(1, stderr_tail="not as root"))
    assert (end.outcome, end.exit_code) == ("failed", 1)
    assert verdict(ClaudeMessages(), Exit(None, problem="could not be started: No such file")).error == (
        "Claude Code could not be started: No such file"
    )


def test_it_goes_on_until_it_says_idle():
    state = {"type": "system", "subtype": "session_state_changed"}
    told, _ = heard({**state, "state": "running"}, result())
    assert not told.is_over
    heard({**state, "state": "idle"}, told=told)
    assert told.is_over


def test_it_goes_on_while_a_message_of_ours_had_no_turn():
    told = ClaudeMessages(sent={"a", "b"})
    heard(result(user_message_uuids=["a"]), told=told)
    assert not told.is_over
    heard(result(user_message_uuids=["b"]), told=told)
    assert told.is_over


def test_an_older_program_that_names_no_messages_is_over_with_its_result():
    told, _ = heard(result(), told=ClaudeMessages(sent={"a"}))
    assert told.is_over


def test_an_error_is_the_end_whatever_is_open():
    told, _ = heard(result(is_error=True, user_message_uuids=[]), told=ClaudeMessages(sent={"a"}))
    assert told.is_over


def test_a_session_that_is_gone_is_told_from_other_failures():
    gone = result(is_error=True, errors=["No conversation found with session ID: x"])
    assert heard(gone, told=ClaudeMessages(is_resumed=True))[0].has_no_such_session
    assert not heard(gone)[0].has_no_such_session
    other = result(is_error=True, errors=["no credit"])
    assert not heard(other, told=ClaudeMessages(is_resumed=True))[0].has_no_such_session


def test_it_starts_once_though_each_turn_begins_with_init():
    init = {"type": "system", "subtype": "init", "session_id": "s"}
    _, events = heard(init, init)
    assert events == [Started("claude", session_id="s")]


def test_an_api_s_error_is_not_said_twice():
    told, events = heard(assistant({"type": "text", "text": "API Error"}, error="unknown"))
    assert not events
    assert told.last_text == ""


def test_making_room_and_broken_lines_are_logged():
    _, events = heard(
        {"type": "system", "subtype": "compact_boundary"}, {"type": "broken", "problem": "no JSON"}
    )
    assert [type(event) for event in events] == [Log, Log]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "new_in_some_version"},
        {"type": "system"},
        {"type": "system", "subtype": "api_retry"},
        {"type": "assistant"},
        {"type": "assistant", "message": {"content": ["text", {}, {"type": "thinking", "thinking": "Hm"}]}},
        {"type": "user", "message": {"content": "text"}},
        {"type": "user", "message": {"content": [{"type": "text", "text": "[Request interrupted]"}]}},
        {"type": "rate_limit_event"},
        {"type": "result"},
        {"type": "stream_event", "event": {}},
    ],
)
def test_what_is_not_known_or_not_whole_does_no_harm(message):
    told, events = heard(message)
    assert not of(ToolCallStarted, events)
    verdict(told, Exit(0))


def test_what_a_call_is_summed_up_by():
    assert summary({"description": "d", "command": "make"}) == "make"
    assert summary({"questions": ["ü"]}) == '{"questions": ["ü"]}'
    assert summary({}) == ""


def test_the_text_of_a_result():
    assert content_text([{"type": "text", "text": "a"}, {"type": "image"}, "x"]) == "a\n[image]"
    assert content_text(None) == ""
