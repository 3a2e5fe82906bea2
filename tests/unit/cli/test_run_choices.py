"""What is chosen for a run: from the command line to the engine, here or in a process of its own."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import demo, detach, launcher, serve
from orchestrator.cli import run as run_module
from orchestrator.cli.agent_composition import Use
from orchestrator.cli.main import app
from orchestrator.cli.run import RunRequest
from orchestrator.cli.serve import ServeRequest
from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.errors import UsageError
from orchestrator.domain.requests import StartRequest
from orchestrator.engine.attempt import Limits
from orchestrator.engine.budget import UNBOUNDED, Allowance
from orchestrator.engine.default_options import DEFAULT_OPTIONS
from orchestrator.engine.orchestrator import RunOptions
from orchestrator.engine.records import NewRun

EVERYTHING = NewRun(
    plan="p", agent="a", parallel=2, max_attempts=3, timeout_seconds=4.0, restart=True, permissions="edits",
    budget_usd=5.0, budget_tokens=6, task_budget_usd=7.0, task_budget_tokens=8, back_off_seconds=9.0,
    longest_wait_seconds=10.0, silence_seconds=11.0, tool_seconds=12.0, repeats_max=13, approval_seconds=14.0,
    strict=True,
    reworded="rerun",
)  # fmt: skip


@pytest.fixture
def asked(monkeypatch) -> list[NewRun]:
    """The runs that the command line asks for, none of which begins."""
    found: list[NewRun] = []

    def take(request: RunRequest) -> int:
        found.append(request.run)
        return 0

    def take_detached(new: NewRun, _root, _checkout, *, as_json: bool) -> int:
        found.append(new)
        return 0

    monkeypatch.setattr(run_module, "run_plan", take)
    monkeypatch.setattr(detach, "run_detached", take_detached)
    return found


def test_every_choice_survives_the_way_into_a_process_of_its_own(asked):
    assert {part.name for part in fields(NewRun)} == {
        name for name, value in vars_of(EVERYTHING).items() if value is not None
    }
    command = launcher._command(EVERYTHING, "orch-1", Path("/p"), may_run_repository=True)
    done = CliRunner().invoke(app, command[4:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, ["run", "--detach", *option_arguments(command)], catch_exceptions=False)
    assert again.exit_code == 0, again.output
    assert asked == [EVERYTHING, EVERYTHING]
    assert launcher._command(NewRun("p"), "orch-1", Path("/p"), may_run_repository=False)[5:] == [
        "--plan=p", "--root=/p", "--on-blocked=wait", "--instance-id=orch-1", "--restricted",
    ]  # fmt: skip


def test_what_the_repository_may_start_depends_on_what_the_agents_are_for(monkeypatch):
    requests: list[RunRequest] = []
    monkeypatch.setattr(run_module, "run_plan", lambda request: requests.append(request) or 0)
    for arguments in ([], ["--dry-run"], ["--restricted"], ["--restricted", "--dry-run"]):
        assert CliRunner().invoke(app, ["run", "p", *arguments], catch_exceptions=False).exit_code == 0
    uses = [request.use() for request in requests]
    assert uses == [Use.RUN, Use.LOOK, Use.RESTRICTED_RUN, Use.RESTRICTED_RUN]


def vars_of(run: NewRun):
    return {part.name: getattr(run, part.name) for part in fields(run)}


def option_arguments(command: list[str]) -> list[str]:
    return [part for part in command[5:] if not part.startswith(("--root", "--on-blocked", "--instance-id"))]


def test_every_choice_has_a_variable(asked):
    environment = {
        "ORCHESTRATOR_PERMISSIONS": "ask",
        "ORCHESTRATOR_BUDGET_USD": "1.5",
        "ORCHESTRATOR_BUDGET_TOKENS": "2",
        "ORCHESTRATOR_TASK_BUDGET_USD": "3.5",
        "ORCHESTRATOR_TASK_BUDGET_TOKENS": "4",
        "ORCHESTRATOR_LONGEST_WAIT": "5",
        "ORCHESTRATOR_SILENCE_TIMEOUT": "6",
        "ORCHESTRATOR_TOOL_TIMEOUT": "7",
        "ORCHESTRATOR_REPEATS": "8",
        "ORCHESTRATOR_APPROVAL_TIMEOUT": "9",
        "ORCHESTRATOR_STRICT": "1",
    }
    assert CliRunner().invoke(app, ["run", "p"], env=environment).exit_code == 0
    assert CliRunner().invoke(app, ["run", "p"], env={"ORCHESTRATOR_NO_WAIT": "1"}).exit_code == 0
    assert asked[0] == NewRun(
        "p", permissions="ask", budget_usd=1.5, budget_tokens=2, task_budget_usd=3.5, task_budget_tokens=4,
        longest_wait_seconds=5, silence_seconds=6, tool_seconds=7, repeats_max=8, approval_seconds=9,
        strict=True,
    )  # fmt: skip
    assert asked[1] == NewRun("p", longest_wait_seconds=0)


@pytest.mark.parametrize(
    "arguments",
    [["--permissions", "root"], ["--budget-usd", "0"], ["--repeats", "1"], ["--silence-timeout", "0"]],
)
def test_a_choice_that_makes_no_sense_is_refused(asked, arguments):
    assert CliRunner().invoke(app, ["run", "p", *arguments]).exit_code == 2
    assert asked == []


def test_the_engine_gets_what_was_chosen_and_its_own_defaults_for_the_rest():
    options = RunRequest(EVERYTHING).options()
    assert options.limits == Limits(
        timeout_seconds=4,
        back_off_first_seconds=9,
        silence_seconds=11,
        tool_seconds=12,
        repeats_max=13,
        approval_seconds=14,
    )
    assert (options.run_allowance, options.task_allowance) == (Allowance(5.0, 6), Allowance(7.0, 8))
    assert (options.permissions, options.limit_seconds_max, options.strict) == ("edits", 10.0, True)
    plain = RunRequest(NewRun("p")).options()
    assert plain == RunOptions()
    assert plain.run_allowance == UNBOUNDED


def test_origins_are_allowed_beside_a_run_as_in_a_server_alone(monkeypatch):
    requests: list[ServeRequest | None] = []
    monkeypatch.setattr(run_module, "run_plan", lambda request: requests.append(request.api) or 0)
    monkeypatch.setattr(demo, "play", lambda api, **_others: requests.append(api) or 0)
    monkeypatch.setattr(serve, "serve_api", lambda request, _root, **_others: requests.append(request) or 0)
    origins = ("http://localhost:3001", "https://my.app")
    for command in (["run", "--api-server"], ["demo", "--api-server"], ["serve"]):
        arguments = [*command, *(f"--allow-origin={origin}" for origin in origins)]
        assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert [request.settings().allowed_origins for request in requests if request] == [origins] * 3


def test_every_choice_can_be_made_over_http_and_stands_in_the_log():
    options = set(ChosenOptions.model_fields)
    assert {part.name for part in fields(NewRun)} == options | {"plan", "restart", "reworded"}
    assert set(StartRequest.model_fields) == options | {"plan", "restart", "reworded"}
    chosen = RunRequest(EVERYTHING).options().chosen
    assert chosen == EVERYTHING.chosen()
    again = StartRequest(plan="p", restart=True, reworded="rerun", **chosen.model_dump())
    assert again == StartRequest(**vars_of(EVERYTHING))
    nothing = RunRequest(NewRun("p")).options().chosen
    assert nothing == ChosenOptions()


def test_what_is_chosen_nowhere_is_as_the_program_runs():
    options = RunRequest(NewRun("p")).options()
    assert {name for name, value in DEFAULT_OPTIONS if value is None} == {
        "agent", "budget_usd", "budget_tokens", "task_budget_usd", "task_budget_tokens",
    }  # fmt: skip
    assert options.permissions == DEFAULT_OPTIONS.permissions
    assert options.limits == _limits_of(DEFAULT_OPTIONS)
    assert options.limit_seconds_max == DEFAULT_OPTIONS.longest_wait_seconds


def _limits_of(options: ChosenOptions) -> Limits:
    return Limits(
        timeout_seconds=options.timeout_seconds,
        back_off_first_seconds=options.back_off_seconds,
        silence_seconds=options.silence_seconds,
        tool_seconds=options.tool_seconds,
        repeats_max=options.repeats_max,
        approval_seconds=options.approval_seconds,
    )


@pytest.mark.parametrize(
    ("variable", "asked_for", "given"),
    [
        (None, None, None),
        (None, "edits", "edits"),
        ("full", "edits", "edits"),
        ("full", None, None),
        ("", "full", "full"),
        ("read-only", "full", "read-only"),
        ("edits", "ask", "ask"),
        ("ask", None, "ask"),
    ],
)
async def test_a_server_starts_no_run_that_allows_more_than_its_own_user(
    monkeypatch, variable, asked_for, given
):
    commands: list[list[str]] = []
    monkeypatch.setattr(
        launcher.ProcessLauncher, "_start", lambda _self, command, _log: commands.append(command)
    )
    monkeypatch.setattr(launcher, "_exit_of", lambda _process: None)
    environment = {} if variable is None else {"ORCHESTRATOR_PERMISSIONS": variable}
    started = launcher.ProcessLauncher(Path("/p"), Path("/p/state"), launcher.ceiling_of(environment))
    await started.launch(NewRun("p", permissions=asked_for), may_run_repository=True)
    [command] = commands
    said = [part for part in command if part.startswith("--permissions=")]
    assert said == ([f"--permissions={given}"] if given else [])


def test_a_server_does_not_start_with_permissions_that_there_are_not():
    with pytest.raises(UsageError, match="ORCHESTRATOR_PERMISSIONS is 'none'; it can be read-only, ask"):
        launcher.ceiling_of({"ORCHESTRATOR_PERMISSIONS": "none"})
