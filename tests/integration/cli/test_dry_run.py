"""`orchestrator run --dry-run`: who would do what, and what would not start, with why."""

from __future__ import annotations

import pytest

from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.run import RunRequest, run_plan
from orchestrator.engine.records import NewRun

HEAD = "# P\n\n## Phase 1: only\n\n"
TICKED = "- [x] 1.1 Pour the concrete\n  - agent: nosuch\n  - verify: `true`\n"
EDITED = """\
- [ ] 1.1 Edit the plan

  ```sh
  sed -i 's/echo mine/echo theirs/' docs/plans/p.md
  ```

- [ ] 1.2 Build

  ```sh
  echo mine
  ```

- [ ] 1.3 Publish (depends: 1.2)

  ```sh
  echo it
  ```

- [ ] 1.4 Sign
  - gate: human
"""


@pytest.fixture
def run(tmp_path, capsys):
    """Runs the text as the plan `p`, or says what would run; returns the exit code and the output."""

    def run(text=None, **options):
        path = tmp_path / "docs/plans/p.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
        capsys.readouterr()
        code = run_plan(RunRequest(run=NewRun(plan="p"), root=tmp_path, **options))
        return code, capsys.readouterr().out

    return run


def test_a_ticked_box_that_is_only_checked_needs_no_agent(run):
    code, shown = run(HEAD + TICKED, dry_run=True)
    assert code is ExitCode.COMPLETED
    assert "1.1        its check Pour the concrete  [if that fails: " in shown
    code, shown = run(HEAD + TICKED.replace("[x]", "[ ]"), dry_run=True)
    assert code is ExitCode.NO_AGENT
    assert "1.1        nobody    Pour the concrete" in shown


def test_what_would_not_start_is_named_with_what_it_waits_for(run):
    run(HEAD + EDITED)
    code, shown = run(dry_run=True)
    assert code is ExitCode.COMPLETED
    assert shown.partition("Would not start:\n")[2].splitlines() == [
        "      1.2        Build  (waits for approve-plan: shell block changed during an attempt)",
        "      1.3        Publish  (waits for 1.2)",
        "      1.4        Sign  (waits for a person (gate: human))",
    ]
