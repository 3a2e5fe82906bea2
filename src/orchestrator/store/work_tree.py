"""What the working tree is like, to compare with another moment: git's view of it, and declared files.

Theory of operation
-------------------
Whether an attempt changed anything is found out by comparing two digests of the tree. Each is made of `git
status` (HEAD, every changed or untracked path and its kind of change), of what those changed and untracked
paths hold, and of every ref: work may also be a commit, a tag or a fetched branch. What the repository
ignores is left out, and so is what we write ourselves.

Git must not run anything that the repository names, since an agent that may only edit files could write such
settings. `git status` would run `core.fsmonitor`, the `clean` and `process` commands of filters, hooks when
it writes the index, and git itself in submodules, with their own settings; in a partial clone it would
fetch. So the settings are overridden through the environment (filters by the names that the settings have
now), the index is not written (GIT_OPTIONAL_LOCKS), submodules are not looked into, and no transport is
allowed. Files under a filter may then look changed; they do so both times.

A digest is None, and nothing is remarked upon, where it cannot be known: no git, not a repository, one that
belongs to another user (git refuses it), submodules or repositories within it (their content is not seen),
more than can be looked at in a few seconds. A tree that was too large once is not tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from orchestrator.domain.evidence import TreeLook
from orchestrator.store.declared_files import Fingerprint, TooMuch, declared_digests
from orchestrator.store.git_environment import git_environment

LOOK_SECONDS = 5.0
"""How long one look may take."""
OUTPUT_BYTES_MAX = 16 * 1024 * 1024

OURS = (
    ".orchestrator",
    *(
        f"docs/plan-outputs/**/{name}"
        for name in ("status.json*", ".status.json.*", "findings/**", "archive/**")
    ),
)
"""What the orchestrator itself writes below the root, as git's glob patterns."""

_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.untrackedCache": "false",
    "status.showStash": "false",
}
_FILTER_KEYS = ("clean", "process", "smudge")
_PATH_FIELD = {"1": 8, "2": 9, "u": 10}
"""In which field of an entry of `git status --porcelain=v2` its path is, by the entry's kind."""


class DiskWorkTree:
    """Looks at files on disk. `git` gives the path of git's program, or None where there is none to start."""

    def __init__(self, git: Callable[[], str | None], environment: Mapping[str, str]) -> None:
        self._git = git
        self._environment = git_environment(environment)
        self._too_large: set[Path] = set()

    async def look(self, root: Path, files: Sequence[str], apart: Sequence[str], *, whole: bool) -> TreeLook:
        """The tree as it is now, in a thread."""
        return await asyncio.to_thread(self._look, root, files, apart, whole=whole)

    def _look(self, root: Path, files: Sequence[str], apart: Sequence[str], *, whole: bool) -> TreeLook:
        deadline = time.monotonic() + LOOK_SECONDS
        touched, content = declared_digests(root, files, deadline) if files else (None, None)
        tree = self._tree(root, apart, deadline) if whole and root not in self._too_large else None
        return TreeLook(tree, touched, content)

    def _tree(self, root: Path, apart: Sequence[str], deadline: float) -> str | None:
        top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
        program = None if top is None or (top / ".gitmodules").exists() else self._git()
        if top is None or program is None:
            return None
        try:
            return _Git(program, root, self._environment, deadline).digest(top, apart)
        except TooMuch:
            self._too_large.add(root)
        except (OSError, ValueError):
            pass
        return None


class _Git:
    """Git's commands at one root, all of them before one deadline."""

    def __init__(self, program: str, root: Path, environment: Mapping[str, str], deadline: float) -> None:
        self._program = program
        self._root = root
        self._deadline = deadline
        self._environment = {**environment, **_as_variables(_SETTINGS)}

    def digest(self, top: Path, apart: Sequence[str]) -> str | None:
        """The digest of the repository whose work tree is `top`; None where it cannot be known."""
        names = self._run("config", "-z", "--name-only", "--get-regexp", r"^(filter\.|core\.worktree$)")
        keys = [key for key in (names or b"").decode("utf-8", "surrogateescape").split("\0") if key]
        if "core.worktree" in keys:
            return None
        self._environment.update(_as_variables(_SETTINGS | _without_filters(keys)))
        excluded = [f":(exclude,glob){name}" for name in OURS] + [
            f":(exclude,literal){name}" for name in apart if not name.startswith(("/", ".."))
        ]
        status = self._run(
            *("status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=all"),
            *("--ignore-submodules=all", "--", ":/", *excluded),
        )
        refs = self._run("for-each-ref", "--format=%(objectname) %(refname)")
        if status is None or refs is None:
            return None
        found = hashlib.sha256(status + b"\0" + _without_ours(refs))
        changed = Fingerprint(self._deadline)
        for path in _changed_paths(status):
            if path.endswith("/"):
                return None
            changed.add(top / path, path)
        found.update(changed.content.digest())
        return found.hexdigest()

    def _run(self, *arguments: str) -> bytes | None:
        """What the command prints; None where it fails. Raises TooMuch when it takes or prints too much."""
        process = subprocess.Popen(  # noqa: S603 - git, found outside of the repository
            [self._program, "-C", str(self._root), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
        )
        timer = threading.Timer(max(self._deadline - time.monotonic(), 0.0), process.kill)
        timer.start()
        try:
            with process:
                assert process.stdout is not None
                data = process.stdout.read(OUTPUT_BYTES_MAX + 1)
                if len(data) > OUTPUT_BYTES_MAX:
                    process.kill()
        finally:
            timer.cancel()
        if len(data) > OUTPUT_BYTES_MAX or time.monotonic() > self._deadline:
            raise TooMuch
        return data if process.returncode == 0 else None


def _as_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as git takes them from its environment, above every file's; names may have any character."""
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for index, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return variables


def _without_filters(keys: Sequence[str]) -> dict[str, str]:
    """Settings that make every filter among these keys do nothing."""
    names = {key.split(".", 1)[1].rpartition(".")[0] for key in keys if key.count(".") >= 2}
    off = {f"filter.{name}.{key}": "" for name in names for key in _FILTER_KEYS}
    return off | {f"filter.{name}.required": "false" for name in names}


def _without_ours(refs: bytes) -> bytes:
    return b"\n".join(line for line in refs.splitlines() if b" refs/orchestrator/" not in line)


def _changed_paths(status: bytes) -> Iterator[str]:
    """The paths in the output of `git status --porcelain=v2 -z`, relative to the top of the work tree."""
    for entry in status.decode("utf-8", "surrogateescape").split("\0"):
        kind, _, rest = entry.partition(" ")
        if kind == "?":
            yield rest
        elif kind in _PATH_FIELD:
            yield entry.split(" ", _PATH_FIELD[kind])[-1]
