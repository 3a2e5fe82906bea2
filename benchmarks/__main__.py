"""`python -m benchmarks`: every figure beside its reference, as a table in docs/performance.md."""

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

FIGURES = ("push", "commands", "log", "work", "agents", "start", "pages", "reads", "lists")
PAGE = Path("docs/performance.md")
BEGIN, END = "<!-- measured -->\n", "\n<!-- end -->"


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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=FIGURES, help="measure these alone, and print them")
    parser.add_argument("--quick", action="store_true", help="few samples: shows that all can be had")
    parser.add_argument("--output", type=Path, default=PAGE, help="the page to fill (default: %(default)s)")
    chosen = parser.parse_args()
    machine = _machine()
    rows: list[Row] = []
    for name in (chosen.only,) if chosen.only else FIGURES:
        say(name)
        rows += importlib.import_module(f"benchmarks.{name}").rows(Effort(chosen.quick))
    measured = f"{machine}\n\n{table(rows)}"
    print(measured)
    if chosen.only is None:
        page = chosen.output.read_text() if chosen.output.exists() else f"{BEGIN}{END}"
        before, begin, rest = page.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            sys.stderr.write(f"{chosen.output}: the marks of the table are missing.\n")
            return 2
        chosen.output.write_text(f"{before}{begin}{measured}{end}{after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
