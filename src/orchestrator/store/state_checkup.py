"""Where a project's state is and why, and whose it is, found out without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.domain.errors import StorageError
from orchestrator.store.checkup import Finding
from orchestrator.store.database import DATABASE_NAME
from orchestrator.store.old_state import is_from_here
from orchestrator.store.project_identity import Identity, identify, project_id
from orchestrator.store.state_folder import is_believed
from orchestrator.store.state_mark import read_mark
from orchestrator.store.state_place import IN_ROOT, Place, find_place


def check_state(root: Path) -> Iterator[Finding]:
    """Look at the state folder of the project at `root`, and at what its id comes from."""
    try:
        place = find_place(root)
    except StorageError as error:
        yield Finding("state", "problem", str(error))
        return
    yield _place_finding(root, place)
    mark = read_mark(place.folder)
    known = place.identity or (mark.identity if mark and is_believed(place) else None)
    yield _project_finding(root, place, known)
    old = root / IN_ROOT
    if old != place.folder and (old / DATABASE_NAME).is_file():
        yield Finding(
            "state", "warning", f"{old} was written by an earlier version; the next run takes it over."
        )


def _place_finding(root: Path, place: Place) -> Finding:
    if place.obstacle is not None:
        return Finding("state", "warning", f"{place.folder}, because {place.obstacle}.")
    has_contents = (place.folder / DATABASE_NAME).exists()
    if has_contents and not is_believed(place) and not _is_of_earlier_version(root, place):
        return Finding(
            "state",
            "warning",
            f"{place.folder} was not made by this user on this machine; the next run sets it aside.",
        )
    return Finding("state", "ok", f"{place.folder}: {place.why}.")


def _is_of_earlier_version(root: Path, place: Place) -> bool:
    try:
        return place.repository is None and is_from_here(place.folder, root)
    except StorageError:
        # What is wrong with the database is said by the look at it.
        return True


def _project_finding(root: Path, place: Place, known: Identity | None) -> Finding:
    identity = known or identify(place.repository)
    if known is None and identity.id.startswith("made:"):
        return Finding("project", "ok", "It has no id yet; the first run makes one and keeps it.")
    named = project_id(identity, place.repository, root)
    checkout = place.repository.checkout if place.repository else ""
    where = f"; this is its checkout {checkout}" if checkout else ""
    return Finding("project", "ok", f"{named} ({identity.origin}){where}.")
