"""Where things are: the project's root, and the plan that a run takes when none is named."""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.errors import PlanNotFound, StorageError, UsageError
from orchestrator.engine.records import PlanFile
from orchestrator.store.plan_files import DiskPlanFiles
from orchestrator.store.regular_files import read_regular, replace_file
from orchestrator.store.state_folder import (
    CHOSEN_PLAN,
    chosen_plan_file,
    is_believed,
    open_state,
)
from orchestrator.store.state_place import IN_ROOT, find_place

CHOSEN_BYTES_MAX = 4_096


def find_root(given: Path | None) -> Path:
    """`given`, else the nearest folder upwards with `.git` or `docs/plans`, else this folder."""
    if given is not None:
        if not given.is_dir():
            raise UsageError(f"--root {given} is not a folder.")
        return given.resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / ".git").exists() or (folder / "docs" / "plans").is_dir():
            return folder
    return here


async def read_plan(plans: DiskPlanFiles, root: Path, name_or_path: str | None) -> PlanFile:
    """The plan that was named, by name or as a file; else the chosen one; else the only one there is."""
    if name_or_path is None:
        return await plans.read(await default_plan(plans, root))
    path = Path(name_or_path)
    if path.suffix == ".md" and path.is_file():
        return await plans.read_path(path)
    return await plans.read(name_or_path)


async def default_plan(plans: DiskPlanFiles, root: Path) -> str:
    """The name to take when none is given; raises UsageError with the plans there are."""
    if (chosen := chosen_plan(root)) is not None:
        return chosen
    found = sorted({file.name for file in await plans.list()})
    if len(found) == 1:
        return found[0]
    if not found:
        raise PlanNotFound(
            f"There is no plan in {root / 'docs/plans'}. Write one, or name a file: --plan FILE."
        )
    listed = "\n  ".join(found)
    raise UsageError(
        f"Which plan? Name one with --plan, or choose one with `orchestrator use PLAN`:\n  {listed}"
    )


def chosen_plan(root: Path) -> str | None:
    """The plan that `orchestrator use` chose, if any; raises StorageError."""
    place = find_place(root)
    paths = [chosen_plan_file(root, place)] if is_believed(place) else []
    # Where earlier versions kept it, until a run takes it over.
    for path in (*paths, root / IN_ROOT / CHOSEN_PLAN):
        try:
            return read_regular(path, CHOSEN_BYTES_MAX).data.decode().strip()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise StorageError(
                f"{path} cannot be read: {why}. Choose again: orchestrator use PLAN"
            ) from error
    return None


def choose_plan(root: Path, name: str) -> None:
    """Remember the plan for runs that name none; raises StorageError."""
    replace_file(open_state(root).chosen_plan, f"{name}\n".encode(), 0o600)
