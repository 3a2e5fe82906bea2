"""claude-agent-sdk for tests: from the environment, else from where the real agents were put."""

from __future__ import annotations

import importlib.util
import sys

from real_agents import CLAUDE


def is_there() -> bool:
    """Whether it can be imported; nothing is installed for that."""
    if importlib.util.find_spec("claude_agent_sdk") is None and CLAUDE.folder.exists():
        sys.path.append(str(CLAUDE.folder))
    return importlib.util.find_spec("claude_agent_sdk") is not None
