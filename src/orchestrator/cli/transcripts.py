"""`orchestrator transcript`: all that an agent said in one attempt, here or at a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.find_instance import find_instance
from orchestrator.cli.output import write, write_json
from orchestrator.cli.source import open_source
from orchestrator.domain.answers import TranscriptLine
from orchestrator.domain.safe_text import safe_line

_SAID = ("text", "question", "why", "error", "input_summary", "output_summary")
"""The fields that hold what was said, of which a line mostly has one."""

_NAMES = ("tool_name", "agent", "model", "outcome")
_COUNTS = ("_tokens", "_usd", "events")


def show_transcript(
    instance: str, task_id: str, attempt: int | None, root: Path | None, url: str | None, *, json: bool
) -> ExitCode:
    """Print it as text, or as the JSON Lines that it is kept as."""
    lines = asyncio.run(_lines(instance, task_id, attempt, root, url))
    for line in lines:
        if json:
            write_json(line.model_dump_json())
        else:
            write(transcript_line(line))
    return ExitCode.COMPLETED


def show_artifact(
    instance: str, task_id: str, attempt: int | None, name: str, root: Path | None, url: str | None
) -> ExitCode:
    """Print a text that an attempt left, whole."""
    write(asyncio.run(_artifact(instance, task_id, attempt, name, root, url)))
    return ExitCode.COMPLETED


async def _lines(
    instance: str, task_id: str, attempt: int | None, root: Path | None, url: str | None
) -> list[TranscriptLine]:
    async with open_source(root, url) as source:
        found = find_instance(await source.orchestrators(), instance, source.here)
        return await source.transcript(found.id, task_id, attempt)


async def _artifact(
    instance: str, task_id: str, attempt: int | None, name: str, root: Path | None, url: str | None
) -> str:
    async with open_source(root, url) as source:
        found = find_instance(await source.orchestrators(), instance, source.here)
        return await source.artifact(found.id, task_id, attempt, name)


def transcript_line(line: TranscriptLine) -> str:
    """`12:03:04 Text: I start with the tests.`, in local time."""
    fields = line.model_extra or {}
    names = [safe_line(str(fields[name])) for name in _NAMES if fields.get(name)]
    said = [_indented(str(fields[name]).rstrip()) for name in _SAID if fields.get(name)]
    counts = [f"{name} {value}" for name, value in fields.items() if value and name.endswith(_COUNTS)]
    if artifact := fields.get("artifact"):
        counts.append(f"whole in {safe_line(str(artifact))}")
    head = " ".join([f"{line.time.astimezone():%H:%M:%S}", line.type, *names])
    return ": ".join(filter(None, [head, *said, ", ".join(counts)]))


def _indented(text: str) -> str:
    """The text with its further lines moved in: no line of it looks like one that begins with a time."""
    return text.replace("\r\n", "\n").replace("\n", "\n    ")
