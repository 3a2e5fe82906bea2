"""Which last messages are a vendor's refusal, and which are an agent's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.agents.refusals import refusal, refusal_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# What the six agents that end their turn so were seen to say, vendors' own wordings, and the same in disguise.
REFUSALS = [
    # no key
    ("Error: 401 Incorrect API key provided: sk-test.", "unauthorized"),
    ("HTTP 401: Invalid API key", "unauthorized"),
    ("API Error: 401 Unauthorized", "unauthorized"),
    ("unexpected status 401 Unauthorized: no such key, url: http://127.0.0.1/responses", "unauthorized"),
    ("Authentication required. Run `agent login` first.", "unauthorized"),
    ("Info: Authentication failed, please log in again.", "unauthorized"),
    ("Your API key is invalid.", "unauthorized"),
    ("No API key was found. Set ACME_API_KEY.", "unauthorized"),
    ("✗ Invalid API key · Please run /login", "unauthorized"),
    ("**Error:** not logged in", "unauthorized"),
    # no such model
    ("Error: Model 'gpt-9' not found on provider openai", "unknown_model"),
    ("Model 'x' not found on provider", "unknown_model"),
    ("Execution error: 404 model_not_found", "unknown_model"),
    ("HTTP 404: The model `gpt-9` does not exist or you do not have access to it.", "unknown_model"),
    ("Unknown model: gpt-9", "unknown_model"),
    ("The requested model is not supported.", "unknown_model"),
    # context
    ("Error: This model's maximum context length is 128000 tokens.", "context_full"),
    ("HTTP 400: prompt is too long: 210000 tokens > 200000 maximum", "context_full"),
    ("Codex ran out of room in the model's context window. Start a new conversation.", "context_full"),
    ("The context window is full.", "context_full"),
    # quota
    ("Error: 429 You exceeded your current quota, please check your plan.", "limited"),
    ("You've hit your usage limit. Try again later.", "limited"),
    ("You have exceeded your monthly quota.", "limited"),
    ("HTTP 429: insufficient_quota", "limited"),
    ("Weekly limit reached.", "limited"),
    ("Your credit balance is too low to access the API.", "limited"),
    ('{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}', "limited"),
    # rate limits: it has given up trying
    ("Rate limit exceeded", "limited"),
    ("Error: 429 Too Many Requests", "limited"),
    ("exceeded retry limit, last status: 429 Too Many Requests", "limited"),
    # overload
    ("HTTP 529: Overloaded", "failed"),
    ('API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}', "failed"),
    ("Error: 503 Service Unavailable", "failed"),
    ("503 Service Unavailable", "failed"),
    ("The model is currently overloaded. Please try again.", "failed"),
    ("Server error: 500", "failed"),
    # a stream that broke
    ("stream disconnected before completion: Transport error: network error", "failed"),
    ("I will look at the files.\n\nstream disconnected before completion: closed", "failed"),
    ("Error: Transport error", "failed"),
    ("Connection error.", "failed"),
    ("fetch failed", "failed"),
    ("Connection refused.", "failed"),
    ("APIConnectionError: Connection error.", "failed"),
    # whatever it is, it calls itself an error
    ("Error: something went wrong", "failed"),
    ("Internal error", "failed"),
    ("pi v1.6.0\n---\nError: Provider returned nothing", "failed"),
]  # fmt: skip

REPORTS = [
    "Done.",
    "All tests pass now.",
    "Added rate limiting: clients that send too many requests are answered with 429.",
    "Wrong passwords are answered with 401 now.",
    "401 answers are cached no longer, and the tests say so.",
    "Fixed the retry loop: a 529 is tried again after a pause, a 401 is not.",
    "# Report\n\nThe error handling covers 401, 404 and 529.\n\nNothing else was changed.",
    "Error handling was added to the client.",
    "Errors are logged now.",
    "Models are loaded lazily. A model that is not found is reported.",
    "The model is trained on the new data.",
    "Quota checks were moved into the middleware.",
    "The session expires after an hour now.",
    "The stream is closed when the last reader leaves.",
    "Requests have a time limit of 30 s.",
    "Connection pooling is on: 20 connections at most.",
    "You can start the server with `make serve`.",
    "Please log the result of the review in NOTES.md.",
    "500 rows were imported.",
    "404 pages have a link home now.",
    "The server answers 503 while it is starting.",
    "Authentication is done by a middleware now.",
    "No API changes were needed.",
    "No API key is stored in the repository any more.",
    "Invalid model names are found before the run begins.",
    "Quota exceeded errors are shown to the user.",
    "Rate limit exceeded responses are handled and tested.",
    "Unknown models are reported with their line.",
    "Request failed messages were changed to say which request.",
    "BLOCKED: I need to know which of the two schemas is meant.",
    "",
]


@pytest.mark.parametrize(("text", "outcome"), REFUSALS)
def test_a_vendors_refusal_is_known_by_how_it_begins(text, outcome):
    end = refusal(text, NOW, "Set THE_KEY.")
    assert end is not None
    assert end.outcome == outcome
    assert text.splitlines()[-1].strip(". ")[:40] in end.error
    assert not end.error.startswith(("I will", "pi v1"))
    assert ("Set THE_KEY." in end.error) is (outcome == "unauthorized")


@pytest.mark.parametrize("text", REPORTS)
def test_a_report_that_speaks_of_errors_is_none(text):
    assert refusal_in(text) is None
    assert refusal(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Error: quota exceeded, retry after 3600s", 3600),
        ("You've hit your usage limit, try again in 2 hours.", 7200),
        ("Rate limit exceeded. Please try again in 20s.", 20),
        ("HTTP 529: Overloaded. Retry after 1h", 3600),
        ("You've hit your usage limit.", None),
    ],
)
def test_a_limit_is_waited_for_until_the_time_that_it_says(text, seconds):
    end = refusal(text, NOW)
    assert end.outcome == "limited"
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert end.limit.resets_at == expected
