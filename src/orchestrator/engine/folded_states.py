"""States of one log that are kept, so that an earlier moment need not be folded from the start."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter

from orchestrator.domain.run_state import RunState

MARK_EVENTS = 10_000
"""How many events lie between two states that are kept."""
MARKED_TASKS_MAX = 50_000
"""How many tasks the kept states of one log have together; each is about 100 bytes."""

_SEQ = attrgetter("seq")


class FoldedStates:
    """The latest state of a log, and some on the way there."""

    def __init__(self) -> None:
        self.latest = RunState()
        self._marks = [self.latest]
        self._interval = MARK_EVENTS

    def before(self, seq: int | None) -> RunState:
        """The kept state to go on from to `seq`; None is the log's end."""
        if seq is None or self.latest.seq <= seq:
            return self.latest
        return self._marks[bisect_right(self._marks, seq, key=_SEQ) - 1]

    def keep(self, state: RunState) -> None:
        """Take note of a state that was folded."""
        if state.seq >= self.latest.seq:
            self.latest = state
        place = bisect_right(self._marks, state.seq, key=_SEQ)
        behind = self._marks[place - 1 : place + 1]
        if all(abs(state.seq - mark.seq) >= self._interval for mark in behind):
            self._marks.insert(place, state)
            while len(self._marks) > 2 and len(self._marks) * len(state.tasks) > MARKED_TASKS_MAX:
                self._interval *= 2
                self._marks = self._marks[::2]
