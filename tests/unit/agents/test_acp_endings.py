from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.agents.acp.endings import ended_by_error, ended_by_stop, ended_without_a_word
from orchestrator.agents.contained_program import Exit
from orchestrator.agents.json_rpc import RequestFailed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOGIN = "Set THE_KEY."


def ended(code: int, message: str, data=None):
    return ended_by_error(RequestFailed(code, message, data), NOW, LOGIN)


@pytest.mark.parametrize(
    ("reason", "outcome", "word"),
    [
        ("end_turn", "completed", None),
        ("cancelled", "interrupted", "cancelled"),
        ("refusal", "failed", "refused"),
        ("max_tokens", "failed", "cut off"),
        ("max_turn_requests", "failed", "limit of requests"),
        ("of_tomorrow", "failed", "of_tomorrow"),
        ("None", "failed", "not known"),
    ],
)
def test_every_stop_reason_has_an_outcome(reason, outcome, word):
    end = ended_by_stop(reason)
    assert end.outcome == outcome
    assert (end.error is None) if word is None else word in end.error


@pytest.mark.parametrize(
    ("code", "message", "data", "outcome"),
    [
        (-32000, "Authentication required", None, "unauthorized"),
        (-32000, "Something else", None, "unauthorized"),
        (
            -32603,
            "Internal error: Incorrect API key provided: sk-test.",
            {"errorName": "APIError"},
            "unauthorized",
        ),
        (-31001, "Rate limit exceeded for mistral (model: x).", None, "limited"),
        (-31004, "Context too long for mistral (model: x).", None, "context_full"),
        (429, "You exceeded your current quota.", None, "limited"),
        (-32603, "Internal error", {"details": "429 quota exceeded. Suggested retry after 3600s"}, "limited"),
        (-32603, "Internal error: 429 Too Many Requests, retry after 7200s", None, "limited"),
        (-32603, "Internal error: 429 Too Many Requests, retry after 20s", None, "failed"),
        (-32603, "Internal error: 529 Overloaded", None, "failed"),
        (-32603, "Internal error", {"details": "prompt is too long"}, "context_full"),
        (-32602, "Invalid params", None, "failed"),
    ],
)
def test_errors_are_told_apart(code, message, data, outcome):
    assert ended(code, message, data).outcome == outcome


def test_a_limit_says_until_when_and_an_unknown_one_does_not():
    end = ended(-32603, "Internal error", {"details": "You exceeded your quota. Suggested retry after 3600s"})
    assert end.limit.resets_at == NOW + timedelta(hours=1)
    assert end.error == end.limit.message == "You exceeded your quota. Suggested retry after 3600s."
    assert ended(-32603, "You exceeded your current quota").limit.resets_at is None


def test_a_missing_key_says_what_to_do():
    assert ended(-32000, "Authentication required").error == "Authentication required. Set THE_KEY."


def test_an_error_without_words_is_a_sentence_all_the_same():
    assert ended(-32603, "Internal error").error == "The agent answered with error -32603 and no word."
    assert ended(-32603, "", {"other": 1}).outcome == "failed"
    assert ended(-32603, "x", ["list"]).error == "x."


def test_a_program_that_ends_without_a_word():
    lost = ended_without_a_word("gemini", Exit(7, stderr_tail="Segmentation fault"), NOW, LOGIN)
    assert (lost.outcome, lost.exit_code) == ("lost", 7)
    assert "exit code 7" in lost.error
    assert "Segmentation fault" in lost.error
    killed = ended_without_a_word("gemini", Exit(-9), NOW, LOGIN)
    assert (killed.outcome, killed.exit_code) == ("lost", None)
    assert "signal 9" in killed.error
    keyless = ended_without_a_word(
        "gemini", Exit(41, stderr_tail="Please set an Auth method: API key is missing"), NOW, LOGIN
    )
    assert keyless.outcome == "unauthorized"
    assert LOGIN in keyless.error
    unstarted = ended_without_a_word(
        "gemini", Exit(None, problem="could not be started: Exec format error"), NOW, LOGIN
    )
    assert unstarted.outcome == "failed"
    assert ended_without_a_word("gemini", Exit(None, problem="was lost: x"), NOW, LOGIN).outcome == "lost"
