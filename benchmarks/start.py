"""Parsing a long plan, and starting the program."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from markdown_it import MarkdownIt

from benchmarks.measure import BIN, ENVIRONMENT, PYTHON, Effort, Row, Samples, say
from orchestrator.domain.plan_parser import parse_plan


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
    ]
