"""A plan that somebody edits between two runs: with the real program, as users type it."""

from __future__ import annotations

import json

from doors import Project

BLOCK = "\n  ```sh\n  {}\n  ```\n"
HEAD = "# Edited\n\n## Phase 1: Work\n\n"
BAKE = "- [ ] Bake the bread\n" + BLOCK.format("echo bread >> done.txt")
SELL = "- [ ] Sell the bread\n" + BLOCK.format("echo sold >> done.txt; test -e customers")
SWEEP = "- [ ] Sweep the floor\n" + BLOCK.format("echo swept >> done.txt")


def lines(project: Project) -> list[str]:
    return (project.root / "done.txt").read_text().split()


def tasks(project: Project) -> dict[str, dict]:
    status = json.loads(project.command("status", "--json"))
    return {task["id"]: task for task in status["tasks"]}


def test_a_task_in_front_runs_and_no_number_carries_a_tick_to_other_work(project: Project):
    project.plan("edited", HEAD + BAKE + SELL)
    project.command("run", "edited", code=1)
    project.plan("edited", HEAD + SWEEP + BAKE)
    said = project.command("run", "edited")
    assert lines(project) == ["bread", "sold", "swept"]
    assert "new: 1.3 Sweep the floor" in said
    assert "no longer in the plan: 1.2 Sell the bread, which had failed" in said
    assert {task_id: task["description"] for task_id, task in tasks(project).items()} == {
        "1.3": "Sweep the floor",
        "1.1": "Bake the bread",
    }


def test_another_instruction_under_the_same_id_is_noticed(project: Project):
    plan = HEAD + "- [ ] 1.1 Count the eggs\n" + BLOCK.format("echo counted >> done.txt")
    project.plan("edited", plan)
    project.command("run", "edited")
    project.plan("edited", plan.replace("echo counted", "echo smashed"))
    said = project.command("run", "edited")
    assert "reworded: 1.1 Count the eggs (completed for its earlier wording)" in said
    assert "nobody can be asked" not in said
    assert "--reworded rerun" in said
    assert "≈" in project.command("status")
    assert (tasks(project)["1.1"]["stale"], lines(project)) == ("wording", ["counted"])
    project.command("run", "edited", "--reworded", "rerun")
    assert (tasks(project)["1.1"]["stale"], lines(project)) == (None, ["counted", "smashed"])


def test_a_ticked_box_counts_once_its_check_passes_and_a_check_of_the_plan_runs_once(project: Project):
    check = '---\nverify: "echo all >> checks.txt; test -e oven"\n---\n'
    ticked = (BAKE + SWEEP).replace("[ ]", "[x]")
    own = "- [x] Buy flour\n  - verify: `true`\n"
    project.plan("ticked", check + HEAD + ticked + own)
    said = project.command("run", "ticked", "--on-blocked", "exit", code=1)
    assert said.count("ticked in the plan, but its check failed") == 2
    # Once for both ticks, and once for each of the two that were run after that.
    assert (project.root / "checks.txt").read_text().split() == ["all"] * 3
    assert lines(project) == ["bread", "swept"]
    assert tasks(project)["1.3"]["status"] == "completed"
    assert tasks(project)["1.3"]["verified"]


def test_an_edit_that_is_taken_back_after_a_run_that_did_not_reach_it_runs_nothing_twice(project: Project):
    plan = HEAD + SWEEP + "\n## Phase 2: Trade\n\n" + BAKE
    project.plan("edited", plan)
    project.command("run", "edited")
    fails = "- [ ] Light the oven\n" + BLOCK.format("false")
    edited = plan.replace("echo bread", "echo cake").replace("\n## Phase 2", f"{fails}\n## Phase 2")
    project.plan("edited", edited)
    project.command("run", "edited", code=1)
    project.plan("edited", plan)
    said = project.command("run", "edited")
    assert "2.1 Bake the bread" not in said
    assert lines(project) == ["swept", "bread"]
    assert tasks(project)["2.1"]["stale"] is None
