"""`python -m benchmarks`: every figure beside its reference, as tables in docs/performance.md."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import BIN, Effort, Row, say, table

FIGURES = ("push", "commands", "log", "work", "agents", "start", "pages", "reads", "lists", "fanout")
TABLES = {"fanout": "fan-out"}
"""Figures with a table of their own in the page, which `--only` fills too."""
PAGE = Path("docs/performance.md")


def _machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    nats = subprocess.run(
        [BIN / "nats-server", "--version"], stdout=subprocess.PIPE, text=True, check=False
    ).stdout.strip()
    parts = [
        f"{os.cpu_count()} cores ({cpu or platform.machine()}), Linux {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"SQLAlchemy {version('sqlalchemy')}",
        f"FastAPI {version('fastapi')}",
        f"uvicorn {version('uvicorn')}",
        nats,
        f"load at the begin {os.getloadavg()[0]:.1f}",
    ]
    return f"{datetime.now(UTC):%Y-%m-%d}: {', '.join(part for part in parts if part)}."


def _filled(page: str, name: str, measured: str) -> str:
    """The page with this table in its place; raises ValueError where its marks are missing."""
    begin, end = f"<!-- measured{name} -->\n", f"\n<!-- end{name} -->"
    before, has_begin, rest = page.partition(begin)
    _, has_end, after = rest.partition(end)
    if not (has_begin and has_end):
        raise ValueError(f"the marks of the table are missing: {begin.strip()} and {end.strip()}")
    return f"{before}{begin}{measured}{end}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", choices=FIGURES, help="measure these alone, and print them; a table of its own is filled"
    )
    parser.add_argument("--quick", action="store_true", help="few samples: shows that all can be had")
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to fill (default: %(default)s)")
    chosen = parser.parse_args()
    machine = _machine()
    tables: dict[str, list[Row]] = {}
    for name in (chosen.only,) if chosen.only else FIGURES:
        say(name)
        mark = f" {TABLES[name]}" if name in TABLES else ""
        tables.setdefault(mark, []).extend(
            importlib.import_module(f"benchmarks.{name}").rows(Effort(chosen.quick))
        )
    page = chosen.output.read_text() if chosen.output.exists() else _EMPTY
    for mark, rows in tables.items():
        measured = f"{machine}\n\n{table(rows)}"
        print(measured)
        if mark or chosen.only is None:
            page = _filled(page, mark, measured)
            chosen.output.write_text(page)
    return 0


_EMPTY = "\n".join(
    f"<!-- measured{mark} -->\n\n<!-- end{mark} -->"
    for mark in ("", *(f" {each}" for each in TABLES.values()))
)


if __name__ == "__main__":
    sys.exit(main())
