"""Builds the dashboard from `web/`, unless what is built is as new as its sources.

Standard library only. `python scripts/dashboard.py` fails without Node.js; with `--if-possible` it says so
and goes on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "orchestrator" / "api" / "dashboard" / "index.html"
CLIENT = ROOT / "docs" / "plan-outputs" / "orchestrator-api-server"
NODE_MIN = (20, 19)


def is_fresh() -> bool:
    """Whether the built dashboard is as new as all that it is made of."""
    if not BUILT.exists():
        return False
    built = BUILT.stat().st_mtime
    sources = [*WEB.glob("*.*"), *(WEB / "src").rglob("*"), *(WEB / "shims").rglob("*"), *CLIENT.glob("*.ts")]
    return all(source.stat().st_mtime <= built for source in sources if source.is_file())


def why_not() -> str | None:
    """What stands in the way of building, if anything does."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "Node.js is not installed"
    said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout  # noqa: S603
    match = re.match(r"v(\d+)\.(\d+)", said)
    if match is None or (int(match[1]), int(match[2])) < NODE_MIN:
        return f"Node.js is {said.strip() or 'broken'}, and {NODE_MIN[0]}.{NODE_MIN[1]} or newer is needed"
    return None


def build() -> None:
    """Install what it is built with, when that has changed, and build; raises CalledProcessError."""
    installed = WEB / "node_modules" / ".package-lock.json"
    lock = WEB / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _say("Installing what the dashboard is built with (once; takes half a minute or so) …")
        _npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
        installed.touch()
    _say("Building the dashboard …")
    _npm("run", "build", "--silent", "--", "--logLevel", "warn")
    # It is as new as its sources also where a clock or a checkout gave those a later time.
    os.utime(BUILT)


def _npm(*arguments: str) -> None:
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, *arguments], cwd=WEB, check=True, stdout=sys.stderr)  # noqa: S603 - our own commands


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    """Build it if need be; returns the exit code."""
    if is_fresh():
        return 0
    if (problem := why_not()) is not None:
        state = "is out of date and is served as it is" if BUILT.exists() else "is left out"
        _say(f"{problem}: the dashboard {state}. The API does not need it.")
        return 0 if "--if-possible" in sys.argv[1:] else 1
    try:
        build()
    except subprocess.CalledProcessError as error:
        _say(f"The dashboard is not built: {' '.join(error.cmd)} ended with exit code {error.returncode}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
