"""What a project is known by: an id that is the same in every clone, wherever it is.

The repository's root commit is, and only git can find it fast in a long history. So git is asked once, and
the answer is kept in the state folder. It must not obey the repository's configuration, which may be
anybody's: `rev-list` runs nothing of it but the transport of a promisor remote, when objects are missing, so
every transport is forbidden. The ownership of the folder is not git's to check then: it is named, not found.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.remote_address import remote_address
from orchestrator.store.git_environment import git_environment
from orchestrator.store.git_folder import Repository
from orchestrator.store.regular_files import read_regular

GIT_LIMIT_SECONDS = 20.0
"""A history of a million commits takes about one second."""

_CONFIG_BYTES_MAX = 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SECTION = re.compile(r'\[remote "(?P<name>(?:[^"\\]|\\.)*)"\]\s*(?P<rest>.*)')
_URL = re.compile(r"url\s*=\s*(?P<value>.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """An id for a repository, or for a folder outside of any, and for people where it comes from."""

    id: str
    origin: str


def identify(repository: Repository | None) -> Identity:
    """Find out what the repository is known by: seconds in a very long history."""
    if repository is not None and repository.problem is None:
        if (root_commit := _root_commit(repository)) is not None:
            return Identity(f"commit:{root_commit}", "the repository's first commit")
        if (address := _remote(repository.common)) is not None:
            return Identity(f"remote:{address}", "the address of the repository's remote")
    return Identity(f"made:{secrets.token_hex(16)}", "made here, and kept in the state folder")


def project_id(identity: Identity, repository: Repository | None, root: Path) -> str:
    """The id of the project at `root`: a repository may hold several, each in a folder of its own."""
    if repository is None or root == repository.top:
        return identity.id
    return f"{identity.id}/{root.relative_to(repository.top).as_posix()}"


def _root_commit(repository: Repository) -> str | None:
    """The first commit along first parents: there is exactly one, also where histories were merged."""
    git = _git(repository.top)
    if git is None or _is_shallow(repository.common):
        return None
    # Of a linked worktree the HEAD is its own, and may be unborn: that of the main one says what all share.
    command = [git, f"--git-dir={repository.common}", "rev-list", "--first-parent", "--max-parents=0"]
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments of our own
            [*command, "HEAD"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=GIT_LIMIT_SECONDS,
            check=True,
            cwd=os.sep,
            env=git_environment(os.environ) | {"GIT_NO_REPLACE_OBJECTS": "1"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = done.stdout.decode("ascii", errors="replace").split()
    return said[-1] if said and _COMMIT.fullmatch(said[-1]) else None


def _is_shallow(common: Path) -> bool:
    """Whether the first commits that are here are not those of the history."""
    try:
        return (common / "shallow").stat().st_size > 0
    except OSError:
        return False


def _git(top: Path) -> str | None:
    """The program; never one from a folder that means another one here, or is the repository's own."""
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    elsewhere = [f for f in folders if f.is_absolute() and not Path(os.path.realpath(f)).is_relative_to(top)]
    return shutil.which("git", path=os.pathsep.join(map(str, elsewhere)))


def _remote(common: Path) -> str | None:
    """The address of `origin`, else of the first remote that has one."""
    try:
        text = read_regular(common / "config", _CONFIG_BYTES_MAX, follow_symlink=True).data.decode()
    except (OSError, UnicodeDecodeError):
        return None
    addresses = {
        name: address for name, url in reversed(_remote_urls(text)) if (address := remote_address(url))
    }
    return addresses.get("origin") or next(reversed(addresses.values()), None)


def _remote_urls(config: str) -> list[tuple[str, str]]:
    """Names and addresses of the remotes in a git configuration, in its order."""
    found: list[tuple[str, str]] = []
    name = None
    for line in map(str.strip, config.splitlines()):
        section = _SECTION.match(line)
        if line.startswith("["):
            name = section["name"] if section else None
        said = section["rest"] if section else line
        if name is not None and (url := _URL.match(said)):
            value = re.split(r"\s[#;]", url["value"])[0].strip().strip('"')
            found.append((name, value))
    return found
