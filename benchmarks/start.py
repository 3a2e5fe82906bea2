"""Parsing a long plan, and starting the program: its help, and a run up to its first task."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from markdown_it import MarkdownIt

from benchmarks.measure import BIN, ENVIRONMENT, PYTHON, Effort, Row, Samples, folder, say
from orchestrator.domain.plan_parser import parse_plan

LIBRARIES = "import typer, pydantic, sqlalchemy.dialects.sqlite, markdown_it, uvloop"
"""What a run cannot do without, and most of what it waits for before its first task."""
PLAN = """\
# One

- [ ] 1.1 Note when it begins

  ```sh
  date +%s%N > begun
  ```
"""


def _until_first_task(root: Path) -> float:
    """Milliseconds from the start of the process to the first word of the first task."""
    began = time.time_ns()
    command = [str(BIN / "orchestrator"), "run", "one", "--restart", "--root", str(root)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT, check=True)
    return (int((root / "begun").read_text()) - began) / 1e6


def _run_rows(effort: Effort) -> list[Row]:
    run, libraries = Samples(), Samples()
    with folder() as root:
        plan = root / "docs" / "plans" / "one.md"
        plan.parent.mkdir(parents=True)
        plan.write_text(PLAN)
        _until_first_task(root)  # makes the database
        for number in range(effort.count(15, 2)):
            if number % 5 == 0:
                say("a run up to its first task")
            run.add(_until_first_task(root))
            command = [PYTHON, "-c", LIBRARIES]
            libraries.add(_milliseconds(lambda c=command: subprocess.run(c, env=ENVIRONMENT, check=True)))
    return [
        Row(
            "`orchestrator run`, ms up to its first task",
            f"{run.spread('.0f')}: {run.median / libraries.median:.1f}×",
            f"its libraries imported by themselves: {libraries.spread('.0f')}",
            "≤ 600",
            run.median <= 600,
        )
    ]


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _plan(count: int) -> str:
    lines = ["# Long plan\n"]
    for number in range(count):
        phase, place = divmod(number, 100)
        if not place:
            lines.append(f"\n## Phase {phase + 1}: Part {phase + 1}\n\n")
        lines.append(f"- [ ] {phase + 1}.{place + 1} Task number {number}, with *some* `words` in it\n")
        lines.append("  - files: src/a.py\n" if number % 5 == 0 else "")
    return "".join(lines)


def rows(effort: Effort) -> list[Row]:
    tasks, rounds = effort.count(10_000, 500), effort.count(5, 2)
    text, markdown = _plan(tasks), MarkdownIt("commonmark").enable("table")
    parse, alone, program, python = Samples(), Samples(), Samples(), Samples()
    for number in range(rounds):
        say(f"parse, round {number + 1} of {rounds}")
        parse.add(_milliseconds(lambda: parse_plan(text)))
        alone.add(_milliseconds(lambda: markdown.parse(text)))
    for number in range(effort.count(15, 3)):
        if number % 5 == 0:
            say("start-up")
        for samples, command in (
            (program, [str(BIN / "orchestrator"), "--help"]),
            (python, [PYTHON, "-c", "pass"]),
        ):
            samples.add(
                _milliseconds(
                    lambda c=command: subprocess.run(
                        c, stdout=subprocess.DEVNULL, env=ENVIRONMENT, check=True
                    )
                )
            )
    ratio, more = parse.median / alone.median, program.median - python.median
    return [
        Row(
            f"Parse of a plan of {tasks:,} tasks, ms",
            f"{parse.spread('.0f')}: {ratio:.2f}×",
            f"markdown-it-py alone: {alone.spread('.0f')}",
            "≤ 2×",
            ratio <= 2,
        ),
        Row(
            "`orchestrator --help`, ms",
            f"{program.spread('.0f')}: {more:.0f} more",
            f"`python -c pass`: {python.spread('.0f')}",
            "≤ 150 more",
            more <= 150,
        ),
        *_run_rows(effort),
    ]
