"""Usage is told once, also by a process that goes on with an older conversation."""

from orchestrator.agents.claude.usage import ModelUsage
from orchestrator.engine.agent_events import UsageDelta


def used(tokens, cost=None):
    return {
        "inputTokens": tokens,
        "outputTokens": 1,
        "cacheReadInputTokens": 2,
        "cacheCreationInputTokens": 3,
    } | ({} if cost is None else {"costUSD": cost})


def test_what_was_used_since_the_last_result_model_by_model():
    since = {"large": used(10, 0.5), "small": used(1, 0.1), "unused": {"inputTokens": 0, "costUSD": 0}}
    result = {"model_usage_since_last_result": since, "modelUsage": {"large": used(99, 9)}}
    assert list(ModelUsage(is_resumed=True).of(result)) == [
        UsageDelta("large", 10, 1, 2, 3, 0.5),
        UsageDelta("small", 1, 1, 2, 3, 0.1),
    ]


def test_an_older_program_s_sums_become_what_was_added():
    usage = ModelUsage(is_resumed=False)
    first = list(usage.of({"modelUsage": {"large": used(10, 0.5)}}))
    assert [(delta.input_tokens, delta.cost_usd) for delta in first] == [(10, 0.5)]
    second = list(usage.of({"modelUsage": {"large": used(30, 0.75)}}))
    assert [(delta.input_tokens, delta.output_tokens, delta.cost_usd) for delta in second] == [(20, 0, 0.25)]
    assert not list(usage.of({"modelUsage": {"large": used(30, 0.75)}}))


def test_an_older_program_that_resumes_tells_its_turn_s_tokens_and_no_cost():
    usage = ModelUsage(is_resumed=True)
    turn = {"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 7}
    first = usage.of({"modelUsage": {"large": used(100, 9.0)}, "usage": turn})
    assert list(first) == [UsageDelta("large", 5, 6, 7, 0, None)]
    second = list(usage.of({"modelUsage": {"large": used(110, 9.5)}, "usage": turn}))
    assert [(delta.input_tokens, delta.cost_usd) for delta in second] == [(10, 0.5)]


def test_a_result_without_usage():
    assert not list(ModelUsage(is_resumed=True).of({}))
    assert not list(ModelUsage(is_resumed=False).of({}))
