"""What Codex will find of settings and keys: read from its folder, never written, and asked of nobody.

The folder is CODEX_HOME, else ~/.codex; see https://developers.openai.com/codex/config-reference.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEYS = ("CODEX_API_KEY", "OPENAI_API_KEY")
"""`codex app-server` reads neither (0.169.0). It is handed the key when it is up, unseen by its commands."""

OPENAI = "openai"
LOGIN_KEPT_ELSEWHERE = {"keyring", "auto"}
"""Values of `cli_auth_credentials_store` with which a login need not be in auth.json."""


class CodexSettings:
    """The settings that go with an environment. Reading them never fails: `problem` says what is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        home = environment.get("CODEX_HOME")
        self.folder = Path(home) if home else Path(environment.get("HOME") or Path.home()) / ".codex"
        self._unreadable: str | None = None
        self._config = self._read()

    @property
    def variables(self) -> frozenset[str]:
        """The variables that Codex needs of ours: its own, and those that its settings name."""
        return frozenset({"CODEX_HOME", "CODEX_SQLITE_HOME", *_named_variables(self._config)})

    @property
    def key(self) -> str | None:
        """The OpenAI key to hand over: CODEX_API_KEY always, OPENAI_API_KEY where nobody has logged in."""
        if not self._wants_openai:
            return None
        codex_key, openai_key = (self._environment.get(name) for name in KEYS)
        return codex_key or (None if self._may_be_logged_in else openai_key) or None

    @property
    def problem(self) -> str | None:
        """Why Codex cannot work with these, as far as can be seen without asking anybody."""
        if self._unreadable is not None:
            return self._unreadable
        if self._wants_openai:
            if self.key or self._may_be_logged_in:
                return None
            return f"Codex has no key and no login: set {KEYS[0]}, or run `codex login`."
        name = self._provider.get("env_key")
        if isinstance(name, str) and not self._environment.get(name):
            return (
                f"Codex reads the key of its provider “{self._provider_name}” from {name}, which is not set."
            )
        return None

    @property
    def _provider_name(self) -> str:
        profiles, profile = self._config.get("profiles"), self._config.get("profile")
        chosen = profiles.get(profile) if isinstance(profiles, dict) else None
        name = chosen.get("model_provider") if isinstance(chosen, dict) else None
        return str(name or self._config.get("model_provider") or OPENAI)

    @property
    def _provider(self) -> dict[str, Any]:
        """What the settings say of the provider; nothing of those that Codex brings along."""
        providers = self._config.get("model_providers")
        provider = providers.get(self._provider_name) if isinstance(providers, dict) else None
        return provider if isinstance(provider, dict) else {}

    @property
    def _wants_openai(self) -> bool:
        return self._provider_name == OPENAI or bool(self._provider.get("requires_openai_auth"))

    @property
    def _may_be_logged_in(self) -> bool:
        kept = self._config.get("cli_auth_credentials_store")
        return kept in LOGIN_KEPT_ELSEWHERE or (self.folder / "auth.json").is_file()

    def _read(self) -> dict[str, Any]:
        path = self.folder / "config.toml"
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            self._unreadable = f"{path} cannot be read: {error}"
            return {}


def _named_variables(value: Any) -> Iterator[str]:
    """The variables that settings name, of model providers and MCP servers, wherever they stand."""
    if isinstance(value, list):
        for entry in value:
            yield from _named_variables(entry)
    if not isinstance(value, dict):
        return
    for key, entry in value.items():
        if key in {"env_key", "bearer_token_env_var"}:
            yield str(entry)
        elif key == "env_http_headers" and isinstance(entry, dict):
            yield from map(str, entry.values())
        elif key == "env_vars" and isinstance(entry, list):
            for name in entry:
                yield str(name.get("name")) if isinstance(name, dict) else str(name)
        else:
            yield from _named_variables(entry)
