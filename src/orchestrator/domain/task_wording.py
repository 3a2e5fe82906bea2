"""What a task says, reduced to what counts when two plans are compared.

A plan is edited between two runs, and most edits change nothing of what a task asks for: a line is wrapped
elsewhere, a word becomes bold, a box is ticked, `timeout:` is raised. So prose is compared without blanks,
case, punctuation and ticks, and the detail lines that set how a task is run are left out. Code is compared as
it is: in a command every sign counts, and only blanks at the ends of lines, blank lines and the common
indentation do not.

What is compared with the log is redacted first, as the log's own texts are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from itertools import takewhile
from textwrap import dedent

from orchestrator.domain.plan import Plan, Task
from orchestrator.domain.plan_reading.detail_lines import read_field
from orchestrator.domain.redaction import Redact

DIGEST_LENGTH = 32
HEADINGS_MAX = 6
HEADING_LENGTH_MAX = 200

_FENCE = re.compile(r"[ \t]*(?:[-*+>][ \t]+)?(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")
_BOX = re.compile(r"^([ \t]*(?:[-*+]|\d+[.)])[ \t]+)\[[^\]\n]\][ \t]", re.MULTILINE)
_LIST_MARK = re.compile(r"[-*+>]|\d+[.)]")
_NUMBERING = re.compile(r"^(?:#+[ \t]+)?(?:[0-9]+[.):]?)*[ \t]*")
_IN_NUMBERS = re.compile(r"[.,:/\-](?!\d)")
"""What is punctuation, except before a digit, where it tells `1.5` from `15`."""

_SETTINGS = frozenset(
    (
        *("agent", "model", "timeout", "verify_timeout", "verify", "attempts", "once", "gate", "permissions"),
        "depends",
    )
)
"""The detail lines that say how a task is run and checked, and not what it is to do."""


class _Kept(dict[int, int | None]):
    """A translation table that keeps letters, digits and signs such as `<`, and drops everything else."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        is_kept = category[0] in "LNM" or category in ("Sm", "Sc") or chr(code) in ".,:/-%&@"
        self[code] = code if is_kept else None
        return self[code]


_KEPT = _Kept()


def plain_words(text: str) -> str:
    """The text without blanks, case, punctuation, and ticks of its boxes."""
    unticked = _BOX.sub(r"\1", unicodedata.normalize("NFKC", text))
    return _IN_NUMBERS.sub("", unticked).translate(_KEPT).casefold()


def words(text: str) -> list[str]:
    """The words of a text, each as `plain_words` has it."""
    return [word for word in map(plain_words, text.split()) if word]


def heading_name(heading: str) -> str:
    """A heading without its marks and its number, to find it again after others were put before it."""
    return plain_words(_NUMBERING.sub("", heading))


def wording(task: Task, redact: Redact) -> str:
    """A digest of what an agent is sent of the task itself: its line, its details and its shell blocks."""
    parts = [plain_words(redact(task.description)), *_details(redact(task.details))]
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:DIGEST_LENGTH]


def _details(text: str) -> Iterator[str]:
    """The prose between the blocks of code, and each block, without the settings."""
    prose: list[str] = []
    lines = iter(text.split("\n"))
    of_verify = False
    for line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            field = read_field(_LIST_MARK.sub("", line.strip(), count=1) if _is_item(line) else line)
            is_setting = field is not None and field[0] in _SETTINGS
            of_verify = (field is not None and field == ("verify", "")) or (of_verify and not line.strip())
            if not is_setting:
                prose.append(line)
            continue
        code = list(takewhile(partial(_is_inside, fence["marks"]), lines))
        if not of_verify:
            yield plain_words("\n".join(prose))
            yield _code(code)
            prose = []
        of_verify = False
    yield plain_words("\n".join(prose))


def _is_item(line: str) -> bool:
    mark = _LIST_MARK.match(line.strip())
    return mark is not None and line.strip()[mark.end() :][:1].isspace()


def _is_inside(marks: str, line: str) -> bool:
    """Whether a line does not close the block that these marks opened."""
    stripped = line.strip()
    return len(stripped) < len(marks) or bool(stripped.strip(marks[0]))


def _code(lines: list[str]) -> str:
    return dedent("\n".join(line.rstrip() for line in lines if line.strip()))


def headings_of(plan: Plan, redact: Redact) -> list[tuple[str, ...]]:
    """For each task, in the plan's order, its phase's name and the headings between phase and task."""
    sections = [s for s in plan.sections if s.heading and not s.heading.startswith("# ")]
    has_phases = any(phase.line > 1 or phase.name != plan.title for phase in plan.phases)
    found: list[tuple[str, ...]] = []
    next_section = 0
    for phase in plan.phases:
        name = redact(phase.name)[:HEADING_LENGTH_MAX] if has_phases else ""
        above: list[tuple[int, str]] = []
        for task in phase.tasks:
            while next_section < len(sections) and sections[next_section].line <= task.line:
                section = sections[next_section]
                next_section += 1
                above = [(end, heading) for end, heading in above if end > section.line]
                if section.line > phase.line or not has_phases:
                    above.append((section.end, redact(section.heading)[:HEADING_LENGTH_MAX]))
            above = [(end, heading) for end, heading in above if end > task.line]
            found.append((name, *(heading for _, heading in above))[:HEADINGS_MAX])
    return found
