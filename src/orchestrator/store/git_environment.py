"""The environment for a git that only looks."""

from __future__ import annotations

from collections.abc import Mapping

_ONLY_LOOKS = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def git_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """These variables without those that point git elsewhere; git then fetches, locks and asks nothing."""
    kept = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
    return kept | _ONLY_LOOKS
