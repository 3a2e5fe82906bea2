"""What an attempt is given when it begins: its agent, and all that the agent is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.permissions import UNBOUND, permitted
from orchestrator.domain.plan import Permissions, Plan, Task, TaskId
from orchestrator.domain.task_agents import SHELL
from orchestrator.engine.agent_choice import AbsentAgent, AgentChoice
from orchestrator.engine.attempt import Attempt, Limits
from orchestrator.engine.budget import Budget
from orchestrator.engine.findings import Findings
from orchestrator.engine.journal import Journal
from orchestrator.engine.plan_watch import PlanWatch
from orchestrator.engine.ports import Agent, ArtifactStore, PlanOutputs
from orchestrator.engine.prompt import prompt_text, task_prompt
from orchestrator.engine.prompt_facts import prompt_facts
from orchestrator.engine.records import Job, NewInstance, PlanFile
from orchestrator.engine.tick_checks import TickChecks
from orchestrator.engine.verification import check_job


class Briefing:
    """Makes the attempts of one run.

    `agents` are those that were found at the start; `watch` looks at the plan's file.
    """

    def __init__(
        self,
        journal: Journal,
        new: NewInstance,
        plan: Plan,
        file: PlanFile,
        artifacts: ArtifactStore,
        outputs: PlanOutputs,
        agents: Mapping[str, Agent],
        choice: AgentChoice,
        limits: Limits,
        watch: PlanWatch,
        *,
        permissions: Permissions = UNBOUND,
        budget: Budget | None = None,
        strict: bool = False,
    ) -> None:
        self._journal = journal
        self._new = new
        self._plan = plan
        self._file = file
        self._artifacts = artifacts
        self._outputs = outputs
        self._agents = agents
        self._choice = choice
        self._limits = limits
        self._watch = watch
        self._permissions = permissions
        self._budget = budget or Budget()
        self._strict = strict
        self._tick_checks = TickChecks(choice.shell())

    async def prepare(self, task_id: str, note: str | None) -> Attempt:
        """The next attempt of a task. What stands in its way becomes the attempt's failure, not the run's."""
        await self._watch.look()
        loaded = self._plan.task_by_id[TaskId(task_id)]
        task = self._watch.task_now(loaded) if task_id in self._journal.state.approved else loaded
        if self._journal.state.tasks[task_id].tick_unchecked:
            return self._tick_check(task)
        prompt, reports_calls = "", False
        try:
            # One that was settled or held at the start may run: its agent was not looked for then.
            known = self._agents.get(task_id) if task == loaded else None
            agent = known or await self._choice.of(task)
            if agent.name != SHELL:
                prompt = await self._prompt(task, note)
                reports_calls = (await self._choice.check(agent)).abilities.calls
        except OrchestratorError as error:
            agent = AbsentAgent(task.agent or "none", str(error))
        return Attempt(
            self._job(task, prompt, agent.name),
            agent,
            self._limits,
            reports_calls=reports_calls,
            strict=self._strict,
        )

    def _tick_check(self, task: Task) -> Attempt:
        """An attempt that only checks whether the task's tick is right."""
        job = self._job(task, "", SHELL)
        job = replace(check_job(job) or job, task=replace(task, verify=()))
        return Attempt(job, self._tick_checks, self._limits, checks_tick=True)

    def _job(self, task: Task, prompt: str, agent: str) -> Job:
        state = self._journal.state.tasks[task.id]
        return Job(
            instance_id=self._new.id,
            plan_name=self._file.name,
            task=task,
            attempt=state.attempt + 1,
            root=Path(self._new.worktree_path),
            prompt=prompt,
            blocks=task.shell_blocks,
            model=task.model,
            permissions=permitted(task.permissions, self._permissions),
            session_id=state.session_id if state.agent == agent else None,
            budget_usd=self._budget.left_usd(self._journal.state, task.id),
        )

    async def _prompt(self, task: Task, note: str | None) -> str:
        tasks = self._journal.state.tasks
        findings = Findings(self._artifacts, self._outputs, self._file.name, self._new.id, tasks)
        facts = await prompt_facts(task, tasks, findings, note)
        return prompt_text(task_prompt(self._plan, self._file.path, task, facts))
