import pytest

from orchestrator.agents.error_texts import error_kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Authentication required", "unauthorized"),
        ("Internal error: Incorrect API key provided: sk-test.", "unauthorized"),
        ("API key not valid. Please pass a valid API key.", "unauthorized"),
        ("Missing API key for mistral provider.", "unauthorized"),
        ("401 Unauthorized", "unauthorized"),
        ("OAuth token has expired", "unauthorized"),
        ("Not logged in · Please run /login", "unauthorized"),
        ("You exceeded your current quota, please check your plan and billing details.", "limited"),
        ("429 insufficient_quota", "limited"),
        ("You've hit your 5-hour limit", "limited"),
        ("You've hit your usage limit.", "limited"),
        ("api_error: usage_limit_reached", "limited"),
        ("Your credit balance is too low to access the Anthropic API.", "limited"),
        ("529 Overloaded", "overloaded"),
        ("Rate limit exceeded", "overloaded"),
        ("Rate limit reached for requests", "overloaded"),
        ("5-hour limit reached", "limited"),
        ("429 Too Many Requests", "overloaded"),
        ("503 Service Unavailable", "overloaded"),
        ("fetch failed", "overloaded"),
        ("prompt is too long: 210000 tokens > 200000 maximum", "context_full"),
        ("This model's maximum context length is 128000 tokens", "context_full"),
        ("ContextOverflowError", "context_full"),
        ("Codex ran out of room in the model's context window.", "context_full"),
        ("The model `gpt-9` does not exist or you do not have access to it.", "unknown_model"),
        ("There's an issue with the selected model (opus-9). It may not exist or …", "unknown_model"),
        ("ProviderModelNotFoundError: anthropic/opus-9", "unknown_model"),
        ("models/gemini-9 is not found for API version v1beta", "unknown_model"),
        ('404 {"type":"not_found_error","message":"model: opus-9"}', "unknown_model"),
        ("Model 'x' not found on provider acme", "unknown_model"),
        ("Model gpt-9 was not available", "unknown_model"),
        ("stream disconnected before completion: Transport error", "overloaded"),
        ("Transport error", "overloaded"),
        ("HTTP 529: Overloaded", "overloaded"),
        ("The server had an error while processing your request", "overloaded"),
        ("Model run failed: the config file was not found", None),
        ("the module that the model describes exists", None),
        ("tests fail", None),
        ("line 4015 of 5290", None),
        ("the author of the file", None),
        ("", None),
    ],
)
def test_an_error_is_known_by_its_words(text, kind):
    assert error_kind(text) == kind
