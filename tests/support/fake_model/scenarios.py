"""What the model says and does, turn by turn, in no protocol's words.

A scenario is a list of turns, a turn a list of steps. The turn after the last one is the last one again: so a
scenario that ends with a tool call goes on for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Reason = Literal["unauthorised", "rate_limited", "quota", "overloaded", "context_full", "unknown_model"]


@dataclass(frozen=True)
class Say:
    """Text; with a pause it comes word by word."""

    text: str
    pause_seconds: float = 0.0


@dataclass(frozen=True)
class Shell:
    """A call of whichever tool runs commands; `asks` to be let out of a sandbox, where the tool can ask."""

    command: str
    asks: bool = False


@dataclass(frozen=True)
class Write:
    """A call of whichever tool writes files; where there is none, of the shell."""

    path: str
    text: str


@dataclass(frozen=True)
class Delegate:
    """A call of the tool that starts a sub-agent with a prompt of its own."""

    prompt: str


@dataclass(frozen=True)
class Spend:
    """Says how many tokens the turn has cost."""

    input_tokens: int = 1000
    output_tokens: int = 50


@dataclass(frozen=True)
class Refuse:
    """The vendor's error, that many times; then the rest of the turn."""

    reason: Reason
    times: int | None = None


@dataclass(frozen=True)
class Withhold:
    """The vendor's filter or the model itself refuses to answer: a turn that ends well, without an answer."""


@dataclass(frozen=True)
class Cut:
    """The connection breaks within a sentence, that many times; then the rest of the turn."""

    times: int | None = None


@dataclass(frozen=True)
class Hang:
    """The stream is open, and nothing comes."""


Step = Say | Shell | Write | Delegate | Spend | Refuse | Withhold | Cut | Hang
Turn = list[Step]

DONE = Say("Done.")
ORPHAN = (
    "nohup setsid sh -c 'trap \"\" HUP INT TERM; echo $$ > orphan.pid; exec sleep 600' > /dev/null 2>&1 &"
)
"""Leaves the session, the process group and the terminal, and does not hear polite signals."""

PLAN_EDIT = "sed -i -e 's/echo listed/echo sneaked/' -e 's/- \\[ \\] 3/- [x] 3/' docs/plans/*.md"
"""Ticks boxes of phase 3, and changes a block there."""


def _work() -> list[Turn]:
    return [
        [Say("I look around first."), Shell("echo one; ls")],
        [Write("notes.txt", "first line\nsecond line\n")],
        [Shell("wc -l notes.txt")],
        [Say("All three steps are done.")],
    ]


def _after(*steps: Step) -> list[Turn]:
    return [[*steps, Shell("echo after")], [DONE]]


def _many(count: int | None) -> list[Turn]:
    return [[Shell(f"echo {number}") for number in range(1, (count or 20) + 1)], [DONE]]


def _budget(count: int | None) -> list[Turn]:
    # Output is what costs: a large input would make agents compact their context.
    turns = range(1, (count or 10) + 1)
    return [*([Spend(2000, 20_000), Shell(f"echo spent {turn}")] for turn in turns), [DONE]]


def _words() -> str:
    return " ".join(f"word{number}" for number in range(1, 31))


SCENARIOS: dict[str, Callable[[int | None], list[Turn]]] = {
    "hello": lambda _: [[Say("Hello.")]],
    "three_tools": lambda _: _work(),
    "sub_agent": lambda _: [[Delegate("Look around. [[scenario:three_tools]]")], [Say("My helper is done.")]],
    "failing_tool": lambda _: [[Shell("echo out; echo err >&2; exit 3")], [Say("It failed with 3.")]],
    "slow_tool": lambda seconds: [[Shell(_sleep(seconds or 60))], [DONE]],
    # Again and again: Codex does not wait longer than ten seconds for a command.
    "gate": lambda _: [*[[Shell("until test -e go; do sleep 0.05; done; echo went")]] * 6, [DONE]],
    "ticks": lambda count: [
        [Shell(f"for i in $(seq {count or 3}); do echo tick $i; sleep 0.5; done")],
        [DONE],
    ],
    "hang": lambda _: [[Shell("echo before")], [Hang()]],
    "slow": lambda _: [[Say(_words(), pause_seconds=0.1)]],
    "cut": lambda times: _after(Cut(times)),
    "unauthorised": lambda times: _after(Refuse("unauthorised", times)),
    "rate_limited": lambda times: _after(Refuse("rate_limited", times or 1)),
    "quota": lambda times: _after(Refuse("quota", times)),
    "overloaded": lambda times: _after(Refuse("overloaded", times)),
    "context_full": lambda times: _after(Refuse("context_full", times)),
    "unknown_model": lambda times: _after(Refuse("unknown_model", times)),
    "huge_output": lambda size: [[Shell(f"yes 0123456789abcdef | head -c {size or 3_000_000}")], [DONE]],
    "denied": lambda _: [[Write("denied.txt", "no\n")], [Say("I was not allowed to write.")]],
    "denied_shell": lambda _: [[Shell("touch denied.txt", asks=True)], [Say("I was not allowed to run it.")]],
    "idle": lambda _: [[Spend(0, 0)]],
    "empty": lambda _: [[Say("")]],
    "withheld": lambda _: [[Withhold()]],
    "talks": lambda _: [[Say("I have done everything: the file is written and the tests pass.")]],
    "declines": lambda _: [[Say("I looked around.\n\nBLOCKED: the token is missing. Nothing was sent.")]],
    "declines_after_work": lambda _: [[Shell("ls")], [Say("I looked.\n\nBLOCKED: the token is missing.")]],
    "edits_the_plan": lambda _: [[Shell(PLAN_EDIT)], [DONE]],
    "budget": _budget,
    "loop": lambda _: [[Shell("echo again")]],
    "many": _many,
    "orphan": lambda _: [
        [Shell(ORPHAN)],
        [Shell("until test -s orphan.pid; do :; done; cat orphan.pid")],
        [DONE],
    ],
}
"""By name; the number is the one in the prompt, with a meaning of its own in each."""


def _sleep(seconds: int) -> str:
    # Claude Code refuses a command that begins with `sleep`.
    return f"python3 -c 'import time; print(\"asleep\", flush=True); time.sleep({seconds})'"


def turn_of(name: str, number: int | None, turn: int) -> Turn:
    """The steps of a scenario's turn, counted from 0."""
    turns = SCENARIOS[name](number)
    return turns[min(turn, len(turns) - 1)]


def words_of(step: Say) -> Iterator[str]:
    """The text in the pieces in which it is to come."""
    if not step.pause_seconds:
        yield step.text
        return
    for word in step.text.split(" "):
        yield f"{word} "
