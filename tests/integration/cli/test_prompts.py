"""`orchestrator prompt PLAN TASK --attempt N` after the plan was renumbered, before and after its next run."""

from __future__ import annotations

import pytest

from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.prompts import show_sent_prompt
from orchestrator.cli.run import RunRequest, run_plan
from orchestrator.domain.errors import UsageError
from orchestrator.engine.records import NewRun

HEAD = "# P\n\n## Phase 1: only\n\n"
PLAN = HEAD + "- [ ] 1.1 Pour the concrete\n- [ ] 1.2 Raise the walls\n"
RENUMBERED = HEAD + "- [ ] 1.1 Dig a hole\n- [ ] 1.2 Pour the concrete\n- [ ] 1.3 Raise the walls\n"
SHELL = "- [ ] 1.4 Say hi\n\n  ```sh\n  echo hi\n  ```\n"


@pytest.fixture
def project(tmp_path):
    """Runs the text as the plan `p` with the scripted agent; returns the root."""
    (tmp_path / "docs/plans").mkdir(parents=True)
    script = tmp_path / "script.json"
    script.write_text("{}")

    def run(text):
        (tmp_path / "docs/plans/p.md").write_text(text)
        request = RunRequest(run=NewRun(plan="p", agent="scripted"), script=script, root=tmp_path)
        assert run_plan(request) is ExitCode.COMPLETED
        return tmp_path

    return run


def test_the_prompt_of_a_renumbered_task_is_found_under_the_plans_id_of_now(project, capsys):
    root = project(PLAN)
    (root / "docs/plans/p.md").write_text(RENUMBERED)

    def task_sent(task_id, attempt=1):
        capsys.readouterr()
        show_sent_prompt("p", task_id, attempt, root)
        return capsys.readouterr().out.partition("Your task, ")[2].split("\n")[0]

    # Before a run: the latest one knew the concrete as 1.1 and the walls as 1.2.
    assert "Pour the concrete" in task_sent("1.2")
    assert "Raise the walls" in task_sent("1.3")
    with pytest.raises(UsageError, match=r"Task 1\.1 is new in the plan"):
        task_sent("1.1")
    project(RENUMBERED + SHELL)
    assert "Dig a hole" in task_sent("1.1")
    assert "Pour the concrete" in task_sent("1.2")
    assert "Raise the walls" in task_sent("1.3")
    with pytest.raises(UsageError, match=r"There was no attempt 7 of task 1\.3: 1 attempt so far"):
        task_sent("1.3", 7)
    with pytest.raises(UsageError, match=r"The shell does task 1\.4"):
        task_sent("1.4")
