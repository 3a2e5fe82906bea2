"""Which last messages are a vendor's refusal, and which are an agent's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.agents.refusals import REPORT_LENGTH_MAX, refusal, refusal_in

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
    ("Please run /login", "unauthorized"),
    ("Please run `claude auth login` again.", "unauthorized"),
    ("**Error**: Unauthorized", "unauthorized"),
    ("> __Error__ \u2013 unauthorized", "unauthorized"),
    ("`[Error]` 401 Unauthorized", "unauthorized"),
    ("Unauthorized.", "unauthorized"),
    ("\u26a0 Something went wrong: request failed with status code 403", "unauthorized"),
    ("\u2139\ufe0f Request failed with HTTP status code 401", "unauthorized"),
    ("\U0001f6ab 403 Forbidden", "unauthorized"),
    ("Sorry, please log in first.", "unauthorized"),
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
    ("Credit balance is too low", "limited"),
    ("I'm sorry, but you have exceeded your current quota, please check your plan and billing details.",
     "limited"),
    ("Unfortunately, you've reached your usage limit.", "limited"),
    ("Apologies, but your credit balance is too low.", "limited"),
    ("You're out of free messages. Upgrade to Pro to continue.", "limited"),
    ("You\u2019ve run out of credits. Once credits were added, try again.", "limited"),
    ("You have no free requests left today.", "limited"),
    ("No credits remaining", "limited"),
    ("Upgrade to Pro to continue.", "limited"),
    ("Your free trial has ended.", "limited"),
    ("Error 402: Payment Required", "limited"),
    ('```json\n{\n  "error": {\n    "type": "insufficient_quota"\n  }\n}\n```', "limited"),
    # rate limits: it has given up trying
    ("Rate limit exceeded", "limited"),
    ("Error: 429 Too Many Requests", "limited"),
    ("exceeded retry limit, last status: 429 Too Many Requests", "limited"),
    ("**429** Too Many Requests", "limited"),
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
    ("I'll start by looking\u2026 API Error: 500 Internal server error", "failed"),
    ("I'll start by looking at the filesAPI Error: 529 Overloaded", "failed"),
    ("Let me look.stream disconnected before completion: closed", "failed"),
    ("I read it first. HTTP 503 Service Unavailable", "failed"),
    # whatever it is, it calls itself an error
    ("An unexpected error occurred.", "failed"),
    ("Oops! Something went wrong", "failed"),
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
    "I fixed the 401 handling: unauthorized requests now redirect to /login",
    "Error handling was added to the three routes that had none.",
    "Rate limits: documented in README",
    "The API error 500 in the test is fixed",
    "API error 500 in the test is fixed.",
    "HTTP 401 errors in auth.py are handled by one function now.",
    "Error 404 and error 500 pages were added.",
    "Requests without a token get HTTP 401 Unauthorized",
    "All done. API error 500 is covered by a test now.",
    "Done. HTTP 401 Unauthorized is answered where the token is missing.",
    "No error occurred.",
    "Something went wrong in the old parser, which is fixed.",
    "Quotas: each user has 100 requests left after a reset, see docs/quotas.md.",
    "You have no open requests left to review.",
    "The credit balance is shown when it is too low.",
    "Please run `make login-tests` to see them pass.",
    "Upgrade to Python 3.12 is done.",
    "Sorry for the wait: the rate limit is configurable now.",
    "Unfortunately, the tests for 401 answers were missing, so I added them.",
    "I can't help with that.",
    "I'm sorry, but I can't help with that.",
    '{"error": null, "result": "3 files changed"}',
    "Forbidden words are listed in words.txt.",
    "BLOCKED: I need to know which of the two schemas is meant.",
    "",
]


@pytest.mark.parametrize(("text", "outcome"), REFUSALS)
def test_a_vendors_refusal_is_known_by_how_it_begins(text, outcome):
    end = refusal(text, NOW, "Set THE_KEY.")
    assert end is not None
    assert end.outcome == outcome
    assert text.splitlines()[-1].strip(". `")[-20:] in end.error
    assert not end.error.startswith(("I will", "I'll", "Let me", "I read", "pi v1"))
    assert ("Set THE_KEY." in end.error) is (outcome == "unauthorized")


@pytest.mark.parametrize("text", REPORTS)
def test_a_report_that_speaks_of_errors_is_none(text):
    assert refusal_in(text) is None
    assert refusal(text, NOW) is None


PAGE = "<html><body><p>The request could not be served.</p></body></html>\n" * 18
FIELDS = '{"request": "req_1", "headers": {"x": "y"}}' * 8 + '{"log in again": "never"}' * 30


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"Error: 429 Too Many Requests.\n{PAGE}", "limited"),
        (f"Error: 429 Too Many Requests. {FIELDS}", "limited"),
        (f"HTTP 502: Bad Gateway\n\n{PAGE * 10}", "failed"),
        (f'{{\n"error": {{\n"type": "overloaded_error",\n"more": "{FIELDS}"\n}}\n}}', "failed"),
    ],
)
def test_a_refusal_may_be_long_where_it_begins_as_one(text, outcome):
    assert len(text) > REPORT_LENGTH_MAX
    end = refusal(text, NOW, "Set THE_KEY.")
    assert end is not None
    assert end.outcome == outcome


@pytest.mark.parametrize(
    "text",
    [
        f"# Error\n\n{'The old parser was wrong. ' * 60}",
        f"{'I have looked at every file. ' * 60}\nError: 401 Unauthorized",
        f"{'I have looked at every file. ' * 60} API Error: 401 Unauthorized",
        f"Error: 429 Too Many Requests.\n{PAGE * 20}",
        f"Quotas: what the limits of each plan are.\n{'A quota is reached after 100 requests. ' * 23}",
    ],
)
def test_what_is_long_is_a_report_unless_it_begins_as_a_vendors_error(text):
    assert refusal_in(text) is None


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
