"""Real git repositories, made with the git of this machine and with nothing of its user's configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder: Path, *arguments: str) -> str:
    """The output of `git <arguments>` in the folder, without blanks around it."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def repository(folder: Path, text: str = "one") -> Path:
    """A repository with one commit, which another text makes another one."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.txt").write_text(text)
    return committed(folder)


def committed(folder: Path) -> Path:
    """The folder, with all that is in it committed."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "A commit")
    return folder


def root_commit(folder: Path) -> str:
    """The first commit of the history."""
    return git(folder, "rev-list", "--max-parents=0", "HEAD")
