"""Names the copies of findings by what their tasks are called now, when a run begins with a renumbered plan.

The database knows whose a finding is; its copy in `findings/1-2.md` is known by its name alone. So the copies
follow their tasks, and that of a task which is gone makes room for the one that has its id now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.events import PlanLoaded
from orchestrator.engine.ports import PlanOutputs


@dataclass(frozen=True, slots=True)
class CopyMoves:
    """From which path to which the copies move, and which are put aside; paths are relative to the root."""

    moves: Mapping[str, str] = field(default_factory=dict)
    aside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moves or self.aside)


def copy_moves(begun: PlanLoaded, outputs: PlanOutputs) -> CopyMoves:
    """What becomes of the copies that earlier runs have left."""
    paths = {task.id: outputs.finding_path(begun.plan_name, task.id) for task in begun.tasks}
    moves = {
        task.finding: path
        for task in begun.tasks
        if task.finding and (path := paths[task.id]) and task.finding != path
    }
    own = {task.finding for task in begun.tasks if task.finding}
    taken = {path for path in paths.values() if path} - own
    return CopyMoves(moves, tuple({task.finding: None for task in begun.gone if task.finding in taken}))


def with_moved(begun: PlanLoaded, moves: Mapping[str, str]) -> PlanLoaded:
    """The event with the paths that the copies have then."""
    tasks = tuple(
        task.model_copy(update={"finding": moves.get(task.finding or "", task.finding)})
        for task in begun.tasks
    )
    return begun.model_copy(update={"tasks": tasks}) if moves else begun
