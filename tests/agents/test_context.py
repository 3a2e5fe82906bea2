"""What each real agent's vendor sees of a plan of 400 kB: all that the task needs, whole, and no more than fits."""

from __future__ import annotations

import pytest
from doors import Project
from fake_model import FakeModel
from real_agents import CLAUDE, CODEX, GEMINI, OPENCODE, QWEN, VIBE, RealAgent, environment

from orchestrator.engine.prompt import PROMPT_LENGTH_MAX

RUN_SECONDS = 240
SECTIONS = 100
LONG = "".join(f"## Part {n}\n\nbegin-{n} {'word ' * 800}end-{n}\n\n" for n in range(SECTIONS))
PLAN = f"""\
# Build a house

Never use asbestos.

## Constraints

Everything is made of wood: "oak" or <ash>, é and 木.

{LONG}
## Phase 1: Walls

**Objective:** Four of them.

### Inside

Only dry wood.

- [x] 1.1 Order the wood
- [ ] 1.2 Saw it [[scenario:hello]]
  - depends: 1.1
  - files: beams.txt
  - with the big saw
- [ ] 1.3 Panel the kitchen
  - gate: human

## Risks

Rain.
"""
SEEN = (
    *(
        "docs/plans/house.md",
        "Never use asbestos.",
        "## Constraints",
        'made of wood: "oak" or <ash>, é and 木.',
    ),
    *("Walls", "Four of them.", "### Inside", "Only dry wood.", "with the big saw", "beams.txt"),
    *("Order the wood", "Panel the kitchen", "BLOCKED: ", "Left out here for their length"),
)

pytestmark = [pytest.mark.long, pytest.mark.sweep, pytest.mark.timeout(300), pytest.mark.needs_node]


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project")
    yield project
    for door in project.doors:
        door.kill()
        door.wait()


@pytest.mark.parametrize(
    "agent",
    [CLAUDE, CODEX, OPENCODE, GEMINI, QWEN, pytest.param(VIBE, marks=pytest.mark.by_hand)],
    ids=lambda agent: agent.name,
)
def test_its_vendor_sees_the_context_of_the_task(project, tmp_path, agent: RealAgent):
    assert len(PLAN) > 400_000
    project.plan("house", PLAN)
    with FakeModel() as model:
        run = project.open(
            *("plan_orchestrator.py", "--plan", "house", "--agent", agent.name),
            *("--max-attempts", "1", "--on-blocked", "exit"),
            environment=environment(agent, tmp_path / "home", model.url),
        )
        run.wait(RUN_SECONDS)
        requests = model.asked("hello")
    assert requests, run.text
    seen = requests[0].question.prompt
    assert [part for part in SEEN if part not in seen] == []
    assert all((f"begin-{n} " in seen) is (f"end-{n}\n" in seen) for n in range(SECTIONS))

    # It is what was recorded, and nothing of it is cut on its way through the agent.
    instance = project.only_id()
    sent = next(event["data"] for event in project.events(instance) if event["type"] == "prompt_sent")
    kept = project.command("prompt", "house", "1.2", "--attempt", "1").strip()
    assert sent["characters"] <= PROMPT_LENGTH_MAX
    assert kept in seen
