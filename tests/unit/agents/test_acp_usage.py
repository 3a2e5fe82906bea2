import pytest

from orchestrator.agents.acp.usage import TurnUsage
from orchestrator.engine.agent_events import UsageDelta


def cost(amount):
    return {
        "sessionUpdate": "usage_update",
        "used": 9,
        "size": 99,
        "cost": {"amount": amount, "currency": "USD"},
    }


def begun(model="m"):
    usage = TurnUsage()
    usage.begin(model)
    return usage


def test_the_cost_so_far_becomes_what_was_added():
    usage = begun()
    deltas = [delta for amount in (0.1, 0.3, 0.3) for delta in usage.by_update(cost(amount))]
    assert [delta.cost_usd for delta in deltas] == pytest.approx([0.1, 0.2])
    assert {delta.model for delta in deltas} == {"m"}


def test_what_a_session_had_cost_before_the_turn_is_not_told_again():
    usage = TurnUsage()
    assert list(usage.by_update(cost(0.4))) == []
    usage.begin("m")
    assert [delta.cost_usd for delta in usage.by_update(cost(0.5))] == pytest.approx([0.1])


def test_nor_what_is_remembered_of_it():
    usage = TurnUsage()
    usage.begin("m", 0.4)
    assert [delta.cost_usd for delta in usage.by_update(cost(0.5))] == pytest.approx([0.1])
    assert usage.cost_usd == 0.5


def test_a_cost_that_falls_is_no_new_beginning():
    usage = begun()
    list(usage.by_update(cost(0.5)))
    assert list(usage.by_update(cost(0))) == []
    assert [delta.cost_usd for delta in usage.by_update(cost(0.6))] == pytest.approx([0.1])


def test_tokens_come_with_the_result():
    usage = begun()
    list(usage.by_update(cost(0.5)))
    told = {
        "inputTokens": 10,
        "outputTokens": 2,
        "totalTokens": 15,
        "cachedReadTokens": 3,
        "cachedWriteTokens": None,
    }
    assert list(usage.by_result({"stopReason": "end_turn", "usage": told})) == [
        UsageDelta("m", input_tokens=10, output_tokens=2, cache_read_tokens=3, cost_usd=0.0)
    ]


def test_gemini_tells_tokens_as_a_quota():
    quota = {"token_count": {"input_tokens": 44, "output_tokens": 9}, "model_usage": []}
    assert list(begun().by_result({"_meta": {"quota": quota}})) == [
        UsageDelta("m", input_tokens=44, output_tokens=9)
    ]


def test_qwen_tells_each_request_beside_an_empty_chunk():
    usage = begun()
    step = {"usage": {"inputTokens": 100, "outputTokens": 5, "totalTokens": 105}, "durationMs": 3}
    deltas = [*usage.by_chunk(step), *usage.by_chunk(step), *usage.by_result({"usage": {"inputTokens": 200}})]
    assert deltas == [UsageDelta("m", input_tokens=100, output_tokens=5)] * 2


@pytest.mark.parametrize(
    "result", [{}, {"usage": None}, {"usage": []}, {"usage": {"inputTokens": -1}}, {"_meta": {"quota": 3}}]
)
def test_no_usage_is_none(result):
    assert list(begun().by_result(result)) == []
