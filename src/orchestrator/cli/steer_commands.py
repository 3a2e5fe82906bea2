"""The commands that steer an orchestrator; `main` registers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from orchestrator.cli.options import IdArgument, RootOption, TaskArgument, UrlOption
from orchestrator.cli.personal import for_persons_only


def _send(instance: str, root: Path | None, url: str | None, verb: str, **details: Any) -> NoReturn:
    from orchestrator.cli.steer import send

    raise typer.Exit(send(instance, root, url, verb, **details))


def pause(
    instance: IdArgument,
    now: Annotated[bool, typer.Option("--now", help="Interrupt running tasks; they become pending.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Start nothing new; running tasks finish."""
    _send(instance, root, url, "pause", mode="now" if now else "drain")


def resume(instance: IdArgument, root: RootOption = None, url: UrlOption = None) -> None:
    """Go on after a pause, or before a vendor's limit is over."""
    _send(instance, root, url, "resume")


def shutdown(
    instance: IdArgument,
    force: Annotated[bool, typer.Option("--force", help="Interrupt running tasks.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """End the run; running tasks finish first."""
    _send(instance, root, url, "shutdown", force=force)


def skip_task(
    instance: IdArgument,
    task: TaskArgument,
    reason: Annotated[str | None, typer.Option()] = None,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Leave a task out; its dependants may run."""
    _send(instance, root, url, "skip-task", task_id=task, reason=reason)


def retry_task(
    instance: IdArgument,
    task: TaskArgument,
    note: Annotated[str | None, typer.Option(help="For the agent.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also a completed task.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Run a failed or skipped task again."""
    _send(instance, root, url, "retry-task", task_id=task, note=note, force=force)


def answer_approval(
    instance: IdArgument,
    approval: Annotated[str, typer.Argument(metavar="APPROVAL", help="As `approvals` lists it.")],
    allow: Annotated[bool, typer.Option("--allow", help="The agent may.")] = False,
    deny: Annotated[bool, typer.Option("--deny", help="It may not.")] = False,
    reason: Annotated[str | None, typer.Option(help="For the log; of a denial also for the agent.")] = None,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Answer an agent that asks whether it may do something: --allow or --deny."""
    for_persons_only("answer-approval")
    if allow == deny:
        raise typer.BadParameter("give one of the two", param_hint="--allow, --deny")
    _send(instance, root, url, "answer-approval", approval_id=approval, allow=allow, reason=reason)


def approve_plan(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's name, or an orchestrator's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask: approve what is shown.")] = False,
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Approve what attempts changed in a plan."""
    from orchestrator.cli.plan_approval import approve_plan

    for_persons_only("approve-plan")
    raise typer.Exit(approve_plan(plan, root, url, is_yes=yes))


def message_task(
    instance: IdArgument,
    task: TaskArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    root: RootOption = None,
    url: UrlOption = None,
) -> None:
    """Tell the agent that is at work on a task something."""
    _send(instance, root, url, "message-task", task_id=task, text=text)


COMMANDS: Mapping[str, Callable[..., None]] = {
    "pause": pause,
    "resume": resume,
    "shutdown": shutdown,
    "skip-task": skip_task,
    "retry-task": retry_task,
    "answer-approval": answer_approval,
    "message-task": message_task,
    "approve-plan": approve_plan,
}
