"""What a shell job leaves behind: its finding in Markdown, and the sentence that says why it failed."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from orchestrator.agents.terminal_text import BoundedText
from orchestrator.domain.events import clip
from orchestrator.domain.plan import CodeBlock

FINDING_LENGTH_MAX = 65_536
COMMAND_LENGTH_MAX = 4_000
SECTION_LENGTH_MIN = 800
SECTION_OVERHEAD = 400
ERROR_LENGTH_MAX = 1_000
ERROR_LINES_MAX = 5
CHECK_NAME_LENGTH_MAX = 120
SIGNAL_EXIT_CODE = 128


@dataclass(slots=True)
class BlockReport:
    """How block `number` of `total` went. `exit_code` is negative for a signal, None while unknown.

    A check is named by its command instead. `seconds_max` is the limit that it has run into, if it has;
    `waiting_program` is what it was ended for because it waited for input.
    """

    block: CodeBlock
    number: int
    total: int
    output: BoundedText = field(init=False)
    exit_code: int | None = None
    duration_seconds: float = 0.0
    leftovers: int = 0
    survivors: int = 0
    problem: str | None = None
    is_interrupted: bool = False
    is_check: bool = False
    seconds_max: float | None = None
    waiting_program: str | None = None

    def __post_init__(self) -> None:
        self.output = BoundedText(
            _section_length(self.total) - _command_length(self.total) - SECTION_OVERHEAD
        )

    @property
    def is_ok(self) -> bool:
        """It ended by itself, with exit code 0, and nothing of it is left."""
        was_ended = self.is_interrupted or self.seconds_max or self.waiting_program
        return self.exit_code == 0 and not (self.survivors or was_ended)

    @property
    def name(self) -> str:
        """`block 1 of 2`, or the first line of a check."""
        if not self.is_check:
            return f"block {self.number} of {self.total}"
        return f"`{clip(self.block.text.strip().partition(chr(10))[0], CHECK_NAME_LENGTH_MAX)}`"

    @property
    def is_lost(self) -> bool:
        """Nobody could say how it ended."""
        return self.exit_code is None and self.problem is None

    @property
    def shell_exit_code(self) -> int | None:
        """The exit code as a shell tells it: 128 and the signal's number for a signal."""
        if self.exit_code is None or self.exit_code >= 0:
            return self.exit_code
        return SIGNAL_EXIT_CODE - self.exit_code

    @property
    def how_it_ended(self) -> str:
        """`ended with exit code 1`."""
        if self.problem is not None:
            return self.problem
        if self.waiting_program is not None:
            return (
                f"was ended because it waited for input: `{self.waiting_program}` was reading the terminal, "
                "where nobody is"
            )
        if self.seconds_max is not None:
            return f"took longer than {self.seconds_max:g} s and was ended"
        if self.exit_code is None:
            return "was lost: its supervisor was killed, and what ran was ended"
        if self.exit_code < 0:
            return f"was ended by {signal_name(-self.exit_code)}"
        return f"ended with exit code {self.exit_code}"


def error_sentence(report: BlockReport, said: str = "") -> str:
    """Why the job did not complete: the block, how it ended and its very last line; then its last lines."""
    sentence = f"{report.name} {report.how_it_ended}"
    if report.survivors:
        sentence += f" and not all of it could be ended (processes left: {report.survivors})"
    lines = (said or report.output.tail).strip().splitlines()[-ERROR_LINES_MAX:]
    if lines:
        sentence += f": {lines[-1].strip()}"
    if len(lines) > 1:
        sentence += "\nIts last lines:\n" + "\n".join(lines)
    return clip(sentence, ERROR_LENGTH_MAX)


def finding(reports: Sequence[BlockReport], problem: str | None) -> str:
    """The Markdown that the attempt leaves: each block with its exit code, duration and output."""
    if problem is not None:
        return f"{problem}\n"
    if not reports:
        return "No block was run.\n"
    *sections, last = map(_section, reports)
    room = FINDING_LENGTH_MAX - len(last) - SECTION_OVERHEAD
    kept = [text for text, end in zip(sections, accumulate(map(len, sections)), strict=True) if end <= room]
    if len(kept) < len(sections):
        kept.append(f"… {len(sections) - len(kept)} blocks that ended well are left out …\n")
    return "\n".join([*kept, last])


def signal_name(number: int) -> str:
    """`SIGKILL` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    newline = "" if text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{newline}{fence}\n"


def _section(report: BlockReport) -> str:
    command = clip(report.block.text, _command_length(report.total))
    ending = "was interrupted" if report.is_interrupted else report.how_it_ended
    lines = [f"Block {report.number} {ending}, after {report.duration_seconds:.2f} s."]
    if report.leftovers:
        lines.append(f"What it left running was ended (processes: {report.leftovers}).")
    if report.survivors:
        lines.append(f"Not all of it could be ended (processes left: {report.survivors}).")
    parts = [f"## Block {report.number} of {report.total}\n", fenced(command, "bash"), " ".join(lines) + "\n"]
    parts.append(fenced(report.output.text, "text") if len(report.output) else "No output.\n")
    return "\n".join(parts)


def _section_length(total: int) -> int:
    """How much of the finding one of so many blocks may take."""
    return max(FINDING_LENGTH_MAX // total, SECTION_LENGTH_MIN)


def _command_length(total: int) -> int:
    return min(_section_length(total) // 4, COMMAND_LENGTH_MAX)
