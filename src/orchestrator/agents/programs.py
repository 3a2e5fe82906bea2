"""Where agents' programs are looked for, and how they are asked for their version.

A repository that was only cloned must not run anything because somebody lists its agents. It could in three
ways, besides `agents.toml` (see `agents_file`):

- The PATH has a folder of the repository, or a relative one such as `.` or `node_modules/.bin`, which is the
  repository's as soon as somebody works there.
- A program that is installed elsewhere reads settings or loads code from the folder that it is started in, as
  what was compiled with Bun does, or is a shim that looks there for the version to take.
- A program is a script whose first line has its interpreter looked for on the PATH.

So a command that only looks starts nothing from those folders, passes none of them on, and starts programs
in `/`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION_LIMIT_SECONDS = 30.0
"""Some need seconds to start on a busy machine."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs on a PATH; with `outside`, a repository's root, only those that do not belong to it."""

    outside: Path | None = None

    def find(self, command: str, environment: Mapping[str, str]) -> str | None:
        """The path of the program, None where there is none that may be started."""
        path = _path(environment)
        if self.outside is None:
            return shutil.which(command, path=path)
        if os.sep in command and not _is_elsewhere(Path(command).parent, self.outside):
            return None
        return shutil.which(command, path=_path_elsewhere(path, self.outside))

    def withheld(self, command: str, environment: Mapping[str, str]) -> str | None:
        """The program that is passed over because it is the repository's: the first one on the PATH."""
        found = shutil.which(command, path=_path(environment))
        if self.outside is None or found is None or _is_elsewhere(Path(found).parent, self.outside):
            return None
        return found

    def version_output(self, program: str, environment: Mapping[str, str], *arguments: str) -> bytes:
        """What the program writes when it is asked for its version.

        OSError, ValueError or SubprocessError where it does not run.
        """
        passed = dict(environment)
        if self.outside is not None and "PATH" in passed:
            passed["PATH"] = _path_elsewhere(passed["PATH"], self.outside)
        done = subprocess.run(  # noqa: S603 (the agent's program, found on the PATH or named to us)
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_LIMIT_SECONDS,
            check=True,
            cwd=None if self.outside is None else os.sep,
            env=passed,
        )
        return done.stdout + done.stderr


EVERY_PROGRAM = Programs()
"""For a run that its user started at the command line: programs as a shell would find them."""


def without_relative_folders(path: str) -> str:
    """The PATH without what means another folder wherever a program is started."""
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if Path(folder).is_absolute())


def _path(environment: Mapping[str, str]) -> str:
    return environment.get("PATH") or os.environ.get("PATH", os.defpath)


def _path_elsewhere(path: str, root: Path) -> str:
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if _is_elsewhere(Path(folder), root))


def _is_elsewhere(folder: Path, root: Path) -> bool:
    """Whether the folder is the same one wherever we are, and neither the repository nor in it."""
    return folder.is_absolute() and not Path(os.path.realpath(folder)).is_relative_to(root)
