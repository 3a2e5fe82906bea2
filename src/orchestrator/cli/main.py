"""The commands and their options; each command's work stands in a module that is imported when it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestrator import __version__
from orchestrator.cli.exit_codes import ExitCode, report, report_fault
from orchestrator.cli.options import (
    HOST_HELP,
    PORT_HELP,
    AllowShellOption,
    ApiHostOption,
    ApiPortOption,
    IdArgument,
    JsonOption,
    KeepOption,
    LatestArgument,
    RootOption,
    ServerOption,
    UrlOption,
)
from orchestrator.domain.errors import OrchestratorError, UsageError

app = typer.Typer(
    name="orchestrator",
    help="Works through a Markdown plan with coding agents, and shows every step live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; every error of ours is a sentence on stderr with an exit code of its own."""
    if os.name != "posix":
        sys.stderr.write("Plan Orchestrator runs on Linux and macOS; on Windows, use it through WSL2.\n")
        sys.exit(ExitCode.USAGE)
    try:
        app()
    except OrchestratorError as error:
        sys.exit(report(error))
    except BrokenPipeError:
        # Whoever read our output has gone, as with `orchestrator events | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        sys.exit(ExitCode.STOPPED)
    except OSError as error:
        sys.stderr.write(f"orchestrator: {error.strerror}{f': {error.filename}' if error.filename else ''}\n")
        sys.exit(ExitCode.FAILED)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not fill the user's screen
        sys.exit(report_fault(error))


def _version(value: bool) -> None:
    if value:
        print(f"orchestrator {__version__}")
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
    plan_option: Annotated[
        str | None, typer.Option("--plan", envvar="ORCHESTRATOR_PLAN", help="The same.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(envvar="ORCHESTRATOR_AGENT", help="For tasks that name none.")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option(envvar="ORCHESTRATOR_PARALLEL", min=1, max=64, help="Tasks at once.")
    ] = None,
    max_attempts: Annotated[
        int | None, typer.Option(envvar="ORCHESTRATOR_MAX_ATTEMPTS", min=1, help="Attempts a task.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(envvar="ORCHESTRATOR_TIMEOUT", min=0.001, help="Seconds a task.")
    ] = None,
    back_off: Annotated[
        float | None,
        typer.Option(envvar="ORCHESTRATOR_BACK_OFF", min=0, help="Seconds before the second attempt."),
    ] = None,
    api_server: ServerOption = False,
    api_host: ApiHostOption = None,
    api_port: ApiPortOption = None,
    keep_serving: KeepOption = False,
    on_blocked: Annotated[
        Literal["wait", "exit"] | None,
        typer.Option(
            envvar="ORCHESTRATOR_ON_BLOCKED",
            help="When nothing can start: wait for a command (default beside an API server) or end.",
        ),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Start over; findings are archived.")] = False,
    restart_completed: Annotated[
        bool, typer.Option("--restart-completed", help="Start over if nothing is left to do.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another orchestrator has the plan.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run, in order, and end.")
    ] = False,
    script: Annotated[
        Path | None, typer.Option(envvar="ORCHESTRATOR_SCRIPT", help="A script for the scripted agent.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Run in the background, with its output in a file.")
    ] = False,
    allow_shell: AllowShellOption = False,
    instance_id: Annotated[str | None, typer.Option(hidden=True)] = None,
    json: JsonOption = False,
    root: RootOption = None,
) -> None:
    """Work through a plan, from where the last run of it stopped."""
    from orchestrator.cli.run import RunRequest, run_plan
    from orchestrator.cli.serve import ServeRequest

    if plan and plan_option and plan != plan_option:
        raise UsageError(f"Two plans are named, {plan} and {plan_option}; name one.")
    if detach:
        from orchestrator.cli.detach import run_detached
        from orchestrator.engine.records import NewRun

        if api_server or keep_serving or dry_run or wait or restart_completed or script:
            raise UsageError(
                "--detach goes with --agent, --parallel, --max-attempts, --timeout and --restart only."
            )
        new = NewRun(plan_option or plan or "", agent, parallel, max_attempts, timeout, restart)
        raise typer.Exit(run_detached(new, root, as_json=json))
    request = RunRequest(
        plan=plan_option or plan,
        agent=agent,
        parallel=parallel,
        max_attempts=max_attempts,
        timeout_seconds=timeout,
        back_off_seconds=back_off,
        api=ServeRequest(host=api_host, port=api_port, allow_shell=allow_shell)
        if api_server or keep_serving
        else None,
        keep_serving=keep_serving,
        instance_id=instance_id,
        on_blocked=on_blocked,
        restart=restart,
        restart_completed=restart_completed,
        wait=wait,
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
    keep_serving: KeepOption = False,
    speed: Annotated[float, typer.Option(min=0, help="How fast the script plays; 0 waits nowhere.")] = 1.0,
    json: JsonOption = False,
) -> None:
    """Play a packaged plan with a scripted agent, in a folder that is removed afterwards."""
    from orchestrator.cli.demo import play
    from orchestrator.cli.serve import ServeRequest

    api = ServeRequest(port=api_port) if api_server or keep_serving else None
    raise typer.Exit(play(api=api, keep_serving=keep_serving, speed=speed, json=json))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help=HOST_HELP)] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help=PORT_HELP)] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A web origin whose pages may use the API; repeatable.")
    ] = None,
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
    from orchestrator.cli.serve import ServeRequest, serve_api

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


@app.command(name="list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """List the running orchestrators."""
    from orchestrator.cli.inspect import list_orchestrators

    raise typer.Exit(list_orchestrators(root, url, include_ended=all_, json=json))


@app.command()
def status(
    instance: LatestArgument = None,
    at_seq: Annotated[int | None, typer.Option(min=1, help="The status as it was after this event.")] = None,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Show an orchestrator's phases and tasks."""
    from orchestrator.cli.inspect import show_status

    raise typer.Exit(show_status(instance, root, url, at_seq=at_seq, json=json))


@app.command()
def events(
    instance: LatestArgument = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for more, until it has ended.")
    ] = False,
    after: Annotated[int, typer.Option(min=0, help="Only events with a higher seq.")] = 0,
    json: JsonOption = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Print an orchestrator's events, one a line."""
    from orchestrator.cli.inspect import show_events

    raise typer.Exit(show_events(instance, root, url, follow=follow, after=after, json=json))


@app.command()
def pause(
    instance: IdArgument,
    now: Annotated[bool, typer.Option("--now", help="Interrupt running tasks; they become pending.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Start nothing new; running tasks finish."""
    from orchestrator.cli.steer import send

    raise typer.Exit(send(instance, root, url, "pause", mode="now" if now else "drain"))


@app.command()
def resume(instance: IdArgument, root: RootOption = None, url: UrlOption = None) -> None:
    """Go on after a pause."""
    from orchestrator.cli.steer import send

    raise typer.Exit(send(instance, root, url, "resume"))


@app.command()
def shutdown(
    instance: IdArgument,
    force: Annotated[bool, typer.Option("--force", help="Interrupt running tasks.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """End the run; running tasks finish first."""
    from orchestrator.cli.steer import send

    raise typer.Exit(send(instance, root, url, "shutdown", force=force))


@app.command(name="skip-task")
def skip_task(
    instance: IdArgument,
    task: Annotated[str, typer.Argument(metavar="TASK")],
    reason: Annotated[str | None, typer.Option()] = None,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Leave a task out; its dependants may run."""
    from orchestrator.cli.steer import send

    raise typer.Exit(send(instance, root, url, "skip-task", task_id=task, reason=reason))


@app.command(name="retry-task")
def retry_task(
    instance: IdArgument,
    task: Annotated[str, typer.Argument(metavar="TASK")],
    note: Annotated[str | None, typer.Option(help="For the agent.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also a completed task.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Run a failed or skipped task again."""
    from orchestrator.cli.steer import send

    raise typer.Exit(send(instance, root, url, "retry-task", task_id=task, note=note, force=force))
