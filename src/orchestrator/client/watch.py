"""Follows an orchestrator for as long as it lasts, across connections that break."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from orchestrator.client.errors import INVALID_ANSWER, NETWORK_ERROR, ApiError, failure
from orchestrator.client.messages import Ping, Resync, WatchItem, message_of
from orchestrator.client.position import Position
from orchestrator.domain.status import OrchestratorInfo

SILENCE_SECONDS = 60.0
"""The server pings every 30 seconds: after twice that the connection is dead."""
BACK_OFF_FIRST_SECONDS = 0.5
BACK_OFF_MAX_SECONDS = 15.0
_DOUBLINGS_MAX = 5

WatchState = Literal["connecting", "catching_up", "live", "reconnecting", "ended", "failed"]


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """How a watch is. While it is reconnecting, `error` says why and `retry_in_seconds` how soon."""

    state: WatchState
    complete_up_to: int | None
    error: ApiError | None = None
    retry_in_seconds: float | None = None


class Feed(Protocol):
    """One orchestrator as a server shows it; failures are ApiErrors."""

    async def info(self) -> OrchestratorInfo:
        """The orchestrator now."""

    def messages(self, after: int | None) -> AbstractAsyncContextManager[AsyncIterator[str | bytes]]:
        """A connection: its messages from behind `after`, or from now on with the status first."""


class Watch:
    """An orchestrator's events, each once and in order: iterate over it with `async for`.

    It begins with an InitialStatus, unless a position was given, and ends by itself with the orchestrator.
    Lost connections are made again. Raises ApiError when the server refuses for good. Whoever stops
    earlier calls `aclose`, or uses the watch as a context; from another task, cancel the one that iterates.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        after: int | None = None,
        on_state: Callable[[WatchStatus], None] | None = None,
        silence_seconds: float = SILENCE_SECONDS,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.state: WatchState = "connecting"
        self.complete_up_to = after
        """Everything up to here was handed over, or is part of a status that was: begin here another time.

        An item counts once the next one is asked for."""
        self._feed = feed
        self._position = Position(after)
        self._on_state = on_state
        self._silence_seconds = silence_seconds
        self._pause = pause
        self._jitter = jitter
        self._failures = 0
        self._in_hand: int | None = after
        self._items = self._follow()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WatchItem:
        self.complete_up_to = self._in_hand
        item = await anext(self._items)
        self._in_hand = None if isinstance(item, Resync) else item.seq
        return item

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection; nothing more is handed over."""
        self._in_hand = self.complete_up_to
        await self._items.aclose()

    async def _follow(self) -> AsyncGenerator[WatchItem, None]:
        self._tell("connecting")
        while not self._position.has_ended:
            try:
                async with aclosing(self._connection()) as items:
                    async for item in items:
                        yield item
            except ApiError as error:
                if error.is_final:
                    self._tell("failed", error)
                    raise
                await self._back_off(error)
        self._tell("ended")

    async def _connection(self) -> AsyncGenerator[WatchItem, None]:
        """What one connection adds; returns at the orchestrator's end, and raises ApiError before it."""
        info = await self._feed.info()
        self._position.connect(info)
        if self._position.has_ended:
            return
        async with self._feed.messages(self._position.last) as messages:
            self._tell_progress(info.seq)
            while not self._position.has_ended:
                for item in self._position.take(await self._next(messages)):
                    yield item
                self._failures = 0
                self._tell_progress(info.seq)

    async def _next(self, messages: AsyncIterator[str | bytes]) -> WatchItem | Ping | None:
        try:
            async with asyncio.timeout(self._silence_seconds):
                text = await anext(messages, None)
        except TimeoutError:
            silence = f"Nothing has come from the server for {self._silence_seconds:g} seconds."
            raise failure(NETWORK_ERROR, silence, "") from None
        if text is None:
            raise failure(NETWORK_ERROR, "The server has ended the stream.", "")
        try:
            return message_of(text)
        except ValueError as error:
            raise failure(INVALID_ANSWER, f"The stream brought what is no event: {error}", "") from error

    async def _back_off(self, error: ApiError) -> None:
        longest = min(BACK_OFF_FIRST_SECONDS * 2**self._failures, BACK_OFF_MAX_SECONDS)
        self._failures = min(self._failures + 1, _DOUBLINGS_MAX)
        # Clients that lost the same server at the same moment do not all come back at the same moment.
        seconds = max(longest * (1 + self._jitter()) / 2, error.retry_after_seconds or 0)
        self._tell("reconnecting", error, seconds)
        await self._pause(seconds)

    def _tell_progress(self, target: int) -> None:
        """Live is what has all that there was when it connected."""
        state: WatchState = "live" if self._position.has_reached(target) else "catching_up"
        if state != self.state and not self._position.has_ended:
            self._tell(state)

    def _tell(self, state: WatchState, error: ApiError | None = None, seconds: float | None = None) -> None:
        self.state = state
        if self._on_state is not None:
            self._on_state(WatchStatus(state, self.complete_up_to, error, seconds))
