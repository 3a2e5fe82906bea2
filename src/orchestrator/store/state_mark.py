"""The mark of a state folder: which project it is of, and that it was made here.

An archive of a repository can bring a state folder along, with a database that says that everything was done.
So the mark holds two things that nobody elsewhere can know, and one of them must be right: the folder's own
number on its file system (right for a folder that stayed or was renamed, also in a container that has another
home each time), and a proof made with a key that the user keeps outside of all projects (right for a folder
that was copied, or restored from a backup).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from orchestrator.store.project_identity import Identity
from orchestrator.store.regular_files import read_regular, replace_file

MARK_NAME = "project.json"
KEY_NAME = "key"
_BYTES_MAX = 16 * 1024
_KEY_BYTES = 32


def user_state() -> Path:
    """The user's own folder for state, outside of all projects."""
    named = os.environ.get("XDG_STATE_HOME", "")
    home = Path(named) if named and Path(named).is_absolute() else Path.home() / ".local" / "state"
    return home / "plan-orchestrator"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a state folder says of itself."""

    identity: Identity
    folder_number: int
    proof: str


def read_mark(folder: Path) -> Mark | None:
    """The folder's mark, None where there is none that can be read."""
    try:
        said = json.loads(read_regular(folder / MARK_NAME, _BYTES_MAX).data)
        return Mark(Identity(str(said["id"]), str(said["origin"])), int(said["folder"]), str(said["proof"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_mark(folder: Path, identity: Identity) -> None:
    """Mark the folder as made here. Raises StorageError."""
    said = {
        "id": identity.id,
        "origin": identity.origin,
        "folder": folder.stat().st_ino,
        "proof": _proof(identity, make=True),
    }
    replace_file(folder / MARK_NAME, f"{json.dumps(said, indent=2)}\n".encode(), 0o600)


def is_in_place(folder: Path, mark: Mark) -> bool:
    """Whether the folder is the very one that was marked."""
    found = folder.lstat()
    return found.st_ino == mark.folder_number and found.st_uid == os.geteuid()


def is_ours(folder: Path, mark: Mark) -> bool:
    """Whether this user has marked it, even if it was copied since."""
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        return False
    proof = _proof(mark.identity, make=False)
    return proof != "" and hmac.compare_digest(proof, mark.proof)


def _proof(identity: Identity, *, make: bool) -> str:
    """Empty where the user has no key, and none can be made: the folder's number must do then."""
    key = _key(make=make)
    return hmac.new(key, identity.id.encode(), hashlib.sha256).hexdigest() if key else ""


def _key(*, make: bool) -> bytes:
    path = user_state() / KEY_NAME
    with contextlib.suppress(OSError):
        return read_regular(path, _KEY_BYTES).data
    if not make:
        return b""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{KEY_NAME}.{secrets.token_hex(6)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(_KEY_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # Another process may be at it too: the first one's stays.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        temporary.unlink()
        return read_regular(path, _KEY_BYTES).data
    return b""
