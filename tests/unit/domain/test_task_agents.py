"""Who does a task: the shell only what is nothing but shell blocks, an agent whatever says more."""

from __future__ import annotations

import pytest

from orchestrator.domain.plan import Task
from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.task_agents import SHELL, open_shares, shares_text, task_agent

PHASE = "## Phase 1: A\n\n"
BLOCK = "  ```sh\n  git status\n  ```\n"

STEPS_FOR_AN_AGENT = """\
# Greeting

### Task 1: Add a greeting

**Files:** create `hello.py`

- [ ] **Step 1: See where we are**

```bash
git status
```

- [ ] **Step 2: Write it**

```python
print("hello")
```

- [ ] **Step 3: Commit**

```bash
git commit -am greeting
```
"""


def only_task(text: str) -> Task:
    (task,) = parse_plan(text).tasks()
    return task


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] 1.1 List the notes\n\n" + BLOCK,
        "- [ ] 1.1 List the notes and\n  count their words\n\n" + BLOCK,
        "- [ ] 1.1 Two blocks\n\n" + BLOCK + "\n" + BLOCK,
        "- [ ] 1.1 Detail lines\n  timeout: 5m\n  - files: notes.txt\n  - verify: `make test`\n\n" + BLOCK,
        "- [ ] 1.1 A check of its own\n" + BLOCK + "  - verify:\n    ```sh\n    make test\n    ```\n",
        "- [ ] 1.1 Checks in a list\n  - verify:\n    - `make test`\n    - `make lint`\n\n" + BLOCK,
        "- [ ] 1.1 A label\n  **Dependencies**: None\n\n" + BLOCK,
        "- [ ] 1.1 Labels\n  - Files: a.txt\n  - **Depends on:** nothing\n\n" + BLOCK,
        "- [ ] 1.1 A label with a list\n\n  **Files:**\n  - Create: `a.py`\n  - Modify: `b.py`\n\n" + BLOCK,
        "- [ ] 1.1 Names\n  - files: Makefile, src/a.py (new), `b c.py`\n  - depends: 1.1, Task 2\n\n"
        + BLOCK,
        "- [ ] 1.1 Names\n  **Files:** create `a.py`, test `test_a.py` and README\n\n" + BLOCK,
        "- [ ] 1.1 A comment\n\n  <!-- takes a minute -->\n\n" + BLOCK,
        "### 1.1 A heading\n\n```sh\nmake\n```\n",
        "### 1.1 A heading\n\n**Files:** `a.py`\n\n```sh\nmake\n```\n",
        "**VERIFY 1:** It can be read\n\n- every line of it\n\n```sh\nmake check\n```\n",
        "- [ ] **VERIFY 1**: It can be read\n  - every line of it\n\n" + BLOCK,
    ],
)
def test_a_task_that_is_nothing_but_shell_blocks_is_the_shell_s(text: str) -> None:
    assert task_agent(only_task(PHASE + text), run_agent="claude") == SHELL


@pytest.mark.parametrize(
    "text",
    [
        STEPS_FOR_AN_AGENT,
        PHASE + "- [ ] 1.1 Prose\n\n  Run this when you are done:\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 Prose behind a detail line\n  - timeout: 5m\n  and see what comes out\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A nested item\n  - look at the output\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A nested box\n  - [ ] fix the test\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A block in a nested item\n  - like this:\n\n    ```sh\n    make\n    ```\n",
        PHASE + "- [ ] 1.1 A ticked box\n  - [x] see it fail\n    ```sh\n    make\n    ```\n",
        PHASE + "- [ ] 1.1 Another language\n\n  ```python\n  print(1)\n  ```\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 No language\n\n  ```\n  made\n  ```\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A sentence that begins like a check\n  - Verify: all links work\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A table\n\n  | a |\n  |---|\n  | 1 |\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A quote\n\n  > as they say\n\n" + BLOCK,
        PHASE
        + "- [ ] 1.1 A label\n\n  **Files:**\n  - Create: src/x.py with the full API, with tests\n\n"
        + BLOCK,
        PHASE + "- [ ] 1.1 A label\n\n  **Files:**\n  - Modify: everything that imports it\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A label\n  **Files:** package.json. Replace jest with vitest in them\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A label\n  - files: a.py, b.py and also write documentation\n\n" + BLOCK,
        PHASE + "- [ ] 1.1 A label\n  **Depends on:** Task 1. Afterwards rewrite the README.\n\n" + BLOCK,
        PHASE
        + "- [ ] 1.1 A label\n\n  **Files:**\n  - `a.py`\n    - and its tests, with all edge cases\n\n"
        + BLOCK,
        PHASE + "- [ ] 1.1 Files with boxes\n\n  **Files:**\n  - [ ] `a.py`\n\n" + BLOCK,
        PHASE + "### 1.1 A heading\n\nRun:\n\n```sh\nmake\n```\n",
        PHASE + "### 1.1 A heading\n\n```sh\nmake\n```\n\n#### Notes\n",
        PHASE + "### 1.1 A heading\n\n- [ ] fix it\n\n```sh\nmake\n```\n",
    ],
)
def test_blocks_beside_anything_else_are_part_of_an_agent_s_instruction(text: str) -> None:
    task = only_task(text)
    assert task.shell_blocks
    assert task_agent(task, run_agent="claude") == "claude"
    assert task_agent(task) is None


def test_the_front_matter_s_agent_does_what_is_no_script() -> None:
    plan = parse_plan("---\nagent: codex\n---\n" + PHASE + f"- [ ] 1.1 Do\n- [ ] 1.2 Run\n{BLOCK}")
    assert [task_agent(task, "claude") for task in plan.tasks()] == ["codex", SHELL]


def test_a_task_s_own_agent_comes_first() -> None:
    task = only_task(PHASE + "- [ ] 1.1 Look at this\n  - agent: codex\n\n" + BLOCK)
    assert task_agent(task, "claude") == "codex"
    told = only_task(PHASE + "- [ ] 1.1 Look\n  - agent: shell\n  - and see\n\n" + BLOCK)
    assert task_agent(told, "claude") == SHELL


def test_the_shares_count_what_is_left_to_do() -> None:
    plan = parse_plan(
        PHASE
        + "- [ ] 1.1 a\n- [ ] 1.2 b\n- [x] 1.3 c\n- [ ] 1.4 d\n  - agent: codex\n"
        + "- [ ] 1.5 e\n  - gate: human\n- [ ] 1.6 f\n"
        + BLOCK
    )
    assert open_shares(plan) == {None: 2, "codex": 1, SHELL: 1}
    assert (
        shares_text(open_shares(plan), 1) == "2 for the run's agent, 1 for codex, 1 for shell, 1 for a person"
    )
    assert shares_text(open_shares(parse_plan(PHASE + "- [x] 1.1 a\n"))) == ""
