"""Notices an agent that gets nowhere: silent, too long in one call, or making the same call over and over.

It is given the time: `heard` takes in what the agent tells, `why` says what is wrong now.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from orchestrator.engine.agent_events import AgentEvent, PermissionAsked, ToolCallCompleted, ToolCallStarted
from orchestrator.engine.attempt import Limits


@dataclass
class StuckWatch:
    """What one attempt's agent was heard of last. Times are in seconds on any one clock."""

    limits: Limits
    heard_at: float
    open_calls: dict[str, tuple[str, float]] = field(default_factory=dict)
    last_call: tuple[str, str] | None = None
    repeats: int = 0
    is_asking: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Return when a call has begun or ended: nothing else that is heard makes a look due earlier."""
        await self._news.wait()
        self._news.clear()

    def heard(self, event: AgentEvent, now: float) -> None:
        """Take in what the agent told."""
        self.heard_at, self.is_asking = now, False
        match event:
            case ToolCallStarted():
                self.open_calls[event.tool_id] = (event.tool_name, now)
                call = (event.tool_name, event.input)
                self.repeats = self.repeats + 1 if call == self.last_call else 1
                self.last_call = call
                self._news.set()
            case ToolCallCompleted():
                self.open_calls.pop(event.tool_id, None)
                self._news.set()
            case PermissionAsked():
                # It waits for a person, who has a time limit of their own.
                self.is_asking = True

    def why(self, now: float) -> str | None:
        """Why the agent counts as stuck, in a sentence; None while it does not."""
        if self.last_call is not None and self.repeats >= self.limits.repeats_max:
            return (
                f"Stuck: the agent made the same call of {self.last_call[0]} {self.repeats} times in a row."
            )
        if self.is_asking:
            return None
        for name, began in self.open_calls.values():
            if now - began >= self.limits.tool_seconds:
                return f"Stuck: a call of {name} took longer than {self.limits.tool_seconds:g} s."
        if not self.open_calls and now - self.heard_at >= self.limits.silence_seconds:
            return f"Stuck: the agent said nothing for {self.limits.silence_seconds:g} s."
        return None

    def next_look(self, now: float) -> float:
        """How long nothing can be wrong unless the agent tells something."""
        if self.is_asking:
            return self.limits.silence_seconds
        if self.open_calls:
            first = min(began for _, began in self.open_calls.values())
            return max(first + self.limits.tool_seconds - now, 0.0)
        return max(self.heard_at + self.limits.silence_seconds - now, 0.0)
