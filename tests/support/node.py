"""Node.js packages for tests: each locked folder is installed once, and apps are cheap copies of it."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
TYPESCRIPT = CHECKOUT / "tests" / "typescript"
CACHE = CHECKOUT / ".cache" / "npm"
ENVIRONMENT = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1"}
LIMIT_SECONDS = 300.0


@functools.cache
def is_there() -> bool:
    """Whether Node.js 20 or newer is there, with npm."""
    return bool(shutil.which("npm")) and _version() >= 20


def installed(folder: Path) -> Path:
    """A folder with the same package.json and lock, and their node_modules. It is for reading only."""
    inputs = [folder / "package.json", folder / "package-lock.json"]
    content = b"\0".join(path.read_bytes() for path in inputs) + bytes(_version())
    home = CACHE / f"{folder.name}-{hashlib.sha256(content).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with Path(f"{home}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second process waits for the first one's work
        if not home.exists():
            unfinished = Path(f"{home}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            for path in inputs:
                shutil.copy2(path, unfinished)
            _install(unfinished)
            unfinished.rename(home)
    return home


def output_of(*command: object, cwd: Path) -> str:
    """What the command prints; the test fails with it when the command does."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"{command[0]} ended with {done.returncode}:\n{done.stdout}", pytrace=False)
    return done.stdout


def run_script(source: Path, folder: Path, given: object) -> list[Any]:
    """What a TypeScript of tests/typescript prints, a JSON value a line, when `given` is its standard input."""
    tools = installed(TYPESCRIPT) / "node_modules"
    script = folder / f"{source.stem}.mjs"
    bundle = [
        tools / ".bin" / "esbuild",
        source,
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--log-level=error",
    ]
    subprocess.run([*bundle, f"--outfile={script}"], check=True, timeout=LIMIT_SECONDS)
    # Node.js 20 has a WebSocket, but not unasked.
    flags = ["--experimental-websocket"] if _version() < 22 else []
    done = subprocess.run(
        ["node", *flags, script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def app_copy(folder: Path, target: Path) -> Path:
    """The folder at `target`, with node_modules, to be changed and built as a user would.

    Turbopack follows no link out of the app, so node_modules is a tree of its own, with hard links for files:
    half a second, where a copy takes 2 s or 3. A build writes to `.next` alone.
    """
    unwanted = shutil.ignore_patterns("node_modules", ".next", "next-env.d.ts", "*.tsbuildinfo")
    shutil.copytree(folder, target, ignore=unwanted, dirs_exist_ok=True)
    modules = installed(folder) / "node_modules"
    shutil.copytree(modules, target / "node_modules", symlinks=True, copy_function=_link)
    return target


def _version() -> int:
    node = shutil.which("node")
    if node is None:
        return 0
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.removeprefix("v").split(".")[0])


def _install(folder: Path) -> None:
    # No package here needs its install script, and the fewer strangers run, the better.
    output_of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # the two lie on different file systems
        shutil.copy2(source, target)
