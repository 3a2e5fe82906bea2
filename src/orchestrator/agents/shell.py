"""The shell agent: runs a task's blocks one after another with bash, and reports what they did."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from orchestrator.agents.containment import ContainedProcesses, Ended, NotStarted, Output, WaitsForInput
from orchestrator.agents.environment import attempt_environment, marker
from orchestrator.agents.installed import not_found, told_version
from orchestrator.agents.programs import EVERY_PROGRAM, Programs
from orchestrator.agents.shell_report import BlockReport, error_sentence, finding
from orchestrator.agents.terminal_text import LiveOutput, TerminalText
from orchestrator.domain.plan import CodeBlock
from orchestrator.domain.redaction import RedactedStream
from orchestrator.engine.agent_events import (
    AgentEvent,
    Finished,
    Started,
    ToolCallCompleted,
    ToolCallOutput,
    ToolCallStarted,
    ToolOutcome,
)
from orchestrator.engine.records import BLOCK_TOOL_NAME, AgentCheck, Job

NAME = "shell"
BLOCK_BYTES_MAX = 120_000
"""A block is handed to bash as one argument, and the kernel takes no longer ones."""


class ShellAgent:
    """Runs the blocks of a job with `bash -euo pipefail`, each on a terminal of its own, stdin at its end.

    `own_environment` is ours, of which an allow-list is passed on; `also` names more of it to pass on.
    `programs` says where bash may be.
    """

    name = NAME

    def __init__(
        self,
        own_environment: Mapping[str, str] | None = None,
        also: Collection[str] = (),
        programs: Programs = EVERY_PROGRAM,
    ) -> None:
        self._own_environment = dict(os.environ if own_environment is None else own_environment)
        self._also = frozenset(also)
        self._programs = programs
        self._version: str | None = None

    async def check(self) -> AgentCheck:
        """Ready when bash is there and runs."""
        bash = self._bash()
        if bash is None:
            problem = "bash is not on the PATH; install it"
            return not_found("bash", self._own_environment, self._programs, problem)
        try:
            self._version = await asyncio.to_thread(
                told_version, bash, self._own_environment, programs=self._programs
            )
        except (OSError, subprocess.SubprocessError) as error:
            return AgentCheck(is_ready=False, problem=f"{bash} does not run: {error}")
        return AgentCheck(is_ready=True, version=self._version)

    def run(self, job: Job) -> ShellRun:
        """Prepare the job; bash starts when the run's events are read."""
        environment = attempt_environment(job, self._own_environment, self._also)
        return ShellRun(job, self._bash(), self._version, environment)

    def refusal(self, _text: str) -> Finished | None:
        """A shell has no vendor."""
        return None

    def _bash(self) -> str | None:
        return self._programs.find("bash", self._own_environment)


class ShellRun:
    """One job's blocks at work."""

    def __init__(
        self, job: Job, bash: str | None, version: str | None, environment: Mapping[str, str]
    ) -> None:
        self._job = job
        self._bash = bash
        self._version = version
        self._environment = environment
        self._reports: list[BlockReport] = []
        self._live = LiveOutput()
        self._processes: ContainedProcesses | None = None
        self._waits_for_input = asyncio.Event()
        self._reason: str | None = None
        self._has_begun = self._has_ended = False

    async def interrupt(self, reason: str) -> None:
        """End the blocks' processes and begin no other; returns when no process is left. Idempotent."""
        if self._reason is None and not self._has_ended:
            self._reason = reason
        if self._processes is not None:
            await self._processes.interrupt()

    async def answer(self, request_id: str, *, allow: bool) -> None:
        """It asks nothing."""

    async def tell(self, _text: str) -> bool:
        """It takes no notes."""
        return False

    async def events(self) -> AsyncIterator[AgentEvent]:
        """One tool call a block, then the end. Can be read once."""
        if self._has_begun:
            raise RuntimeError("the events of a run can be read only once")
        self._has_begun = True
        yield Started(NAME, version=self._version)
        problem = self._problem()
        if problem is None and self._reason is None:
            try:
                self._processes = ContainedProcesses(marker(self._job), self._job.root, self._environment)
            except (OSError, ValueError) as error:
                problem = f"The shell agent cannot start in {self._job.root}: {error}."
        if self._processes is not None:
            try:
                async for event in self._run_blocks(self._processes):
                    yield event
            finally:
                await self._processes.close()
        self._has_ended = True
        yield self._finished(problem)

    def _problem(self) -> str | None:
        """Why the job cannot be begun."""
        if not self._job.blocks:
            return "The shell agent runs sh and bash blocks, and the task has none."
        if self._bash is None:
            return "bash is not on the PATH; install it."
        for number, block in enumerate(self._job.blocks, 1):
            if "\0" in block.text:
                return f"Block {number} (line {block.line}) holds a NUL character, which bash cannot take."
            if len(block.text.encode()) > BLOCK_BYTES_MAX:
                return (
                    f"Block {number} (line {block.line}) is longer than {BLOCK_BYTES_MAX:,} bytes; "
                    "put it into a script and run that."
                )
        return None

    async def _run_blocks(self, processes: ContainedProcesses) -> AsyncIterator[AgentEvent]:
        """Each block as a tool call, up to the first that does not end well."""
        for number, block in enumerate(self._job.blocks, 1):
            if self._reason is not None:
                return
            shown = replace(block, text=self._job.redact(block.text))
            is_check = self._job.tool_name != BLOCK_TOOL_NAME
            report = BlockReport(shown, number, len(self._job.blocks), is_check=is_check)
            self._reports.append(report)
            tool_id = f"{self._job.tool_name}-{number}"
            yield ToolCallStarted(tool_id, self._job.tool_name, shown.text)
            async with self._bounded(processes, report):
                async for text in self._run_block(processes, block, report):
                    yield ToolCallOutput(tool_id, text)
            report.is_interrupted = self._reason is not None
            yield ToolCallCompleted(tool_id, _tool_outcome(report), report.output.text)
            if not report.is_ok:
                return

    @asynccontextmanager
    async def _bounded(self, processes: ContainedProcesses, report: BlockReport) -> AsyncIterator[None]:
        """End what runs once it takes longer than the job allows, or waits for input."""
        self._waits_for_input.clear()

        async def end_early() -> None:
            try:
                async with asyncio.timeout(self._job.block_seconds_max):
                    await self._waits_for_input.wait()
            except TimeoutError:
                report.seconds_max = self._job.block_seconds_max
            await processes.interrupt()

        ending = asyncio.create_task(end_early())
        try:
            yield
        finally:
            # One that has begun is ending processes: that must be over before the block is.
            if report.seconds_max is None and report.waiting_program is None:
                ending.cancel()
            await asyncio.wait({ending})

    async def _run_block(
        self, processes: ContainedProcesses, block: CodeBlock, report: BlockReport
    ) -> AsyncIterator[str]:
        """The block's output in chunks, until it and all that it started have ended."""
        terminal, clean = TerminalText(), RedactedStream(self._job.redact)
        started = time.monotonic()
        assert self._bash is not None
        processes.start((self._bash, "-euo", "pipefail", "-c", block.text))
        while True:
            try:
                async with asyncio.timeout(self._live.delay_seconds(time.monotonic())):
                    message = await processes.receive()
            except TimeoutError:
                yield self._live.take(time.monotonic())
                continue
            if isinstance(message, WaitsForInput):
                report.waiting_program = message.program
                self._waits_for_input.set()
                continue
            if not isinstance(message, Output):
                break
            self._keep(report, clean.feed(terminal.feed(message.data)))
            if chunk := self._live.take(time.monotonic()):
                yield chunk
        self._keep(report, clean.feed(terminal.feed(b"", is_last=True), is_last=True))
        report.duration_seconds = time.monotonic() - started
        if isinstance(message, Ended):
            report.exit_code = message.exit_code
            report.leftovers, report.survivors = message.leftovers, message.survivors
        elif isinstance(message, NotStarted):
            report.problem = f"could not be started: {message.reason}"
        if rest := self._live.take(time.monotonic(), at_once=True):
            yield rest

    def _keep(self, report: BlockReport, text: str) -> None:
        report.output.add(text)
        self._live.add(text, time.monotonic())

    def _finished(self, problem: str | None) -> Finished:
        """The end, from the reports."""
        text = finding(self._reports, problem)
        last = self._reports[-1] if self._reports else None
        exit_code = last.shell_exit_code if last else None
        if problem is not None:
            return Finished("failed", text, problem)
        if self._reason is not None and not self._is_all_done():
            return Finished("interrupted", text, f"Interrupted: {self._reason}", exit_code)
        if last is not None and last.is_lost:
            said = self._processes.complaint if self._processes else ""
            return Finished("lost", text, error_sentence(last, said), None)
        if last is not None and not last.is_ok:
            return Finished("failed", text, error_sentence(last), exit_code)
        return Finished("completed", text, exit_code=exit_code)

    def _is_all_done(self) -> bool:
        return len(self._reports) == len(self._job.blocks) and all(r.is_ok for r in self._reports)


def _tool_outcome(report: BlockReport) -> ToolOutcome:
    if report.is_interrupted or report.is_lost:
        return "interrupted"
    return "ok" if report.is_ok else "error"
