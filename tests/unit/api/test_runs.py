"""`POST /api/orchestrators`: every answer, with a launcher that only says what a process would do."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.engine import run_starter
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.records import AgentCheck, EndedRun, LaunchedRun, NewInstance, NewRun
from orchestrator.engine.run_starter import RunStarter

GOOD = "# Good\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n"
BAD = "# Bad\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n- [ ] 1.1 again\n- [ ] 1.2 late (depends: 9.9)\n"
SHELL = "# Shell\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n\n  ```sh\n  true\n  ```\n"
SNIPPETS = "# Snippets\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n  - see:\n    ```sh\n    true\n    ```\n"
NOTHING = "# Nothing\n\n## Phase 1: Build\n\n### 1A. Dig\n"
THEIRS = "# Theirs\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n  - agent: theirs\n"
CHECKED = "# Checked\n\n## Phase 1: Build\n\n- [ ] 1.1 first\n  - verify: `true`\n"


def instance(ports, instance_id: str, name: str = "good", path: str = "docs/plans/good.md") -> NewInstance:
    return NewInstance(instance_id, ports.project, name, path, str(ports.root), "here", 1, "1")


class FakeLauncher:
    """A process that claims its plan, or ends at once."""

    def __init__(self, ports) -> None:
        self.ports = ports
        self.launched: list[NewRun] = []
        self.may_run_repository: list[bool] = []
        self.exit: EndedRun | None = None
        self.claims = True
        self.claiming: asyncio.Task[object] | None = None

    async def launch(self, run: NewRun, *, may_run_repository: bool) -> LaunchedRun:
        self.launched.append(run)
        self.may_run_repository.append(may_run_repository)
        instance_id = f"orch-{len(self.launched)}"
        if self.claims:
            file = await self.ports.plans.read(run.plan)
            new = instance(self.ports, instance_id, file.name, file.path)
            self.claiming = asyncio.create_task(self.ports.registry.claim(new))
        return LaunchedRun(instance_id, f".git/orchestrator/logs/{instance_id}.log")

    async def ended(self, _launched: LaunchedRun) -> EndedRun:
        if self.exit is None:
            await asyncio.Event().wait()
        return self.exit


class Checked:
    """An agent that is ready, or one that the repository names."""

    def __init__(self, name: str, *, is_theirs: bool) -> None:
        self.name = name
        self._check = AgentCheck(is_ready=not is_theirs, named_by_repository=is_theirs)

    async def check(self) -> AgentCheck:
        return self._check


SHELL_AGENT = Checked("shell", is_theirs=False)
OURS, THEIRS_AGENT = Checked("ours", is_theirs=False), Checked("theirs", is_theirs=True)


class Alive:
    async def bury_if_dead(self, _record) -> bool:
        return False


@pytest.fixture
def launcher(ports):
    plans = {
        "good": GOOD, "bad": BAD, "shell": SHELL, "checked": CHECKED, "snippets": SNIPPETS, "nothing": NOTHING,
        "theirs": THEIRS,
    }  # fmt: skip
    for name, text in plans.items():
        ports.plans.put(f"{name}.md", text.encode())
    return FakeLauncher(ports)


@pytest.fixture
async def post(make_world, launcher, ports):
    async def post(body, *, allow_shell: bool = False, agents=(SHELL_AGENT, OURS, THEIRS_AGENT), **changes):
        starter = RunStarter(ports, Alive(), launcher, AgentRoll(lambda: agents))
        world = await make_world(starter=starter, allow_shell=allow_shell, **changes)
        return await world.client.post("/api/orchestrators", json=body)

    return post


async def test_a_run_is_started_and_told_when_it_has_its_plan(post, launcher) -> None:
    answer = await post({"plan": "good", "agent": "scripted", "parallel": 3, "restart": True})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/orchestrators/orch-1"
    body = answer.json()
    shown = (body["id"], body["plan_path"], body["status"], body["is_alive"])
    assert shown == ("orch-1", "docs/plans/good.md", "starting", True)
    assert body["log_path"] == ".git/orchestrator/logs/orch-1.log"
    assert launcher.launched == [NewRun("good", "scripted", 3, restart=True)]


async def test_permissions_and_budgets_reach_the_run(post, launcher) -> None:
    answer = await post(
        {"plan": "good", "permissions": "read-only", "budget_usd": 2.5, "budget_tokens": 1000}
    )
    assert answer.status_code == 201
    assert launcher.launched == [NewRun("good", permissions="read-only", budget_usd=2.5, budget_tokens=1000)]


async def test_a_plan_with_errors_is_refused_with_their_lines(post, launcher) -> None:
    answer = await post({"plan": "bad"})
    assert (answer.status_code, answer.json()["code"]) == (422, "plan_invalid")
    problems = [(p["severity"], p["code"], p["line"]) for p in answer.json()["problems"]]
    assert problems == [("error", "duplicate_id", 6), ("error", "unknown_dependency", 7)]
    assert launcher.launched == []


async def test_a_plan_in_which_no_task_was_found_is_refused(post, launcher) -> None:
    answer = await post({"plan": "nothing"})
    assert (answer.status_code, answer.json()["code"]) == (422, "plan_invalid")
    (problem,) = answer.json()["problems"]
    assert problem["code"] == "no_tasks"
    assert "`### 1A. Dig`" in problem["message"]
    assert launcher.launched == []


@pytest.mark.parametrize("plan", ["missing", "../good", "/etc/passwd", "docs/plans/../../x.md", "--help"])
async def test_an_unknown_plan_is_not_found(post, launcher, plan) -> None:
    answer = await post({"plan": plan})
    assert (answer.status_code, answer.json()["code"]) == (404, "plan_not_found")
    assert launcher.launched == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"plan": ""},
        {"plan": 1},
        {"plan": "good", "script": "/etc/passwd"},
        {"plan": "good", "agent": "--help"},
        {"plan": "good", "parallel": 0},
        {"plan": "good", "parallel": "2"},
        {"plan": "good", "timeout_seconds": 0},
        {"plan": "good", "restart": "yes"},
        {"plan": "good", "permissions": "root"},
        {"plan": "good", "budget_usd": 0},
        {"plan": "good", "budget_tokens": 0.5},
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(post, launcher, body) -> None:
    answer = await post(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert launcher.launched == []


@pytest.mark.parametrize("body", [{"plan": "shell"}, {"plan": "checked"}, {"plan": "good", "agent": "shell"}])
async def test_shell_blocks_need_a_permission(post, launcher, body) -> None:
    answer = await post(body)
    assert (answer.status_code, answer.json()["code"]) == (403, "shell_not_allowed")
    assert "--allow-shell" in answer.json()["detail"]
    assert launcher.launched == []
    assert (await post(body, allow_shell=True)).status_code == 201
    assert launcher.may_run_repository == [True]


@pytest.mark.parametrize("body", [{"plan": "theirs"}, {"plan": "good", "agent": "theirs"}])
async def test_agents_that_the_repository_names_need_a_permission(post, launcher, body) -> None:
    answer = await post(body)
    assert (answer.status_code, answer.json()["code"]) == (403, "agent_not_allowed")
    assert "theirs, whose program this repository names" in answer.json()["detail"]
    assert "--allow-shell" in answer.json()["detail"]
    assert launcher.launched == []
    assert (await post(body, allow_shell=True)).status_code == 201
    assert launcher.may_run_repository == [True]


async def test_a_run_that_may_not_start_them_is_told_so(post, launcher) -> None:
    """Its files may change after they were looked at."""
    assert (await post({"plan": "good"})).status_code == 201
    assert launcher.may_run_repository == [False]


async def test_the_first_agent_that_is_ready_is_none_that_the_repository_names(post, launcher) -> None:
    answer = await post({"plan": "good"}, agents=(SHELL_AGENT, THEIRS_AGENT))
    assert (answer.status_code, answer.json()["code"]) == (403, "agent_not_allowed")
    assert launcher.launched == []


async def test_snippets_in_an_agent_s_instruction_need_none(post) -> None:
    assert (await post({"plan": "snippets", "agent": "scripted"})).status_code == 201
    assert (await post({"plan": "snippets", "agent": "shell"})).status_code == 403


async def test_a_token_is_a_permission(make_world, launcher, ports) -> None:
    token = "t" * 16
    starter = RunStarter(ports, Alive(), launcher, AgentRoll(lambda: (SHELL_AGENT, THEIRS_AGENT)))
    world = await make_world(starter=starter, token=token)
    for plan in ("shell", "theirs"):
        answer = await world.client.post(
            "/api/orchestrators", json={"plan": plan}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 201
    assert launcher.may_run_repository == [True, True]


async def test_a_plan_that_is_worked_on_is_refused_with_its_owner(post, launcher) -> None:
    await post({"plan": "good"})
    answer = await post({"plan": "good"})
    assert (answer.status_code, answer.json()["code"], answer.json()["owner"]) == (
        409,
        "plan_owned",
        "orch-1",
    )
    assert answer.json()["lease_until"].endswith("Z")
    assert len(launcher.launched) == 1


async def test_one_that_lost_the_race_names_the_winner(post, launcher, ports) -> None:
    launcher.claims = False
    launcher.exit = EndedRun(2, "orch-0 is working on docs/plans/good.md")
    launch = launcher.launch

    async def another_is_first(run, **choices):
        await ports.registry.claim(instance(ports, "orch-0"))
        return await launch(run, **choices)

    launcher.launch = another_is_first
    answer = await post({"plan": "good"})
    assert (answer.status_code, answer.json()["owner"]) == (409, "orch-0")


@pytest.mark.parametrize(
    ("code", "status", "problem"), [(3, 503, "agent_unavailable"), (1, 503, "run_not_started")]
)
async def test_a_process_that_ends_at_once_says_why(post, launcher, code, status, problem) -> None:
    launcher.claims = False
    launcher.exit = EndedRun(code, "No agent is called robot.")
    answer = await post({"plan": "good"})
    assert (answer.status_code, answer.json()["code"]) == (status, problem)
    assert "No agent is called robot." in answer.json()["detail"]


async def test_a_process_that_says_nothing_is_not_waited_for_for_ever(post, launcher, monkeypatch) -> None:
    monkeypatch.setattr(run_starter, "START_SECONDS", 0.05)
    launcher.claims = False
    answer = await post({"plan": "good"})
    assert (answer.status_code, answer.json()["code"]) == (503, "run_not_started")
    assert answer.json()["log_path"] == ".git/orchestrator/logs/orch-1.log"


async def test_a_server_without_a_starter_says_so(world) -> None:
    answer = await world.client.post("/api/orchestrators", json={"plan": "demo"})
    assert (answer.status_code, answer.json()["code"]) == (503, "run_not_started")
