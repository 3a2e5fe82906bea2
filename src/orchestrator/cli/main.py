"""The commands and their options; each command's work stands in a module that is imported when it runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal, NoReturn

import typer

from orchestrator import __version__
from orchestrator.cli.exit_codes import ExitCode, report, report_fault
from orchestrator.cli.interrupts import end, flush
from orchestrator.cli.look_commands import LOOKS
from orchestrator.cli.options import (
    HOST_HELP,
    PORT_HELP,
    AllowOriginOption,
    AllowShellOption,
    ApiHostOption,
    ApiPortOption,
    JsonOption,
    KeepOption,
    RootOption,
    ServerOption,
    TaskArgument,
    UrlOption,
)
from orchestrator.cli.output import keep_warnings_safe, write, write_error
from orchestrator.cli.run_options import (
    AgentOption,
    ApprovalTimeoutOption,
    BackOffOption,
    BudgetTokensOption,
    BudgetUsdOption,
    CheckoutOption,
    DetachOption,
    DryRunOption,
    LongestWaitOption,
    MaxAttemptsOption,
    NoWaitOption,
    OnBlockedOption,
    ParallelOption,
    PermissionsOption,
    PlanOption,
    RepeatsOption,
    RestartCompletedOption,
    RestartOption,
    RewordedOption,
    ScriptOption,
    SilenceTimeoutOption,
    StrictOption,
    TaskBudgetTokensOption,
    TaskBudgetUsdOption,
    TimeoutOption,
    ToolTimeoutOption,
    WaitOption,
)
from orchestrator.cli.steer_commands import COMMANDS
from orchestrator.domain.errors import OrchestratorError, UsageError

app = typer.Typer(
    name="orchestrator",
    help="Works through a Markdown plan with coding agents, and shows every step live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> NoReturn:
    """Run the command line and end the process; every error of ours is a sentence and has an exit code."""
    if os.name != "posix":
        write_error("Plan Orchestrator runs on Linux and macOS; on Windows, use it through WSL2.")
        sys.exit(ExitCode.USAGE)
    keep_warnings_safe()
    try:
        code = _run_app()
        flush()
    except OrchestratorError as error:
        code = report(error)
    except BrokenPipeError:
        # Whoever read our output has gone, as with `orchestrator events | head`.
        code = ExitCode.FAILED
    except OSError as error:
        write_error(f"orchestrator: {error.strerror}{f': {error.filename}' if error.filename else ''}")
        code = ExitCode.FAILED
    except Exception as error:  # noqa: BLE001 - a fault of ours must not fill the user's screen
        code = report_fault(error)
    end(code)


def _run_app() -> int:
    try:
        app()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return ExitCode.COMPLETED


def _version(value: bool) -> None:
    if value:
        write(f"orchestrator {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    plan: Annotated[str | None, typer.Argument(metavar="[PLAN]", help="A plan's name or file.")] = None,
    plan_option: PlanOption = None,
    agent: AgentOption = None,
    parallel: ParallelOption = None,
    max_attempts: MaxAttemptsOption = None,
    timeout: TimeoutOption = None,
    back_off: BackOffOption = None,
    permissions: PermissionsOption = None,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    task_budget_usd: TaskBudgetUsdOption = None,
    task_budget_tokens: TaskBudgetTokensOption = None,
    no_wait: NoWaitOption = False,
    longest_wait: LongestWaitOption = None,
    silence_timeout: SilenceTimeoutOption = None,
    tool_timeout: ToolTimeoutOption = None,
    repeats: RepeatsOption = None,
    approval_timeout: ApprovalTimeoutOption = None,
    strict: StrictOption = None,
    api_server: ServerOption = False,
    api_host: ApiHostOption = None,
    api_port: ApiPortOption = None,
    allow_origin: AllowOriginOption = None,
    keep_serving: KeepOption = False,
    on_blocked: OnBlockedOption = None,
    reworded: RewordedOption = None,
    restart: RestartOption = False,
    restart_completed: RestartCompletedOption = False,
    wait: WaitOption = False,
    checkout: CheckoutOption = None,
    dry_run: DryRunOption = False,
    script: ScriptOption = None,
    detach: DetachOption = False,
    allow_shell: AllowShellOption = False,
    instance_id: Annotated[str | None, typer.Option(hidden=True)] = None,
    restricted: Annotated[bool, typer.Option("--restricted", hidden=True)] = False,
    json: JsonOption = False,
    root: RootOption = None,
) -> None:
    """Work through a plan, from where the last run of it stopped."""
    from orchestrator.cli.run import RunRequest, run_plan
    from orchestrator.cli.serve_request import ServeRequest
    from orchestrator.engine.records import NewRun

    if plan and plan_option and plan != plan_option:
        raise UsageError(f"Two plans are named, {plan} and {plan_option}; name one.")
    new = NewRun(
        plan=plan_option or plan or "",
        agent=agent,
        parallel=parallel,
        max_attempts=max_attempts,
        timeout_seconds=timeout,
        restart=restart,
        reworded=None if reworded == "ask" else reworded,
        permissions=permissions,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        task_budget_usd=task_budget_usd,
        task_budget_tokens=task_budget_tokens,
        back_off_seconds=back_off,
        longest_wait_seconds=0 if no_wait else longest_wait,
        silence_seconds=silence_timeout,
        tool_seconds=tool_timeout,
        repeats_max=repeats,
        approval_seconds=approval_timeout,
        strict=strict,
    )
    if detach:
        from orchestrator.cli.detach import run_detached

        if api_server or keep_serving or dry_run or wait or restart_completed or script:
            raise UsageError(
                "--detach goes with the run's own choices only, such as --agent and --parallel: not with an "
                "API server, a script, --dry-run, --wait or --restart-completed."
            )
        raise typer.Exit(run_detached(new, root, checkout, as_json=json))
    request = RunRequest(
        run=new,
        api=ServeRequest(api_host, api_port, tuple(allow_origin or ()), allow_shell=allow_shell)
        if api_server or keep_serving
        else None,
        keep_serving=keep_serving,
        instance_id=instance_id,
        asks_for_reworded=reworded in {None, "ask"},
        insists_on_asking=reworded == "ask",
        is_restricted=restricted,
        on_blocked=on_blocked,
        restart_completed=restart_completed,
        wait=wait,
        checkout=checkout,
        dry_run=dry_run,
        script=script,
        json=json,
        root=root,
    )
    raise typer.Exit(run_plan(request))


@app.command()
def demo(
    api_server: ServerOption = False,
    api_port: ApiPortOption = None,
    allow_origin: AllowOriginOption = None,
    keep_serving: KeepOption = False,
    speed: Annotated[float, typer.Option(min=0, help="How fast the script plays; 0 waits nowhere.")] = 1.0,
    json: JsonOption = False,
) -> None:
    """Play a packaged plan with a scripted agent, in a folder that is removed afterwards."""
    from orchestrator.cli.demo import play
    from orchestrator.cli.serve_request import ServeRequest

    request = ServeRequest(port=api_port, allowed_origins=tuple(allow_origin or ()))
    api = request if api_server or keep_serving else None
    raise typer.Exit(play(api=api, keep_serving=keep_serving, speed=speed, json=json))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help=HOST_HELP)] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help=PORT_HELP)] = None,
    allow_origin: AllowOriginOption = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name, besides loopback, to be reached by; repeatable.")
    ] = None,
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the server's source changes.")
    ] = False,
    allow_shell: AllowShellOption = False,
    inherited_socket: Annotated[int | None, typer.Option(hidden=True)] = None,
    root: RootOption = None,
) -> None:
    """Serve the API for all orchestrators of this project."""
    from orchestrator.cli.serve import serve_api
    from orchestrator.cli.serve_request import ServeRequest

    request = ServeRequest(
        host,
        port,
        allowed_origins=tuple(allow_origin or ()),
        allowed_hosts=tuple(allow_host or ()),
        inherited=inherited_socket,
        allow_shell=allow_shell,
    )
    raise typer.Exit(serve_api(request, root, reload=reload))


@app.command()
def lint(
    plans: Annotated[
        list[str] | None, typer.Argument(metavar="[PLAN]...", help="Names or files; else every plan.")
    ] = None,
    output: Annotated[Literal["text", "json", "sarif"], typer.Option("--format")] = "text",
    root: RootOption = None,
) -> None:
    """Say what is wrong with plans: exit 0 without errors, 1 with, 2 when one cannot be read."""
    from orchestrator.cli.plans import lint_plans

    raise typer.Exit(lint_plans(plans or [], output, root))


@app.command()
def doctor(json: JsonOption = False, root: RootOption = None) -> None:
    """Say what is wrong with the root, its database and the clocks, and what to do; changes nothing."""
    from orchestrator.cli.doctor import examine

    raise typer.Exit(examine(root, as_json=json))


@app.command()
def plans(json: JsonOption = False, root: RootOption = None, url: UrlOption = None) -> None:
    """List the project's plans."""
    from orchestrator.cli.plans import list_plans

    raise typer.Exit(list_plans(root, url, json=json))


@app.command()
def use(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan's name.")], root: RootOption = None
) -> None:
    """Choose the plan that `run` takes when none is named."""
    from orchestrator.cli.plans import use_plan

    raise typer.Exit(use_plan(plan, root))


@app.command()
def agents(
    run_repository_agents: Annotated[
        bool,
        typer.Option(
            "--run-repository-agents",
            help="Also start the programs that this repository names, to ask for their version.",
        ),
    ] = False,
    json: JsonOption = False,
    root: RootOption = None,
) -> None:
    """Say which agents are here, what each can do, and what is missing; spends nothing."""
    from orchestrator.cli.agents import list_agents

    raise typer.Exit(list_agents(root, run_repository_agents=run_repository_agents, json=json))


@app.command()
def prune(
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Only runs that ended so long ago: 90d, 2w, 12h, 30m.")
    ] = "90d",
    keep: Annotated[int, typer.Option(min=0, help="Of each plan, the last N runs stay, however old.")] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and its size.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, also on a terminal.")] = False,
    json: JsonOption = False,
    root: RootOption = None,
) -> None:
    """Delete the logs, transcripts and outputs of old runs.

    Without options: of runs that ended at least 90 days ago and are not among the last 20 of their plan. A
    run that has not ended, the latest of each plan, and what runs that stay refer to are never deleted.
    """
    from orchestrator.cli.prune import PruneRequest
    from orchestrator.cli.prune import prune as prune_runs

    raise typer.Exit(prune_runs(PruneRequest(older_than, keep, dry_run, yes, json, root)))


@app.command()
def prompt(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan's name or file.")],
    task: TaskArgument,
    attempt: Annotated[
        int | None, typer.Option(min=1, help="Print what the agent of this attempt was sent instead.")
    ] = None,
    root: RootOption = None,
) -> None:
    """Print what the agent of a task would be sent now, and how long each part of it is."""
    from orchestrator.cli.prompts import show_next_prompt, show_sent_prompt

    if attempt is not None:
        raise typer.Exit(show_sent_prompt(plan, task, attempt, root))
    raise typer.Exit(show_next_prompt(plan, task, root))


@app.command()
def redact(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file; - reads stdin.")],
    test: Annotated[
        bool, typer.Option("--test", help="Only print where secrets are, and of which kind; exit 1 if any.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print a text as it would be recorded: without secrets. Your own variables count, as in a run.

    With --test or --json it prints the line, column, kind and length of each, and never the secret.
    """
    from orchestrator.cli.redact import show_redacted, show_secrets

    raise typer.Exit(show_secrets(file, json=json) if test or json else show_redacted(file))


for name, command in (*LOOKS.items(), *COMMANDS.items()):
    app.command(name=name)(command)
