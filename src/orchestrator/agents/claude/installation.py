"""The program of Claude Code: where it is, how it is called, what it is given.

`ClaudeAgentOptions` of claude-agent-sdk make a command line only for the SDK's own transport, whose processes
are not contained and inherit our whole environment; the flags of another transport are its own matter
(`transport` of `query()` and `ClaudeSDKClient`). So they stand here: flags that `claude --help` tells, and
`--permission-prompt-tool stdio`, by which the SDK has questions for permission sent to it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from orchestrator.agents.environment import attempt_environment
from orchestrator.agents.programs import EVERY_PROGRAM, Programs
from orchestrator.domain.plan import Permissions
from orchestrator.engine.records import Job

NAME = "claude"

SDK = "claude_agent_sdk"
INSTALL = "pip install 'plan-orchestrator[claude]'"
LOGIN = "Set ANTHROPIC_API_KEY, or log in with `claude`."
CREDENTIALS_BYTES_MAX = 4 * 1024 * 1024

KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
SETTINGS_OF_KEYS = ("oauthAccount", "primaryApiKey", "apiKeyHelper")
CLOUDS: Mapping[str, tuple[str, ...]] = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_",),
    "CLAUDE_CODE_USE_VERTEX": ("GOOGLE_", "CLOUDSDK_", "CLOUD_ML_", "VERTEX_"),
    "CLAUDE_CODE_USE_FOUNDRY": ("AZURE_",),
}
"""Who else may serve the models, and the beginnings of the variables that are its keys."""

PASSED_ON = (
    *("ANTHROPIC_", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN"),
    *("CLAUDE_CODE_MAX_", "CLAUDE_CODE_USE_", "CLAUDE_CODE_SKIP_"),
    *("API_TIMEOUT_MS", "MAX_THINKING_TOKENS", "MAX_MCP_OUTPUT_TOKENS"),
    *("BASH_DEFAULT_TIMEOUT_MS", "BASH_MAX_TIMEOUT_MS", "BASH_MAX_OUTPUT_LENGTH"),
)
"""The beginnings of what else is passed on of our environment. Not CLAUDECODE and the like: those tell a
program that it runs inside another Claude Code, as the orchestrator itself may."""

SETTINGS = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
    # It tells then whether more is to come after a result, as to the SDK's own transport.
    "CLAUDE_CODE_SDK_READS_SESSION_STATE": "1",
}

USELESS_TOOLS = ("AskUserQuestion", "EnterWorktree", "CronCreate", "ScheduleWakeup")
"""Nobody sits at its terminal, the orchestrator chooses where it works, and nothing wakes it up later."""

WRITING_TOOLS = ("Write", "Edit", "MultiEdit", "NotebookEdit")


def find_program(own_environment: Mapping[str, str], programs: Programs = EVERY_PROGRAM) -> str | None:
    """The program that the SDK brings along, else one on the PATH or where its installer puts it."""
    spec = importlib.util.find_spec(SDK)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        bundled = Path(folder) / "_bundled" / "claude"
        if bundled.is_file():
            return str(bundled)
    if found := programs.find("claude", own_environment):
        return found
    local = Path(own_environment.get("HOME") or Path.home()) / ".local" / "bin" / "claude"
    return str(local) if local.is_file() else None


def is_sdk_installed() -> bool:
    """Whether the SDK can be imported; importing it takes a second."""
    return importlib.util.find_spec(SDK) is not None


def has_credentials(environment: Mapping[str, str]) -> bool:
    """Whether a key or a login is there; whether it is a good one, only the vendor knows."""
    if any(environment.get(name) for name in (*KEYS, *CLOUDS)):
        return True
    home = Path(environment.get("HOME") or Path.home())
    folder = Path(environment.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    if (folder / ".credentials.json").is_file():
        return True
    # A login in the macOS keychain shows here in the account's name, and so do other keys.
    account = folder if environment.get("CLAUDE_CONFIG_DIR") else home
    texts = _text(account / ".claude.json") + _text(folder / "settings.json")
    return any(f'"{word}"' in texts for word in (*SETTINGS_OF_KEYS, *KEYS, *CLOUDS))


def environment_of(job: Job, own: Mapping[str, str], also: Collection[str]) -> dict[str, str]:
    """What the program is started with: the allow-list, its own variables, the keys of the cloud in use."""
    beginnings = [*PASSED_ON]
    for switch, names in CLOUDS.items():
        if own.get(switch) or job.environment.get(switch):
            beginnings += names
    known = {name for name in own if name.startswith(tuple(beginnings))}
    return {**SETTINGS, **attempt_environment(job, own, known | set(also))}


def command(program: str, job: Job, session_id: str | None) -> list[str]:
    """The command line. The prompt is not on it: it may be longer than the kernel takes."""
    denied = (*USELESS_TOOLS, *(WRITING_TOOLS if job.permissions == "read-only" else ()))
    line = [program, "--output-format", "stream-json", "--input-format", "stream-json", "--verbose"]
    line += ["--permission-prompt-tool", "stdio", "--permission-mode", permission_mode(job.permissions)]
    line += ["--disallowedTools", ",".join(denied)]
    if job.model:
        line.append(f"--model={job.model}")
    if job.budget_usd is not None:
        line.append(f"--max-budget-usd={job.budget_usd:f}")
    if session_id:
        line.append(f"--resume={session_id}")
    return line


def permission_mode(permissions: Permissions) -> str:
    """What it may do without a question. As root it insists on asking, and is always answered yes."""
    if permissions == "full":
        return "acceptEdits" if _is_root() else "bypassPermissions"
    return "acceptEdits" if permissions == "edits" else "default"


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _text(file: Path) -> str:
    try:
        with file.open(errors="replace") as opened:
            return opened.read(CREDENTIALS_BYTES_MAX)
    except OSError:
        return ""
