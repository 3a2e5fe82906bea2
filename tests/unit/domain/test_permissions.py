"""How widths of permissions are compared, as a whole table."""

from __future__ import annotations

from itertools import pairwise

import pytest

from orchestrator.agents.permission_policy import verdict
from orchestrator.domain.permissions import UNBOUND, WIDTHS, narrowed_tasks, permitted, unbound_commands
from orchestrator.domain.plan_parser import parse_plan

TABLE = {
    # The plan's word, then what is left of it under each ceiling.
    None: {"read-only": "read-only", "ask": "ask", "edits": "edits", "full": "full"},
    "read-only": {"read-only": "read-only", "ask": "read-only", "edits": "read-only", "full": "read-only"},
    "ask": {"read-only": "read-only", "ask": "ask", "edits": "ask", "full": "ask"},
    "edits": {"read-only": "read-only", "ask": "ask", "edits": "edits", "full": "edits"},
    "full": {"read-only": "read-only", "ask": "ask", "edits": "edits", "full": "full"},
}
CASES = [(wanted, ceiling, left) for wanted, row in TABLE.items() for ceiling, left in row.items()]
KINDS = ("read", "search", "fetch", "edit", "delete", "move", "execute", "think", "other", "of tomorrow")

PLAN = """---
permissions: full
---
# P

## Phase 1: One

- [ ] 1.1 Read
  - permissions: read-only
- [ ] 1.2 Write
  - permissions: edits
- [ ] 1.3 Do
- [ ] 1.4 Run
  ```sh
  make
  ```
- [x] 1.5 Done
- [ ] 1.6 Check
  - verify: `make test`
"""


@pytest.mark.parametrize(("wanted", "ceiling", "left"), CASES)
def test_a_plan_narrows_what_the_run_allows_and_never_widens_it(wanted, ceiling, left):
    assert permitted(wanted, ceiling) == left


def test_every_width_has_its_place():
    assert WIDTHS == ("read-only", "ask", "edits", "full")
    assert UNBOUND == "full"
    assert {name for name in TABLE if name} == set(WIDTHS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_happens_without_a_persons_yes_grows_from_width_to_width(kind):
    unasked = [verdict(width, kind) == "allow" for width in WIDTHS]
    assert all(after or not before for before, after in pairwise(unasked))


def open_tasks(text: str = PLAN):
    return [task for task in parse_plan(text).tasks() if not task.checked]


def test_words_of_the_plan_that_are_cut_down_are_named_with_their_tasks():
    assert narrowed_tasks(open_tasks(), "full") == ()
    assert narrowed_tasks(open_tasks(), "edits") == (
        "the plan wants permissions full for tasks 1.3, 1.4, 1.6; this run allows edits at most",
    )
    assert narrowed_tasks(open_tasks(), "read-only") == (
        "the plan wants permissions edits for task 1.2; this run allows read-only at most",
        "the plan wants permissions full for tasks 1.3, 1.4, 1.6; this run allows read-only at most",
    )


def test_a_long_list_of_tasks_is_cut_short():
    boxes = "".join(f"- [ ] 1.{number} Do\n" for number in range(1, 9))
    [line] = narrowed_tasks(
        open_tasks(f"---\npermissions: full\n---\n# P\n\n## Phase 1: One\n\n{boxes}"), "ask"
    )
    assert "tasks 1.1, 1.2, 1.3, 1.4, 1.5 and 3 more;" in line


def test_the_plans_own_commands_are_said_not_to_be_bound():
    assert unbound_commands(open_tasks(), "full") == ()
    [line] = unbound_commands(open_tasks(), "read-only")
    assert "permissions read-only binds agents only" in line
    assert "(tasks 1.4, 1.6)" in line
    assert unbound_commands(open_tasks()[:2], "read-only") == ()


def test_snippets_in_an_instruction_are_no_commands_of_the_plan():
    text = "## Phase 1: A\n\n- [ ] 1.1 Do\n  - look:\n    ```sh\n    git status\n    ```\n"
    assert unbound_commands(open_tasks(text), "read-only") == ()
