"""Which task of a plan is which task of the run before it, after people have edited the plan in between.

What was done is bound to what was asked for, not to a number: numbers change whenever somebody
inserts, moves or deletes a task. So tasks are found again by these signs, the surest first, and a task that
was found is looked for no further:

1. its own id and its wording;
2. its wording within the same headings (with the phase's number first, then without it), or in the phase of
   the same number, if the headings were renamed: equal texts are taken in order if there are as many of them
   as before, and not at all if their number changed;
3. its wording anywhere, if that is unique on both sides: it was moved, or its heading was renamed;
4. its own id: the instruction was changed, so what was done was done for an earlier wording of it;
5. its line within the same headings, unique on both sides, then a similar line: somebody probably reworded
   a task without an id, or changed its details. That is a guess, so it carries what the task has behind it
   (findings, the count of attempts), and never that it is done.

Ids that were made up for tasks without one are no sign: they only say where a task was. What was removed from
the plan is remembered, and found again by its wording alone when it comes back.

Everything is done with dictionaries, in time that grows with the number of tasks; only the last step compares
texts with one another, of at most `SIMILAR_MAX` tasks of a phase and `COMPARISONS_MAX` times altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from orchestrator.domain.task_wording import heading_name, plain_words, words

SIMILAR_MAX = 200
COMPARISONS_MAX = 100_000
SIMILARITY_MIN = 0.6
SIMILAR_WORDS_MIN = 3
WORDS_COMPARED_MAX = 60

MatchKind = Literal["same", "reworded", "similar", "new"]
"""How a task was found: with the same wording, by its id alone, by a guess, or not at all."""


Reworded = Literal["keep", "rerun"]
"""Whether a task that was done for an earlier wording of it stays done, and shown so, or runs again."""


@dataclass(frozen=True, slots=True)
class TaskKey:
    """What a task is recognised by. Its texts are redacted; `wording` is None where it was not recorded."""

    id: str
    phase: int
    description: str
    headings: tuple[str, ...] = ()
    wording: str | None = None
    has_own_id: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for a task of the plan: `known` is the place of the task among the known ones.

    `same_line` says of a guess that the task's line is as it was.
    """

    kind: MatchKind = "new"
    known: int | None = None
    same_line: bool = False


NEW = Match()


@dataclass(frozen=True, slots=True)
class Matching:
    """A match for each task of the plan, in its order, and the known tasks that it no longer has."""

    matches: tuple[Match, ...]
    gone: tuple[int, ...]


def match(known: Sequence[TaskKey], plan: Sequence[TaskKey], removed: int = 0) -> Matching:
    """Find the tasks of the plan among the known ones.

    The last `removed` of the known tasks were not in the plan any more when it was run last: they are found
    by their wording alone.
    """
    matcher = _Matcher(known, plan, removed)
    matcher.by_wording()
    matcher.by_id()
    matcher.by_likeness()
    matches = tuple(matcher.found.get(place, NEW) for place in range(len(plan)))
    return Matching(matches, tuple(place for place in range(len(known)) if place not in matcher.taken))


class _Matcher:
    """The known tasks and those of the plan, as far as they have not found each other."""

    def __init__(self, known: Sequence[TaskKey], plan: Sequence[TaskKey], removed: int) -> None:
        self._known = known
        self._plan = plan
        self._present = range(len(known) - removed)
        self._removed = range(len(known) - removed, len(known))
        self._texts_known, self._texts = _comparable(known, plan)
        self._headings_known = [_names(key) for key in known]
        self._headings = [_names(key) for key in plan]
        self.found: dict[int, Match] = {}
        self.taken: set[int] = set()

    def by_wording(self) -> None:
        """The same text: by id, by place, anywhere; then the same among what had been removed."""
        for among in (self._present, self._removed):
            self._pair("same", among, self._id_and_text, in_order=False)
            self._pair("same", among, self._text_in_phase, in_order=True)
            self._pair("same", among, self._text_in_headings, in_order=True)
            self._pair("same", among, self._text_in_number, in_order=True)
            self._pair("same", among, self._text, in_order=False)

    def by_id(self) -> None:
        """The same id of the writer's, with another text."""
        self._pair("reworded", self._present, self._own_id, in_order=False)

    def by_likeness(self) -> None:
        """The same line with other details, then the most similar lines of each phase."""
        self._pair("similar", self._present, self._line, in_order=False, same_line=True)
        left: dict[int, tuple[list[int], list[int]]] = {}
        for place in self._present:
            if place not in self.taken:
                left.setdefault(self._known[place].phase, ([], []))[0].append(place)
        for place, key in enumerate(self._plan):
            if place not in self.found:
                left.setdefault(key.phase, ([], []))[1].append(place)
        comparisons = 0
        for known, plan in left.values():
            comparisons += len(known[:SIMILAR_MAX]) * len(plan[:SIMILAR_MAX])
            if comparisons > COMPARISONS_MAX:
                return
            self._pair_similar(known[:SIMILAR_MAX], plan[:SIMILAR_MAX])

    def _pair(
        self,
        kind: MatchKind,
        among: range,
        sign: Callable[[bool, int], Hashable],
        *,
        in_order: bool,
        same_line: bool = False,
    ) -> None:
        """Match what has the same sign: if it is unique on both sides, or `in_order`, if equally frequent."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for place in among:
            if place not in self.taken and (found := sign(True, place)) is not None:
                groups.setdefault(found, ([], []))[0].append(place)
        for place in range(len(self._plan)):
            if place not in self.found and (found := sign(False, place)) in groups:
                groups[found][1].append(place)
        for known, plan in groups.values():
            if len(known) == len(plan) and (in_order or len(plan) == 1):
                for known_place, place in zip(known, plan, strict=True):
                    self._take(known_place, place, Match(kind, known_place, same_line))

    def _take(self, known: int, place: int, match: Match) -> None:
        self.found[place] = match
        self.taken.add(known)

    def _key(self, is_known: bool, place: int) -> TaskKey:
        return self._known[place] if is_known else self._plan[place]

    def _text(self, is_known: bool, place: int) -> str:
        return self._texts_known[place] if is_known else self._texts[place]

    def _own_id(self, is_known: bool, place: int) -> Hashable:
        key = self._key(is_known, place)
        return id_name(key.id) if key.has_own_id else None

    def _id_and_text(self, is_known: bool, place: int) -> Hashable:
        # An id that was made up becomes a sign once the writer has written it down.
        key = self._key(is_known, place)
        return (id_name(key.id), self._text(is_known, place)) if is_known or key.has_own_id else None

    def _text_in_phase(self, is_known: bool, place: int) -> Hashable:
        return self._key(is_known, place).phase, self._text_in_headings(is_known, place)

    def _text_in_headings(self, is_known: bool, place: int) -> Hashable:
        headings = self._headings_known if is_known else self._headings
        return headings[place], self._text(is_known, place)

    def _text_in_number(self, is_known: bool, place: int) -> Hashable:
        return self._key(is_known, place).phase, self._text(is_known, place)

    def _line(self, is_known: bool, place: int) -> Hashable:
        headings = self._headings_known if is_known else self._headings
        return headings[place], plain_words(self._key(is_known, place).description)

    def _pair_similar(self, known: Sequence[int], plan: Sequence[int]) -> None:
        """Match the most similar lines first; of equally similar ones the first."""
        lines = {place: words(self._known[place].description)[:WORDS_COMPARED_MAX] for place in known}
        pairs = []
        for place in plan:
            line = words(self._plan[place].description)[:WORDS_COMPARED_MAX]
            pairs += [(-ratio, place, other) for other, ratio in _similar(line, lines)]
        for _, place, other in sorted(pairs):
            if place not in self.found and other not in self.taken:
                self._take(other, place, Match("similar", other))


def id_name(task_id: str) -> str:
    """An id as ids are compared: without case, and with `.`, `-` and `_` equal."""
    return task_id.casefold().replace("-", ".").replace("_", ".")


def _names(key: TaskKey) -> tuple[str, ...]:
    return tuple(map(heading_name, key.headings))


def _comparable(known: Sequence[TaskKey], plan: Sequence[TaskKey]) -> tuple[list[str], list[str]]:
    """The texts to compare: the wordings, or the tasks' lines where not every wording was recorded."""
    wordings = [key.wording for key in known if key.wording is not None]
    if len(wordings) == len(known):
        return wordings, [key.wording or plain_words(key.description) for key in plan]
    return [plain_words(key.description) for key in known], [plain_words(key.description) for key in plan]


def _similar(line: Sequence[str], lines: dict[int, list[str]]) -> Iterator[tuple[int, float]]:
    """The places of the lines that are similar, and how much."""
    matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
    matcher.set_seq2(line)
    for place, other in lines.items():
        matcher.set_seq1(other)
        if matcher.real_quick_ratio() < SIMILARITY_MIN or matcher.quick_ratio() < SIMILARITY_MIN:
            continue
        shared = sum(block.size for block in matcher.get_matching_blocks())
        if shared >= SIMILAR_WORDS_MIN and (ratio := matcher.ratio()) >= SIMILARITY_MIN:
            yield place, ratio
