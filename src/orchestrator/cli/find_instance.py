"""Which orchestrator a person means."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.status import OrchestratorInfo

IDS_SHOWN_MAX = 10


Here = tuple[str, str | None]
"""A project's id and a checkout of it."""


def find_instance(
    infos: Sequence[OrchestratorInfo], text: str | None, here: Here | None = None
) -> OrchestratorInfo:
    """The orchestrator with this id, else the only one that is meant; without a text the latest.

    With `here`, one of this project and checkout is meant rather than another that the text fits as well.

    A text means a running orchestrator by its plan's name or by how its id begins, before it means an
    ended one; of a plan's ended ones the latest. `infos` are all there are, newest first. Raises
    InstanceNotFound.
    """
    own = [info for info in infos if (info.project, info.checkout) == here]
    if own and len(own) < len(infos):
        with suppress(InstanceNotFound):
            return find_instance(own, text)
    if text is None:
        if infos:
            return infos[0]
        raise InstanceNotFound("No orchestrator has run here yet.")
    meant = [info for info in infos if info.plan_name == text or info.id.startswith(text)]
    alive = [info for info in meant if not info.status.has_ended]
    latest_of_plan = [] if alive else [info for info in infos if info.plan_name == text][:1]
    for found in ([info for info in infos if info.id == text], alive, meant, latest_of_plan):
        if len(found) == 1:
            return found[0]
    shown = (alive or meant or infos)[:IDS_SHOWN_MAX]
    known = "".join(f"\n  {info.id}  {info.status:<9} {plan_text(info)}" for info in shown)
    what = "More than one orchestrator is meant by" if meant else "There is no orchestrator"
    raise InstanceNotFound(f"{what} {text!r}. There are:{known or ' none'}")


def plan_text(info: OrchestratorInfo) -> str:
    """The plan's name, with its checkout unless that is the main one."""
    return f"{info.plan_name} (checkout {info.checkout})" if info.checkout else info.plan_name
