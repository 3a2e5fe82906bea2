"""The table in docs/agents.md: what each real agent makes of each scenario of the fake model."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "agents.md"
BEGIN, END = "<!-- table: agents-by-scenario (generated) -->\n", "<!-- end -->"
LOCK = CHECKOUT / ".cache" / "agents" / "table.lock"
NOT_TRIED = "–"
IS_WRITTEN = os.environ.get("AGENT_TABLE") == "write"
"""`AGENT_TABLE=write make test-agents` writes the page anew; else each cell is what is expected."""

AGENTS = ("claude", "codex", "opencode", "gemini", "qwen", "vibe")
SCENARIOS = {
    "three_tools": "three tool calls, then a report",
    "talks": "only says that all is done",
    "talks_with_check": "only says that all is done; the task has a check",
    "empty": "no call and no word, though it used tokens",
    "idle": "nothing: no call, no word, no tokens",
    "withheld": "its vendor, or the model itself, refuses to answer",
    "declines": "a report that ends with `BLOCKED: why`",
    "declines_after_work": "a call, then a report that ends with `BLOCKED: why`",
    "sub_agent": "a sub-agent with three calls of its own",
    "failing_tool": "a command that ends with exit code 3",
    "many:50": "fifty calls in one answer",
    "huge_output": "a command that prints 3 MB",
    "orphan": "a process that leaves its session and ignores signals",
    "slow": "an answer that comes word by word",
    "denied": "a file to be written, with `permissions: read-only`",
    "rate_limited": "429 once",
    "cut:1": "a connection that breaks within the answer, once",
    "unauthorised": "401",
    "unknown_model": "404: it does not have this model",
    "quota": "a usage limit that is reset in an hour",
    "overloaded": "529 for ever",
    "context_full": "more context than the model has",
    "hang": "a model that never answers",
    "loop": "the same call for ever",
    "budget": "$0.3 an answer, with a budget of $0.5",
}
UNTRIED = {
    *("sub_agent", "many:50", "huge_output", "orphan", "slow", "rate_limited", "cut:1"),
    *("overloaded", "hang", "loop", "budget"),
}
"""Scenarios that only the first three agents are put through."""
TRIED = [
    (scenario, agent)
    for scenario in SCENARIOS
    for agent in AGENTS
    if agent in AGENTS[:3] or scenario not in UNTRIED
]


def cell(scenario: str, agent: str) -> str:
    """What the page says."""
    if (found := _cell(scenario, agent)) is None:
        raise AssertionError(
            f"docs/agents.md has no row for {scenario}: run AGENT_TABLE=write make test-agents"
        )
    return found


def _cell(scenario: str, agent: str) -> str | None:
    rows = PAGE.read_text().partition(BEGIN)[2].partition(END)[0].splitlines()[2:]
    for row in rows:
        described, *cells = (part.strip() for part in row.strip("|").split("|"))
        if described == SCENARIOS[scenario]:
            column = AGENTS.index(agent)
            return cells[column] if column < len(cells) else None
    return None


def note(scenario: str, agent: str, seen: str) -> None:
    """Write what was seen into the page; the rest of the table stays. Any number of test processes may do so."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        head = [
            "| The model's part | " + " | ".join(f"`{name}`" for name in AGENTS) + " |",
            "|---" * (len(AGENTS) + 1) + "|",
        ]
        rows = []
        for name, described in SCENARIOS.items():
            cells = [
                seen if (name, one) == (scenario, agent) else _cell(name, one) or NOT_TRIED for one in AGENTS
            ]
            rows.append(f"| {described} | {' | '.join(cells)} |")
        before, begin, rest = PAGE.read_text().partition(BEGIN)
        assert begin, f"the mark of the table is missing in {PAGE}"
        after = rest.partition(END)[2]
        fresh = LOCK.with_name("agents.md")
        fresh.write_text(f"{before}{begin}{chr(10).join([*head, *rows])}\n{END}{after}")
        fresh.replace(PAGE)  # whoever reads meanwhile sees the page whole
