"""Why a completed task counts as done, and what speaks against it.

A completed task is *checked* when something other than its agent's word says that the work is done: the
`verify:` commands passed, or the work was a command itself and ended with exit code 0. Any other completed
task is *unchecked*: all that is known is that an agent said so, or that a box was ticked.

A remark is something that was seen during the attempt and makes its success doubtful. Remarks are facts,
never guesses: what cannot be known (an agent does not report its calls, a tree is too large to look at) gives
no remark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from orchestrator.domain.wording import counted

STALE_TEXT = "for an earlier wording"
"""What a task is done for, if its instruction was changed since."""

FILES_NAMED_MAX = 20
"""How many declared files a remark names."""

RemarkKind = Literal["no_tool_call", "no_declared_file", "calls_denied", "nothing_changed"]


class Remark(BaseModel):
    """Something about a completed attempt that makes its success doubtful.

    `no_tool_call`: its agent reports its tool calls and made none. `no_declared_file`: it touched none of the
    `files` that the task declares. `calls_denied`: `count` of its calls were denied. `nothing_changed`: the
    repository is as it was before.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", json_schema_serialization_defaults_required=True)

    kind: RemarkKind
    count: int | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeLook:
    """What a working tree was like at one moment, as digests to compare with those of another moment.

    `tree` stands for everything in the repository that it does not ignore. `files` stands for the declared
    files and changes when one of them is so much as touched; `content` changes only with what they hold.
    None is what could not be found out, and equals nothing.
    """

    tree: str | None = None
    files: str | None = None
    content: str | None = None


UNSEEN = TreeLook()

CHECK_CHANGED = "its check was changed since"
"""Why a completed task that was checked is unchecked now: another check has passed than the plan's."""


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """What was seen of an attempt that its agent calls done.

    `calls` is how many tool calls its agent made, None if it does not report them; `files` are those that its
    task declares. `may_change_nothing` is true where a success without any change is no surprise.
    """

    calls: int | None
    denied: int = 0
    files: tuple[str, ...] = ()
    before: TreeLook = UNSEEN
    after: TreeLook = UNSEEN
    may_change_nothing: bool = False


def remarks_on(facts: AttemptFacts) -> tuple[Remark, ...]:
    """What makes the success of an attempt doubtful.

    Other attempts and people at work in the same tree can hide that an attempt changed nothing; they cannot
    make it seem so.
    """
    found: list[Remark] = []
    before, after = facts.before, facts.after
    if facts.calls == 0:
        found.append(Remark(kind="no_tool_call"))
    if facts.denied:
        found.append(Remark(kind="calls_denied", count=facts.denied))
    if facts.files and before.files is not None and before.files == after.files:
        found.append(Remark(kind="no_declared_file", files=facts.files[:FILES_NAMED_MAX]))
    is_content_known = not facts.files or before.content is not None
    is_same = before.tree is not None and before.tree == after.tree and before.content == after.content
    if is_same and is_content_known and not facts.may_change_nothing:
        found.append(Remark(kind="nothing_changed"))
    return tuple(found)


def remark_text(remark: Remark) -> str:
    """The remark in a few words, to stand after a colon."""
    match remark.kind:
        case "no_tool_call":
            return "no tool call"
        case "no_declared_file":
            return "no declared file touched"
        case "calls_denied":
            count = remark.count or 1
            return f"{count} call{'' if count == 1 else 's'} denied"
        case "nothing_changed":
            return "nothing changed"


def evidence_text(*, verified: bool, remarks: Iterable[Remark], reason: str | None = None) -> str:
    """How a completed task is known to be done: `checked`, or `unchecked: no tool call, nothing changed`.

    `reason` is why it counts as completed where no attempt of ours did it, such as `ticked in the plan`.
    """
    told = ", ".join([*map(remark_text, remarks), *([reason] if reason else [])])
    if verified:
        return f"checked, but {told}" if told else "checked"
    return f"unchecked: {told}" if told else "unchecked"


def unchecked_text(completed: int, unchecked: int, stale: int = 0) -> str:
    """`12 tasks completed, 5 of them unchecked, 2 for an earlier wording`; one task can be both."""
    doubts = [(count, what) for count, what in ((unchecked, "unchecked"), (stale, STALE_TEXT)) if count]
    told = [f"{counted(completed, 'task')} completed"]
    of_them = " of them"
    for count, what in doubts:
        if completed == 1:
            told.append(what)
        else:
            told.append(f"{'all' if count == completed else count}{of_them} {what}")
        of_them = " of them" if count == completed else ""
    return ", ".join(told)


def refusal_text(remarks: Iterable[Remark]) -> str:
    """Why a strict run does not accept what an agent calls done."""
    return f"Not accepted as done (strict): {', '.join(map(remark_text, remarks))}."
