"""What an agent may do by itself, by the kind of the call: the answer to its questions for permission.

The kinds are those of ACP v1 (https://agentclientprotocol.com/protocol/tool-calls). An agent says itself of
which kind a call is; a kind that is unknown counts as one that may do anything.
"""

from __future__ import annotations

from typing import Literal

from orchestrator.domain.plan import Permissions

Verdict = Literal["allow", "deny", "ask"]

READING = frozenset({"read", "search", "fetch"})
"""Not `think`: so some call the tool that starts a sub-agent, which may do anything."""

CHANGING = frozenset({"edit", "delete", "move"})


def verdict(permissions: Permissions, kind: str) -> Verdict:
    """Whether a call of this kind may go on, or somebody is to be asked."""
    if permissions == "full" or kind in READING:
        return "allow"
    if permissions == "edits" and kind in CHANGING:
        return "allow"
    return "ask" if permissions == "ask" else "deny"
