import pytest

from orchestrator.agents.acp.permissions import PermissionDesk
from orchestrator.agents.json_rpc import PeerGone, Request


class Peer:
    """Keeps what the agent was answered."""

    def __init__(self):
        self.answers = {}
        self.is_gone = False

    async def respond(self, request_id, result):
        if self.is_gone:
            raise PeerGone
        self.answers[request_id] = result["outcome"].get("optionId", result["outcome"]["outcome"])


def request(number, *kinds):
    return Request(
        number,
        "session/request_permission",
        {"options": [{"optionId": f"the-{k}", "kind": k} for k in kinds]},
    )


@pytest.mark.parametrize(
    ("permissions", "kinds", "answer"),
    [
        ("full", ("allow_always", "allow_once"), "the-allow_once"),
        ("full", ("allow_always",), "the-allow_always"),
        ("edits", ("allow_always", "reject_once"), "the-reject_once"),  # once is not for ever
        ("edits", ("allow_always", "allow_once"), "the-allow_once"),
        ("read-only", ("allow_once", "reject_always"), "the-reject_always"),
        ("read-only", ("allow_once",), "cancelled"),
        ("full", (), "cancelled"),
    ],
)
async def test_the_option_that_goes_least_far_is_chosen(permissions, kinds, answer):
    peer = Peer()
    desk = PermissionDesk(peer, permissions)
    assert await desk.ask(request(1, *kinds), "c1", "edit", "Write a.py") is None
    assert peer.answers == {1: answer}
    assert desk.is_refused("c1") == ("allow" not in answer)


async def test_options_that_are_malformed_are_no_options():
    peer = Peer()
    for number, options in enumerate(
        [None, "x", [1], [{"kind": "allow_once"}], [{"optionId": 3, "kind": "allow_once"}]]
    ):
        await PermissionDesk(peer, "full").ask(Request(number, "m", {"options": options}), "c1", "edit", "")
    assert set(peer.answers.values()) == {"cancelled"}


async def test_after_the_end_every_question_is_cancelled():
    peer = Peer()
    desk = PermissionDesk(peer, "ask")
    assert await desk.ask(request(1, "allow_once"), "c1", "edit", "") is not None
    await desk.close()
    assert await desk.ask(request(2, "allow_once"), "c2", "edit", "") is None
    assert peer.answers == {1: "cancelled", 2: "cancelled"}
    assert await desk.answer("1", allow=True) is None


async def test_an_agent_that_is_gone_needs_no_answer():
    peer = Peer()
    desk = PermissionDesk(peer, "ask")
    await desk.ask(request(1, "allow_once"), "c1", "edit", "")
    peer.is_gone = True
    assert await desk.answer("1", allow=True) is None
