"""Watches what an attempt does to its tree, so that its success need not rest on its agent's word."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.evidence import UNSEEN, AttemptFacts, TreeLook, refusal_text, remarks_on
from orchestrator.domain.plan import TaskKind
from orchestrator.domain.task_agents import SHELL
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.ports import WorkTree


class Witness:
    """Looks at the tree before and after each attempt of one run. Without a tree it sees nothing.

    `plan_path` is left out of what it sees: an agent that ticked its own box has not done its task.
    """

    def __init__(self, tree: WorkTree | None, plan_path: str) -> None:
        self._tree = tree
        self._plan_path = plan_path

    async def look(self, attempt: Attempt) -> TreeLook:
        """The tree as it is now, as far as it matters to this attempt."""
        files = attempt.job.task.files
        # The whole tree says nothing about a block: many a command is done well without a change.
        is_agents = attempt.agent.name != SHELL
        if self._tree is None or attempt.interrupted is not None or not (files or is_agents):
            return UNSEEN
        return await self._tree.look(attempt.job.root, files, (self._plan_path,), whole=is_agents)

    async def judge(self, attempt: Attempt, before: TreeLook, work: Finished) -> Finished:
        """How the work ended, by what it did. Sets the remarks; a strict run fails it for them."""
        if work.outcome != "completed":
            return work
        task = attempt.job.task
        attempt.remarks = remarks_on(
            AttemptFacts(
                calls=attempt.calls if attempt.reports_calls else None,
                denied=attempt.denied,
                files=task.files,
                before=before,
                after=await self.look(attempt),
                may_change_nothing=task.kind is TaskKind.VERIFY,
            )
        )
        if attempt.strict and attempt.remarks:
            # What was denied would be denied again.
            is_final = bool(attempt.denied) and not attempt.went_well
            return replace(work, outcome="failed", error=refusal_text(attempt.remarks), is_final=is_final)
        return work
