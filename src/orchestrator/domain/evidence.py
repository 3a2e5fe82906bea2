"""Why a completed task counts as done, and what speaks against it.

A completed task is *checked* when something other than its agent's word says that the work is done: the
`verify:` commands passed, or the work was a command itself and ended with exit code 0. Any other completed
task is *unchecked*: all that is known is that an agent said so, or that a box was ticked.

A remark is something that was seen during the attempt and makes its success doubtful. Remarks are facts,
never guesses: what cannot be known (an agent does not report its calls, a tree is too large to look at) gives
no remark.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

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
