"""What is shown of tasks whose agents only say that they are done."""

from __future__ import annotations

import json
import re
import subprocess

PLAN = """\
# Doubtful

## Phase 1: Work

- [ ] 1.1 Write hello.txt
  - files: hello.txt
- [ ] 1.2 Mend app.py
  - verify: `test -f app.py`
- [ ] 1.3 Write other.txt (depends: 1.1)

  ```sh
  echo hello > other.txt
  ```
- [x] 1.4 Done by hand
"""
SCRIPT = {
    "tasks": {
        "1.1": [{"say": "I have done everything."}],
        "1.2": [{"tool": "Edit", "input": "app.py", "denied": True}, {"tool": "Read", "input": "app.py"}],
    }
}
NO_DEED = "no tool call, no declared file touched, nothing changed"


def test_a_tick_alone_stands_for_what_was_checked(project):
    project.plan("doubtful", PLAN)
    (project.root / "app.py").write_text("a = 1\n")
    (project.root / "script.json").write_text(json.dumps(SCRIPT))
    subprocess.run(["git", "init", "-q", str(project.root)], check=True)
    arguments = ("--plan", "doubtful", "--script", str(project.root / "script.json"))
    run = project.run(*arguments)
    assert run.wait() == 0
    assert re.search(rf"✓\? 1\.1 Write hello\.txt \(.* s\) unchecked: {NO_DEED}$", run.text, re.MULTILINE)
    checked = r"✓ 1\.2 Mend app\.py \(.* s\) checked, but 1 call denied, nothing changed$"
    assert re.search(checked, run.text, re.MULTILINE)
    assert re.search(r"✓ 1\.3 Write other\.txt \(.* s\) checked$", run.text, re.MULTILINE)
    assert run.text.rstrip().endswith("● completed: 4 tasks completed, 2 of them unchecked")

    status = project.command("status")
    assert f"✓? 1.1      Write hello.txt  (unchecked: {NO_DEED})" in status
    assert "✓? 1.4      Done by hand  (unchecked: ticked in the plan)" in status
    finding = project.root / "docs/plan-outputs/doubtful/findings/1-1.md"
    assert f"Evidence: unchecked: {NO_DEED}." in finding.read_text()

    strict = project.run(*arguments, "--strict", "--restart", "--max-attempts", "1")
    assert strict.wait() == 1
    assert f"✗ 1.1 Write hello.txt: Not accepted as done (strict): {NO_DEED}" in strict.text
