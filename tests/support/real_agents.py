"""Real agent programs: installed once at exact versions, and started in an environment that holds nothing else.

They are fetched from npm and PyPI when a test first asks for one, into the checkout's `.cache/agents`. Nothing of
them lies in this repository.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import venv_programs

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "agents"
INSTALL_SECONDS = 600
KEY = "sk-test"
"""The made-up key that each agent is given."""
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class RealAgent:
    """What to fetch: the agent, and what else it needs that is not in the checkout's environment."""

    name: str
    registry: str
    pins: tuple[str, ...]
    programs_in: str = ".bin"
    python: tuple[int, int] | None = None
    """The oldest Python that it runs on, where the tests' own may be too old for it: it gets a venv of its own."""

    @property
    def folder(self) -> Path:
        """Where it lies: another pin is another folder."""
        digest = hashlib.sha256("\n".join((*self.pins, sys.version[:4])).encode()).hexdigest()
        return CACHE / f"{self.name}-{digest[:12]}"

    @property
    def programs(self) -> Path:
        """The folder that belongs on PATH."""
        return (
            self.folder / "node_modules" / self.programs_in if self.registry == "npm" else self.folder / "bin"
        )


CODEX = RealAgent("codex", "npm", ("@openai/codex@0.169.0",))
PLATFORM = f"{sys.platform}-{'arm64' if platform.machine() in {'arm64', 'aarch64'} else 'x64-baseline'}"
# The package `opencode-ai` only chooses among these by its install script, and its own program is a stub.
OPENCODE = RealAgent("opencode", "npm", (f"opencode-{PLATFORM}@1.18.33",), f"opencode-{PLATFORM}/bin")
GEMINI = RealAgent("gemini", "npm", ("@google/gemini-cli@0.61.0",))
QWEN = RealAgent("qwen", "npm", ("@qwen-code/qwen-code@0.24.4",))
CLAUDE = RealAgent("claude", "pypi", ("claude-agent-sdk==0.2.187",))
"""The SDK with the program inside it; what it depends on, the tests' environment has."""
VIBE = RealAgent("vibe", "venv", ("mistral-vibe==3.0.2",), python=(3, 12))
"""What it depends on comes in the newest versions that it allows."""


def install(agent: RealAgent) -> Path:
    """Its folder, filled when it was not; any number of test processes may ask at once.

    The test is skipped, with CI set as well, where the agent needs a newer Python than the machine has: that one
    is not the tests' to install.
    """
    with _lock(agent.name):
        if not agent.folder.exists():
            fresh = Path(tempfile.mkdtemp(prefix=f".{agent.name}-", dir=CACHE))
            try:
                _fetch(agent, fresh)
                fresh.chmod(0o755)
                fresh.rename(agent.folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return agent.folder


def _fetch(agent: RealAgent, folder: Path) -> None:
    if agent.python is not None:
        python = venv_programs.python_since(agent.python)
        if python is None:
            pytest.skip(
                f"{agent.name} needs Python {'.'.join(map(str, agent.python))}, which is not on this machine"
            )
        _run(agent, [python, "-m", "venv", folder])
        command = [folder / "bin" / "python", "-m", "pip", "install", *agent.pins]
    elif agent.registry == "npm":
        # Their install scripts only link what the platform's package holds already.
        command = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"]
        command += agent.pins
    elif shutil.which("uv"):
        command = ["uv", "pip", "install", "--python", sys.executable, "--target", folder, "--no-deps"]
        command += agent.pins
    else:
        command = [sys.executable, "-m", "pip", "install", "--target", folder, "--no-deps", *agent.pins]
    _run(agent, command)
    if agent.python is not None:
        venv_programs.let_move(folder)


def _run(agent: RealAgent, command: Sequence[str | Path]) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{agent.name} could not be installed:\n{done.stdout}\n{done.stderr}"


@contextmanager
def _lock(name: str) -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE.parent / ".gitignore").write_text("*\n")
    with (CACHE / f".{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def environment(agent: RealAgent, home: Path, model_url: str, **more: str) -> dict[str, str]:
    """All the variables it is to be started with; its settings are written into `home`.

    `more` are settings of its own: see the functions below.
    """
    home.mkdir(parents=True, exist_ok=True)
    variables = {
        "HOME": str(home),
        "PATH": f"{install(agent) and agent.programs}:{SYSTEM_PATH}",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    settings = {
        "codex": _codex,
        "opencode": _opencode,
        "claude": _claude,
        "gemini": _gemini,
        "qwen": _qwen,
        "vibe": _vibe,
    }[agent.name]
    return variables | settings(home, model_url, **more)


def together(agents: Sequence[RealAgent], home: Path, model_url: str) -> dict[str, str]:
    """All that several of them are to be started with, in one home."""
    of_each = [environment(agent, home, model_url) for agent in agents]
    variables = {name: value for one in of_each for name, value in one.items()}
    return {**variables, "PATH": ":".join(one["PATH"] for one in of_each)}


def _codex(
    home: Path, url: str, approval: str = "never", sandbox: str = "danger-full-access"
) -> dict[str, str]:
    folder = home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(f"""\
model = "gpt-fake"
model_provider = "fake"
approval_policy = "{approval}"
sandbox_mode = "{sandbox}"
check_for_update_on_startup = false

[model_providers.fake]
name = "Fake"
base_url = "{url}/v1"
env_key = "FAKE_KEY"
wire_api = "responses"
request_max_retries = 2
stream_max_retries = 2

[analytics]
enabled = false
""")
    return {"FAKE_KEY": KEY}


def _opencode(home: Path, url: str, permission: str = "allow") -> dict[str, str]:
    folder = home / ".config" / "opencode"
    folder.mkdir(parents=True, exist_ok=True)
    model = {
        "name": "Fake",
        "tool_call": True,
        "limit": {"context": 200_000, "output": 32_000},
        "cost": {"input": 3, "output": 15},
    }
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Fake",
        "options": {"baseURL": f"{url}/v1", "apiKey": KEY},
        "models": {"fake-model": model},
    }
    settings = {
        "$schema": "https://opencode.ai/config.json",
        "autoupdate": False,
        "share": "disabled",
        "enabled_providers": ["fake"],
        "model": "fake/fake-model",
        "provider": {"fake": provider},
        "permission": dict.fromkeys(("edit", "bash", "webfetch"), permission),
    }
    (folder / "opencode.json").write_text(json.dumps(settings, indent=2))
    return {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}


def _gemini(home: Path, url: str) -> dict[str, str]:
    _settings_file(
        home / ".gemini",
        {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"disableAutoUpdate": True, "disableUpdateNag": True, "enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        },
    )
    return {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_MODEL": "gemini-2.5-flash"}


def _qwen(home: Path, url: str) -> dict[str, str]:
    _settings_file(
        home / ".qwen",
        {
            "security": {"auth": {"selectedType": "openai"}},
            "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        },
    )
    return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_MODEL": "fake-model"}


def _vibe(home: Path, url: str) -> dict[str, str]:
    folder = home / ".vibe"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(f"""\
active_model = "fake-model"
enable_telemetry = false
enable_update_checks = false
enable_auto_update = false
enable_connectors = false
api_retry_max_elapsed_time = 10.0

[experiments]
enable = false

[[providers]]
name = "fake"
api_base = "{url}/v1"
api_key_env_var = "MISTRAL_API_KEY"
backend = "generic"

[[models]]
name = "fake-model"
alias = "fake-model"
provider = "fake"
input_price = 3
output_price = 15
""")
    return {"MISTRAL_API_KEY": KEY}


def _settings_file(folder: Path, settings: dict[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(settings, indent=2))


def _claude(home: Path, url: str, retries: str = "2", token: str = "") -> dict[str, str]:
    assert home.is_dir()
    # A token stands for a subscription, whose limits are told in another way.
    key = {"CLAUDE_CODE_OAUTH_TOKEN": token} if token else {"ANTHROPIC_API_KEY": KEY}
    return {
        **key,
        "ANTHROPIC_BASE_URL": url,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": retries,
        # The SDK is imported by the orchestrator's own Python.
        "PYTHONPATH": os.fspath(CLAUDE.folder),
    }


def claude_program() -> Path:
    """The program that the SDK brings along."""
    return install(CLAUDE) / "claude_agent_sdk" / "_bundled" / "claude"
