"""The agents of a project, whatever its agents.toml is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.agents.acp.profiles import PROFILES
from orchestrator.cli.agent_composition import Use, make_agents, repository_programs
from orchestrator.domain.errors import AgentUnavailable, UsageError

GOOD = """
[goose]
command = ["./bin/goose", "acp"]
version_arguments = ["-c", "touch STARTED"]
environment = { MODE = "secret" }

[opencode]
environment = { LD_PRELOAD = "./evil.so" }
"""
KNOWN = {profile.name for profile in PROFILES}


@pytest.fixture(autouse=True)
def no_agents(monkeypatch, tmp_path):
    """No agent of this machine is found."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)


def broken_file(root: Path, kind: str) -> None:
    path = root / "agents.toml"
    match kind:
        case "a link to a device":
            path.symlink_to("/dev/zero")
        case "a link out":
            path.symlink_to(root.parent / "elsewhere.toml")
            (root.parent / "elsewhere.toml").write_text("")
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case "too large":
            with path.open("wb") as file:
                file.truncate(2**40)
        case "no TOML":
            path.write_text("[goose")
        case "a mistake":
            path.write_text("[goose]\nlogin = 'x'\n")


@pytest.mark.parametrize(
    "kind", ["a link to a device", "a link out", "a pipe", "a folder", "too large", "no TOML", "a mistake"]
)
@pytest.mark.parametrize("use", Use)
async def test_a_file_that_cannot_be_read_is_the_problem_of_its_agents_alone(tmp_path, kind, use):
    root = tmp_path / "project"
    root.mkdir()
    broken_file(root, kind)
    agents = make_agents(root, use)
    for name in KNOWN:
        check = await agents.get(name).check()
        assert not check.is_ready
        assert str(root / "agents.toml") in check.problem
    with pytest.raises(AgentUnavailable, match=r"no agent “goose”.*agents\.toml"):
        agents.get("goose")
    if use is not Use.RESTRICTED_RUN:
        assert (await agents.get("shell").check()).is_ready


async def test_who_only_looks_starts_nothing_that_the_repository_names(tmp_path):
    (tmp_path / "agents.toml").write_text(GOOD.replace("./bin/goose", "sh"))
    agents = make_agents(tmp_path, Use.LOOK)
    for name in ("goose", "opencode"):
        check = await agents.get(name).check()
        assert (check.is_ready, check.named_by_repository) == (False, True)
        assert check.problem == "named by this repository (agents.toml); not run"
    assert (await agents.first_ready()).name == "goose"
    assert (await agents.get("shell").check()).is_ready
    assert not (tmp_path / "STARTED").exists()
    await make_agents(tmp_path, Use.RUN).get("goose").check()
    assert (tmp_path / "STARTED").exists()


async def test_a_restricted_run_has_no_shell_and_no_agent_of_the_repository(tmp_path):
    (tmp_path / "agents.toml").write_text(GOOD.replace("./bin/goose", "sh"))
    agents = make_agents(tmp_path, Use.RESTRICTED_RUN)
    for name in ("shell", "goose", "opencode"):
        assert not (await agents.get(name).check()).is_ready
        (end,) = [event async for event in agents.get(name).run(None).events()]
        assert end.outcome == "failed"
    assert await agents.first_ready() is None
    assert not (tmp_path / "STARTED").exists()


def test_a_run_knows_what_it_may_start_of_the_repository(tmp_path, monkeypatch):
    assert repository_programs(tmp_path) == {}
    (tmp_path / "agents.toml").write_text(GOOD)
    (tmp_path / "qwen").write_text("")
    (tmp_path / "qwen").chmod(0o755)
    monkeypatch.setenv("PATH", "/usr/bin:.")
    found = repository_programs(tmp_path)
    assert found.keys() == {"goose", "opencode", "qwen"}
    assert found["goose"] == "MODE=… ./bin/goose acp (agents.toml)"
    assert "LD_PRELOAD=… " in found["opencode"]
    assert found["qwen"] == "./qwen (on the PATH)"


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_script_that_is_no_file_is_refused_at_once(tmp_path, make):
    make(tmp_path / "script.yaml")
    with pytest.raises(UsageError, match=r"script\.yaml cannot be read: it is not a plain file"):
        make_agents(tmp_path, Use.RUN, tmp_path / "script.yaml")
