"""A night with three real agents in a repository, killed once; in the morning a person edits the plan in all ways.

Whatever happens to process, folder and plan: no task that is unchanged runs again, none gets lost, and no tick
stands for an instruction that no agent was sent.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable

import pytest
from doors import Door, Project, marked_processes, wait_until
from fake_model import FakeModel
from git_repositories import git, repository
from real_agents import CLAUDE, CODEX, OPENCODE, together

PLAN = """\
# Harden the attributes

Never add a dependency.

## Constraints

Names are exported in `__all__`.

## Phase 1: Groundwork

- [ ] 1.1 Write down where we start

  ```sh
  git log > baseline.txt
  ```

- [ ] 1.2 Survey the module [[scenario:three_tools]]
  - agent: claude
  - files: notes.txt
  - verify: `test -s notes.txt`
- [ ] 1.3 List its callers [[scenario:three_tools]]
  - agent: codex
- [ ] Tidy up the benchmark [[scenario:talks]]
  - agent: opencode
  - files: bench.py

## Phase 2: Work

**Objective:** The helper exists.

- [ ] 2.1 Publish a preview [[scenario:declines]]
  - agent: opencode
- [ ] 2.2 Announce the preview (depends: 2.1) [[scenario:hello]]
  - agent: claude
- [ ] 2.3 Review it without a change [[scenario:denied]]
  - agent: claude
  - permissions: read-only
- [ ] 2.4 Compare it with others [[scenario:idle]]
  - agent: codex
  - attempts: 1
- [ ] 2.5 Add the tests (depends: 2.3, 2.4) [[scenario:hello]]
  - agent: codex
- [ ] 2.6 Tidy up the plan [[scenario:edits_the_plan]]
  - agent: opencode
- [ ] 2.7 Build it [[scenario:gate]]
  - agent: codex

## Phase 3: Wrap up

- [ ] 3.1 List the notes

  ```sh
  echo listed >> listed.txt
  ```
"""
ARGUMENTS = ("--plan", "night", "--parallel", "3", "--back-off", "0.1", "--on-blocked", "exit")
RUN_SECONDS = 240
AFTER_THE_NIGHT = (
    "1.1 checked, 1.2 checked, 1.3 unchecked, 1.4 unchecked, 2.1 failed, 2.2 pending, 2.3 failed, 2.4 failed, "
    "2.5 pending, 2.6 unchecked, 2.7 unchecked, 3.1 pending"
)
AFTER_THE_MORNING = (
    "1.0 unchecked, 1.1 stale, 1.2 unchecked, 1.8 unchecked, 1.4 unchecked, 2.1 failed, 2.2 pending, "
    "2.3 unchecked, 2.5 pending, 2.6 unchecked, 2.7 unchecked, 3.1 pending"
)
IN_THE_MORNING = (
    # Inserted, renumbered, reworded, with another check, without its id, deleted, ticked, moved, allowed more.
    ("- [ ] 1.1 Write", "- [ ] 1.0 Say hello [[scenario:hello]]\n  - agent: claude\n- [ ] 1.1 Write"),
    ("1.3 List its callers", "1.8 List its callers"),
    ("git log > baseline.txt", "git log > start.txt"),
    ("test -s notes.txt", "grep -q line notes.txt"),
    ("2.6 Tidy up the plan", "Tidy up the plan"),
    ("- [ ] 2.4 Compare it with others [[scenario:idle]]\n  - agent: codex\n  - attempts: 1\n", ""),
    ("(depends: 2.3, 2.4)", "(depends: 2.1)"),
    ("- [ ] 2.1 Publish", "- [x] 2.1 Publish"),
    ("2.3 Review it without a change", "2.3 Review it"),
    ("  - permissions: read-only\n", ""),
    ("- [ ] 2.7 Build it [[scenario:gate]]\n  - agent: codex\n", ""),
    ("## Phase 3: Wrap up\n", "## Phase 3: The end\n\n- [ ] Build it [[scenario:gate]]\n  - agent: codex\n"),
)
SAID_IN_THE_MORNING = (
    *("new: 1.0 Say hello", "1.3 → 1.8 List its callers", "reworded: 1.1 Write down", "2.3 Review it"),
    *("no longer in the plan: 2.4 Compare it with others", "which had failed"),
    *("unchecked, since their check was changed: 1.2 Survey the module", "approve-plan night"),
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.needs_node]


@pytest.fixture
def project(tmp_path):
    repository(tmp_path / "project")
    project = Project(tmp_path / "project")
    yield project
    for door in project.doors:
        door.kill()
        door.wait()


def test_a_night_and_the_morning_after(project, tmp_path):
    project.plan("night", PLAN)
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "The plan")
    with FakeModel(root=project.root) as model:
        variables = together((CLAUDE, CODEX, OPENCODE), tmp_path / "home", model.url)

        def run(*more: str) -> Door:
            return project.open("plan_orchestrator.py", *ARGUMENTS, *more, environment=variables)

        the_night(project, run)
        project.root = model.root = project.root.rename(tmp_path / "moved")
        text = edited(project)
        begun = len(model.requests)
        the_morning(project, run)
        scenarios = {request.question.scenario for request in model.requests[begun:]}
        assert scenarios - {None} == {"hello", "declines", "denied"}, "something unchanged ran again"
        no_false_tick(project, text)
        the_end(project, run)
        no_false_tick(project, text)
    assert model.strays == []


def the_night(project: Project, run: Callable[..., Door]) -> None:
    """Killed while Codex builds, and run on."""
    door = run()
    killed = project.only_id()
    following = project.start("events", killed, "--follow", "--json")
    wait_until(lambda: any('"tool_started"' in line and '"2.7"' in line for line in following.lines), 120)
    door.kill(signal.SIGKILL)
    door.wait()
    following.kill(signal.SIGINT)
    wait_until(lambda: not marked_processes(killed))
    (project.root / "go").touch()
    door = run()
    assert door.wait(RUN_SECONDS) == 1, door.text
    assert "Task 2.1 was declined and needs a person" in door.text
    assert states(project) == AFTER_THE_NIGHT, door.text
    done = [task.split()[0] for task in AFTER_THE_NIGHT.split(", ") if "checked" in task]
    assert steps(project, "completed") == dict.fromkeys(done, 1)
    # At most one in each run: it would decline again, and be denied again.
    begun = steps(project, "in_progress")
    assert max(begun["2.1"], begun["2.3"]) <= 2, door.text


def edited(project: Project) -> str:
    """The plan as a person has left it in the morning."""
    plan = project.root / "docs" / "plans" / "night.md"
    text = plan.read_text()
    assert "sneaked" in text, "the agent has edited the plan"
    for old, new in IN_THE_MORNING:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    plan.write_text(text)
    return text


def the_morning(project: Project, run: Callable[..., Door]) -> None:
    """What was edited is said, only what is new or open runs, and what the agent wrote does not."""
    door = run()
    assert door.wait(RUN_SECONDS) == 1, door.text
    assert [said for said in SAID_IN_THE_MORNING if said not in door.text] == [], door.text
    assert sorted(states(project).split(", ")) == sorted(AFTER_THE_MORNING.split(", ")), door.text
    assert not project.root.joinpath("listed.txt").exists()


def the_end(project: Project, run: Callable[..., Door]) -> None:
    """A person does what the agent could not, approves what it wrote, and has the rest done."""
    project.command("approve-plan", "night", "--yes")
    door = run("--on-blocked", "wait", "--reworded", "rerun")
    project.command("skip-task", wait_until(lambda: blocked(project), 120), "2.1", "--reason", "done by hand")
    assert door.wait(RUN_SECONDS) == 0, door.text
    assert project.root.joinpath("start.txt").exists()
    assert project.root.joinpath("listed.txt").read_text() == "sneaked\n"
    sent = project.command("prompt", "night", "2.2", "--attempt", "1")
    needed = (
        "Never add a dependency.",
        "## Constraints",
        "The helper exists.",
        "2.1 (skipped: done by hand)",
    )
    assert [said for said in needed if said not in sent] == [], sent
    assert {shown_as(task) for task in tasks(project).values()} == {"checked", "unchecked", "skipped"}


def tasks(project: Project) -> dict[str, dict]:
    return {task["id"]: task for task in json.loads(project.command("status", "--json"))["tasks"]}


def states(project: Project) -> str:
    """What each task is shown as."""
    return ", ".join(f"{task_id} {shown_as(task)}" for task_id, task in tasks(project).items())


def shown_as(task: dict) -> str:
    if task["stale"]:
        return "stale"
    if task["status"] == "completed":
        return "checked" if task["verified"] else "unchecked"
    return str(task["status"])


def blocked(project: Project) -> str | None:
    rows = json.loads(project.command("list", "--json"))
    return next((row["id"] for row in rows if row["status"] == "blocked"), None)


def steps(project: Project, status: str) -> Counter[str]:
    """How often each task came to this status, in all the plan's logs."""
    rows = json.loads(project.command("list", "--all", "--json"))
    events = [event for row in rows for event in project.events(row["id"])]
    changes = [event["data"] for event in events if event["type"] == "task_changed"]
    return Counter(change["task_id"] for change in changes if change["new_status"] == status)


def no_false_tick(project: Project, text: str) -> None:
    """What is shown as completed was sent to an agent as the plan says it now, or is a block that ran."""
    for task_id, task in tasks(project).items():
        if shown_as(task) not in {"checked", "unchecked"} or task["agent"] == "shell":
            continue
        sent = project.command("prompt", "night", task_id, "--attempt", str(task["attempt"]))
        assert f": {task['description']}" in sent, task_id
        assert task["description"].split(" [[")[0] in text, task_id
