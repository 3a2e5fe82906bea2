"""The TypeScript client against the real server and a real run: nothing lost, nothing twice, wherever it is cut."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import httpx
import node
import pytest
from cutting_proxy import CuttingProxy
from doors import Project, wait_until

from orchestrator.client.messages import Envelope, entry_of
from orchestrator.domain.events import EVENT_TYPES
from orchestrator.domain.projection import orchestrator_status
from orchestrator.domain.run_state import RunState, apply

PLAN = """\
# Eventful

## Phase 1: One

- [ ] 1.1 Works at the first go
  - model: demo
- [ ] 1.2 Works at the second go (depends: 1.1)
- [ ] 1.3 Fails until it is retried

## Phase 2: Two

- [ ] 2.1 Is skipped
- [ ] 2.2 Comes last (depends: 2.1)
"""
SCRIPT = """\
tasks:
  "1.1":
    - {say: "Grüße 🚀"}
    - {tool: Read, input: a.py, output: "120 lines"}
    - {usage: {model: demo, input_tokens: 1200, output_tokens: 80, cost_usd: 0.01}}
    - {usage: {model: demo, input_tokens: 7, output_tokens: 8, cost_usd: 0.02}}
    - {usage: {output_tokens: 9}}
    - {ask: "make deploy"}
    - {ask: "make undeploy"}
    - {usage: {model: other, cache_read_tokens: 5, cost_usd: 0.1}}
  "1.2":
    attempts:
      - [{fail: "flaky"}]
      - [{finish: "good"}]
  "1.3":
    attempts:
      - [{limit: {message: "full", seconds: 0.2}}]
      - [{ask: "go on?"}]
      - [{fail: "broken"}]
      - [{fail: "broken again"}]
      - [{finish: "good"}]
  "2.1":
    - {fail: "never works"}
  "2.2":
    attempts:
      - [{usage: {model: demo, input_tokens: 9000}}, {hang: true}]
      - [{finish: "good"}]
default:
  - {tool: Bash, input: make, output: "fine"}
"""
# What only the server knows: see `applyEvent`.
SERVERS_OWN = {"blocked_by", "waiting_for", "unapproved"}

pytestmark = pytest.mark.needs_node


class Recorded:
    """A run that has had a bit of everything, and the server that tells of it."""

    def __init__(self, project: Project) -> None:
        project.plan("eventful", PLAN)
        (project.root / "script.yaml").write_text(SCRIPT)
        self.url = project.serve().url
        script = ("--agent", "scripted", "--script", str(project.root / "script.yaml"))
        choices = ("--on-blocked", "wait", "--back-off", "0", "--budget-tokens", "9000")
        run = project.run("--plan", "eventful", *script, *choices)
        self.id = project.only_id()
        self.base = f"{self.url}/api/orchestrators/{self.id}"
        for question, is_allowed in (("1.1-1-1", True), ("1.1-1-2", False)):
            self._until_asked(question)
            self._command(f"approvals/{question}", {"allow": is_allowed})
        # A question that goes with its attempt, which is the second one after that at a limit.
        self._until_asked("1.3-2-1")
        self._command("pause?mode=now")
        self._command("resume")
        self._until("blocked")
        self._command("retry-task", {"task_id": "1.3"})
        self._until("blocked")
        self._command("pause")
        self._command("skip-task", {"task_id": "2.1"})
        self._command("resume")
        # Its budget is used up.
        self._until("paused")
        self._command("resume")
        assert run.wait() == 0
        self.log = httpx.get(f"{self.base}/events", params={"after": 0, "limit": 1000}).json()

    def _until(self, status: str) -> None:
        wait_until(lambda: httpx.get(self.base).json()["status"] == status)

    def _until_asked(self, question: str) -> None:
        wait_until(lambda: [one["id"] for one in httpx.get(f"{self.base}/approvals").json()] == [question])

    def _command(self, verb: str, body: object = None) -> None:
        answer = httpx.post(f"{self.base}/{verb}", json=body or {})
        assert answer.status_code == 200, answer.text

    def status(self, seq: int) -> dict:
        return httpx.get(f"{self.base}/status", params={"at_seq": seq}).json()


@pytest.fixture
def recorded(project: Project) -> Recorded:
    return Recorded(project)


def comparable(value: object) -> object:
    """Without what only the server knows; moments as moments, since they are written in two ways."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items() if key not in SERVERS_OWN}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


@pytest.mark.timeout(300)
def test_the_status_folds_to_what_the_server_says_at_every_event(recorded: Recorded, tmp_path):
    script = node.TYPESCRIPT / "src" / "fold.ts"
    assert EVENT_TYPES.keys() - {event["type"] for event in recorded.log} == {
        "plan_changed",
        "plan_approved",
    }
    from_the_log = node.run_script(script, tmp_path, {"events": recorded.log})
    assert len(from_the_log) == len(recorded.log)
    said = [recorded.status(event["seq"]) for event in recorded.log]
    for folded, status in zip(from_the_log, said, strict=True):
        assert comparable(folded) == comparable(status)
    # From a snapshot in the middle on; what is in it already changes nothing.
    middle = len(said) // 2
    from_a_snapshot = node.run_script(script, tmp_path, {"start": said[middle], "events": recorded.log})
    assert comparable(from_a_snapshot[-1]) == comparable(said[-1])
    assert from_a_snapshot[middle] == said[middle]
    # As after a crash, where nobody is left who could settle the questions: they go with their attempt.
    cut = [event for event in recorded.log if event["type"] != "approval_settled"]
    state = RunState()
    for event, folded in zip(cut, node.run_script(script, tmp_path, {"events": cut}), strict=True):
        state = apply(state, entry_of(Envelope.model_validate(event)))
        status = orchestrator_status(state, recorded.id).model_dump(mode="json")
        assert comparable(folded) == comparable(status)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_cut_at_every_event_it_hands_over_the_same_log(recorded: Recorded, tmp_path):
    port = urlsplit(recorded.url).port
    assert port
    final = comparable(recorded.status(recorded.log[-1]["seq"]))
    seqs = [event["seq"] for event in recorded.log]
    with CuttingProxy(port) as proxy:
        cases = [
            {
                "case": (name := f"{transport}-{seq}-{amid}"),
                "transport": transport,
                "base": proxy.base(name, seq, amid=amid),
            }
            for transport in ("websocket", "sse")
            for seq in seqs
            for amid in (False, True)
        ]
        told = node.run_script(
            node.TYPESCRIPT / "src" / "cuts.ts", tmp_path, {"id": recorded.id, "cases": cases}
        )
        assert proxy.cuts == len(cases)
    assert len(told) == len(cases) == 4 * len(seqs)
    for case in told:
        assert case["seqs"] == seqs, case["case"]
        assert comparable(case["status"]) == final, case["case"]
        assert (case["state"], case["completeUpTo"]) == ("ended", seqs[-1]), case["case"]
        # Behind the last event nothing is left to connect for.
        assert case["reconnections"] == (0 if case["case"].endswith(f"-{seqs[-1]}-False") else 1), case[
            "case"
        ]
