from __future__ import annotations

import pytest

from orchestrator.agents.codex.settings import CodexSettings

CUSTOM = """
model_provider = "mine"
[model_providers.mine]
env_key = "MY_KEY"
env_http_headers = { "X-Org" = "MY_ORG" }
[mcp_servers.docs]
bearer_token_env_var = "DOCS_TOKEN"
env_vars = ["DOCS_HOME", { name = "DOCS_PATH", source = "local" }]
"""


@pytest.fixture
def settings(tmp_path):
    """Of a home with this config.toml, logged in or not."""

    def make(config: str = "", *, logged_in: bool = False, **environment: str) -> CodexSettings:
        folder = tmp_path / ".codex"
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(config)
        if logged_in:
            (folder / "auth.json").write_text("{}")
        return CodexSettings({"HOME": str(tmp_path), **environment})

    return make


def test_without_a_key_and_a_login_it_says_what_to_do(settings):
    made = settings()
    assert "codex login" in made.problem
    assert made.key is None


@pytest.mark.parametrize(
    ("logged_in", "environment", "key"),
    [
        (False, {"OPENAI_API_KEY": "o"}, "o"),
        (True, {"OPENAI_API_KEY": "o"}, None),
        (True, {"OPENAI_API_KEY": "o", "CODEX_API_KEY": "c"}, "c"),
        (True, {}, None),
        (False, {"OPENAI_API_KEY": "", "CODEX_API_KEY": "c"}, "c"),
    ],
)
def test_which_key_is_handed_over(settings, logged_in, environment, key):
    made = settings(logged_in=logged_in, **environment)
    assert made.problem is None
    assert made.key == key


def test_a_login_may_be_kept_elsewhere(settings):
    made = settings('cli_auth_credentials_store = "keyring"', OPENAI_API_KEY="o")
    assert (made.problem, made.key) == (None, None)


def test_a_provider_of_ones_own(settings):
    assert "MY_KEY" in settings(CUSTOM, OPENAI_API_KEY="o").problem
    made = settings(CUSTOM, OPENAI_API_KEY="o", MY_KEY="k")
    assert (made.problem, made.key) == (None, None)
    assert made.variables >= {"CODEX_HOME", "MY_KEY", "MY_ORG", "DOCS_TOKEN", "DOCS_HOME", "DOCS_PATH"}


def test_a_provider_without_a_key_needs_none(settings):
    assert settings('model_provider = "ollama"').problem is None


def test_a_profile_chooses_its_provider(settings):
    config = (
        'profile = "p"\n[profiles.p]\nmodel_provider = "mine"\n[model_providers.mine]\nenv_key = "MY_KEY"'
    )
    assert "MY_KEY" in settings(config).problem


@pytest.mark.parametrize("config", ["model = ", "model_providers = 3", "profile = 1\nprofiles = []", "\x00"])
def test_broken_settings_are_a_problem_and_no_accident(settings, config):
    assert settings(config).problem
    assert "CODEX_HOME" in settings(config).variables


def test_codex_home_wins(settings, tmp_path):
    made = CodexSettings({"HOME": str(tmp_path / "nobody"), "CODEX_HOME": str(tmp_path / ".codex")})
    assert made.folder == tmp_path / ".codex"
