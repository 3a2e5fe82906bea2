"""All that the agent of one attempt told, as JSON Lines, kept with the log while it works; bounded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.answers import ArtifactContent
from orchestrator.domain.events import COMMAND_LENGTH_MAX, SUMMARY_LENGTH_MAX, clip, utc_text
from orchestrator.engine.agent_events import (
    AgentEvent,
    Limit,
    PermissionAsked,
    Started,
    ToolCallCompleted,
    ToolCallStarted,
)
from orchestrator.engine.ports import ArtifactStore
from orchestrator.engine.records import Artifact, Lease

MEDIA_TYPE = "application/jsonl"
WHOLE_MEDIA_TYPE = "text/plain; charset=utf-8"
TEXT_LENGTH_MAX = COMMAND_LENGTH_MAX
"""The maximum number of characters of a text in its line; a longer input or output is kept as an artifact."""

WHOLE_BYTES_MAX = 64 * 1024 * 1024
"""So much is kept beside the lines of one attempt."""

_WHOLE = frozenset({"input", "output"})
"""Of a call's input and output a line holds a summary too, for whoever shows many lines."""

PIECE_BYTES = 256 * 1024
BYTES_MAX = 16 * 1024 * 1024
FLUSH_SECONDS = 5.0
CALL_SECONDS = 0.5
"""A call that begins is kept at once, unless calls come one right after another."""


def piece_name(number: int) -> str:
    """The name of the artifact that holds a transcript's piece, from 1."""
    return f"transcript-{number:04}.jsonl"


async def read_transcript(
    artifacts: ArtifactStore, instance_id: str, task_id: str, attempt: int
) -> AsyncIterator[bytes]:
    """The transcript's pieces, each of whole lines, as far as they were kept by now."""
    number = 1
    while piece := await artifacts.get(instance_id, task_id, attempt, piece_name(number)):
        yield piece.content
        if len(piece.content) < PIECE_BYTES:
            return  # it is still being filled: what stands behind it would not follow
        number += 1


def no_transcript(task_id: str, attempt: int) -> str:
    """Why there is nothing to read, in a sentence."""
    if not attempt:
        return f"No agent has been at work on task {task_id} in this orchestrator yet."
    return f"Attempt {attempt} of task {task_id} has no transcript in this orchestrator."


def artifact_content(artifact: Artifact) -> ArtifactContent:
    """The artifact as it is answered with."""
    text = artifact.content.decode(errors="replace")
    return ArtifactContent(name=artifact.name, size_bytes=len(artifact.content), text=text)


class Transcript:
    """Takes down one attempt. What would go beyond the limit is left out, and a last line says so."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        lease: Lease,
        task_id: str,
        attempt: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._artifacts = artifacts
        self._lease = lease
        self._task_id = task_id
        self._attempt = attempt
        self._monotonic = monotonic
        self._number = 1
        self._piece = bytearray()
        self._bytes = 0
        self._whole_texts = 0
        self._whole_bytes = 0
        self._left_out = 0
        self._is_kept = True
        self._keeping = asyncio.Lock()
        self._kept_at = monotonic()

    async def add(self, event: AgentEvent) -> str | None:
        """Take an event down; it is kept within FLUSH_SECONDS of the next one, by `tend`, or by `close`.

        Returns the name of the artifact that holds a call's input or output, or the command that is asked
        about, whole, where its line cannot.
        """
        artifact = await self._keep_whole(event)
        line = _line(event, artifact)
        if self._bytes + len(line) > BYTES_MAX:
            self._left_out += 1
            return artifact
        self._bytes += len(line)
        self._piece += line
        self._is_kept = False
        is_late = self._monotonic() - self._kept_at >= FLUSH_SECONDS
        # These may be the last events for long, and whoever looks in wants to read what led to them.
        is_mark = isinstance(event, Started | PermissionAsked)
        is_pause = isinstance(event, ToolCallStarted) and self._monotonic() - self._kept_at >= CALL_SECONDS
        if is_late or is_mark or is_pause or len(self._piece) >= PIECE_BYTES:
            await self._keep()
        return artifact

    async def tend(self) -> None:
        """Keep what was told also while nothing more is, until cancelled: a call may take hours."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if not self._is_kept:
                await self._keep()

    async def close(self) -> None:
        """Keep what was not kept yet."""
        if self._left_out:
            self._piece += _json_line("LeftOut", {"events": self._left_out})
        if self._piece:
            await self._keep()

    async def _keep_whole(self, event: AgentEvent) -> str | None:
        match event:
            case ToolCallStarted(input=text) if len(text) > TEXT_LENGTH_MAX:
                kind = "input"
            case ToolCallCompleted(output=text) if len(text) > TEXT_LENGTH_MAX:
                kind = "output"
            case PermissionAsked(command=str(text)) if len(text) > COMMAND_LENGTH_MAX:
                kind = "question"
            case _:
                return None
        content = text.encode(errors="replace")
        if self._whole_bytes + len(content) > WHOLE_BYTES_MAX:
            return None
        self._whole_bytes += len(content)
        self._whole_texts += 1
        name = f"{kind}-{self._whole_texts:04}.txt"
        await self._put(name, WHOLE_MEDIA_TYPE, content)
        return name

    async def _keep(self) -> None:
        async with self._keeping:
            self._is_kept = True
            content = bytes(self._piece)
            await self._put(piece_name(self._number), MEDIA_TYPE, content)
            self._kept_at = self._monotonic()
            if len(content) >= PIECE_BYTES:
                self._number += 1
                del self._piece[: len(content)]

    async def _put(self, name: str, media_type: str, content: bytes) -> None:
        await self._artifacts.put(
            self._lease, Artifact(self._task_id, self._attempt, name, media_type, content)
        )


def _line(event: AgentEvent, artifact: str | None) -> bytes:
    fields: dict[str, Any] = {}
    for name in event.__slots__:
        value = getattr(event, name)
        if name in _WHOLE:
            fields[f"{name}_summary"] = clip(value, SUMMARY_LENGTH_MAX)
            value = value if len(value) > SUMMARY_LENGTH_MAX else None
        if value is not None:
            fields[name] = clip(value, TEXT_LENGTH_MAX) if isinstance(value, str) else value
    if artifact is not None:
        fields["artifact"] = artifact
    return _json_line(type(event).__name__, fields)


def _json_line(kind: str, fields: Mapping[str, Any]) -> bytes:
    told = {"time": utc_text(datetime.now(UTC)), "type": kind, **fields}
    return json.dumps(told, ensure_ascii=False, default=_plain).encode(errors="replace") + b"\n"


def _plain(value: object) -> object:
    """What JSON has no word for: an event's part, or a moment."""
    return asdict(value) if isinstance(value, Limit) else str(value)
