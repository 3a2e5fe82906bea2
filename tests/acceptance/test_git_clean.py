"""What tasks do to their repository with git takes nothing of the history along."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from doors import Project
from git_repositories import committed, git, repository

PLAN = """\
# {name}

## Phase 1: Work

- [ ] 1.1 First

  ```sh
  echo {name} >> ../ran.txt
  {command}
  ```

- [ ] 1.2 Go on

  ```sh
  git status --porcelain
  ```
"""
WAYS = (
    "git clean -fdxq",
    "git stash -qu",
    "git checkout -qf",
    "git reset -q --hard",
    "git gc -q --prune=now",
    "rm -rf .orchestrator docs/plan-outputs",
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    repository(tmp_path / "work")
    project = Project(tmp_path / "work")
    project.plan("before", PLAN.format(name="before", command="true"))
    project.plan("cleans", PLAN.format(name="cleans", command="\n  ".join(WAYS)))
    committed(project.root)
    return project


def test_no_cleaning_ends_a_run_or_loses_what_plans_have_done(project: Project):
    for plan in ("before", "cleans"):
        assert "completed" in project.command("run", plan)
    assert project.command("list", "--all").count("completed") == 2
    # Also when everything is removed that git does not keep, and the folder is moved.
    shutil.rmtree(project.root / "docs/plan-outputs")
    git(project.root, "clean", "-fdxq")
    project.root = project.root.rename(project.root.with_name("moved"))
    for plan in ("before", "cleans"):
        assert "2 done already" in project.command("run", plan)
    assert (project.root.parent / "ran.txt").read_text() == "before\ncleans\n"
    assert sorted(path.name for path in project.root.iterdir()) == [".git", "a.txt", "docs"]
