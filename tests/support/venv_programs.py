"""Virtual environments of a newer Python than the tests' own, whose folders can be moved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def python_since(oldest: tuple[int, int]) -> str | None:
    """A Python that is new enough and can make a venv: the tests' own, one on the PATH, or one of pyenv."""
    names = [f"python{oldest[0]}.{minor}" for minor in range(oldest[1], oldest[1] + 4)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [sys.executable, *filter(None, map(shutil.which, names))]
    found += [str(path) for name in names for path in sorted(pyenv.glob(f"*/bin/{name}"))]
    look = f"import ensurepip, sys, venv; sys.exit(sys.version_info < {oldest})"
    # pyenv puts a shim on the PATH for versions that are not chosen too, and it fails.
    return next((python for python in found if _succeeds(python, "-c", look)), None)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def let_move(folder: Path) -> None:
    """Let a venv's programs find its Python beside them: pip wrote down where the folder was made."""
    programs = folder / "bin"
    # To the shell it is a command, to Python a text: as pip writes it where a path is too long for `#!`.
    here = """#!/bin/sh\n'''exec' "$(dirname "$0")/python" "$0" "$@"\n' '''\n"""
    for program in programs.iterdir():
        if not program.is_symlink() and program.read_bytes().startswith(b"#!" + os.fsencode(programs)):
            program.write_text(here + program.read_text().partition("\n")[2])
