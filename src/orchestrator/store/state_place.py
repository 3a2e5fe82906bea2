"""Where a project's state is kept, and why there.

In a git repository under its common git folder: no `git clean` reaches it, all worktrees share it, and it
moves with the repository. Outside of one in the root. Where that folder cannot be used, in the user's own
state folder, by the id of the project. Nothing here writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.errors import StorageError
from orchestrator.store.filesystems import network_type
from orchestrator.store.git_folder import Repository, find_repository
from orchestrator.store.project_identity import Identity, identify
from orchestrator.store.regular_files import read_regular
from orchestrator.store.state_mark import is_in_place, read_mark, user_state

IN_GIT_FOLDER = "orchestrator"
IN_ROOT = ".orchestrator"
PLACES = "places"
_BYTES_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for the state, and for people why it is there.

    `home` is the folder that it belongs into. `obstacle` says why that cannot be used, so that the folder is
    the user's own; `identity` is the project's, which names the folder then.
    """

    folder: Path
    why: str
    home: Path
    repository: Repository | None
    obstacle: str | None = None
    identity: Identity | None = None


def find_place(root: Path) -> Place:
    """Where the state of the project at `root` is, or will be. `root` is absolute and without symlinks.

    Raises StorageError where there is state that cannot be written: a new history elsewhere would run again
    what is done.
    """
    repository = find_repository(root)
    home = root if repository is None else repository.common
    folder = home / (IN_ROOT if repository is None else IN_GIT_FOLDER)
    obstacle = repository.problem if repository and repository.problem else _obstacle(home)
    if obstacle is None:
        why = (
            "no git repository is here" if repository is None else "the git folder, which no cleaning reaches"
        )
        return Place(folder, why, home, repository)
    if (mark := read_mark(folder)) is not None and is_in_place(folder, mark):
        raise StorageError(
            f"The state of this project is in {folder}, but {obstacle}. Make it writable, or name another "
            "database with ORCHESTRATOR_DATABASE_URL; a new one knows nothing of what is done."
        )
    identity = _remembered(home) or identify(repository)
    return Place(user_state() / _folder_name(identity), obstacle, home, repository, obstacle, identity)


def _obstacle(home: Path) -> str | None:
    """Why no state can be kept in this folder, else None."""
    try:
        owner = home.stat().st_uid
    except OSError as error:
        return f"{home} cannot be reached ({error.strerror})"
    if owner != os.geteuid():
        return f"{home} belongs to {_user_name(owner)}"
    if (kind := network_type(home)) is not None:
        return f"{home} is on a network file system ({kind}), where SQLite loses data"
    if not os.access(home, os.W_OK | os.X_OK):
        return f"{home} cannot be written"
    return None


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _folder_name(identity: Identity) -> str:
    kind = identity.id.partition(":")[0]
    return f"{kind}-{hashlib.sha256(identity.id.encode()).hexdigest()[:32]}"


def place_file(home: Path) -> Path:
    """The file in the user's own state folder that says which project is at `home`."""
    return user_state() / PLACES / f"{hashlib.sha256(os.fsencode(home)).hexdigest()[:32]}.json"


def place_entry(home: Path, identity: Identity) -> bytes:
    """What that file holds."""
    said = {"path": str(home), "stamp": _stamp(home), "id": identity.id, "origin": identity.origin}
    return f"{json.dumps(said, indent=2)}\n".encode()


def _remembered(home: Path) -> Identity | None:
    """The identity that was found out here before, if it is still the same folder that is here."""
    try:
        said = json.loads(read_regular(place_file(home), _BYTES_MAX).data)
        identity, stamp = Identity(str(said["id"]), str(said["origin"])), said["stamp"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return identity if stamp and stamp == _stamp(home) else None


def _stamp(home: Path) -> str:
    """A text that another folder that comes to this path later does not have.

    Git writes `description` when it makes the folder, and never again. Empty where nothing can be known.
    """
    with contextlib.suppress(OSError):
        number = home.stat().st_ino
        made = home / "description" if home.is_dir() else home
        with contextlib.suppress(OSError):
            return f"{number}-{made.stat().st_mtime_ns}"
        return f"{number}"
    return ""


def checkout_file_name(name: str, checkout: str, subfolder: str) -> str:
    """`name`, with a suffix for one of several roots that share a state folder."""
    if not checkout and not subfolder:
        return name
    digest = hashlib.sha256(f"{checkout}\0{subfolder}".encode()).hexdigest()[:12]
    stem = re.sub(r"[^A-Za-z0-9._-]", "_", checkout or subfolder)[:40]
    return f"{name}-{stem}-{digest}"
