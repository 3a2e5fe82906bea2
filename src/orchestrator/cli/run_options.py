"""The options of `orchestrator run`, each with its environment variable; docs/settings.md lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestrator.domain.plan import Permissions

SECONDS_MIN = 0.001
USD_MIN = 0.01

PlanOption = Annotated[
    str | None, typer.Option("--plan", envvar="ORCHESTRATOR_PLAN", help="The same as PLAN.")
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", envvar="ORCHESTRATOR_AGENT", help="For tasks that name none.")
]
ParallelOption = Annotated[
    int | None,
    typer.Option("--parallel", envvar="ORCHESTRATOR_PARALLEL", min=1, max=64, help="Tasks at once."),
]
MaxAttemptsOption = Annotated[
    int | None,
    typer.Option("--max-attempts", envvar="ORCHESTRATOR_MAX_ATTEMPTS", min=1, help="Attempts a task."),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", envvar="ORCHESTRATOR_TIMEOUT", min=SECONDS_MIN, help="Seconds a task."),
]
BackOffOption = Annotated[
    float | None,
    typer.Option(
        "--back-off", envvar="ORCHESTRATOR_BACK_OFF", min=0, help="Seconds before the second attempt."
    ),
]
PermissionsOption = Annotated[
    Permissions | None,
    typer.Option(
        "--permissions",
        envvar="ORCHESTRATOR_PERMISSIONS",
        help="The most that agents may do by themselves; `ask` asks you. The plan can only narrow it.",
    ),
]
BudgetUsdOption = Annotated[
    float | None,
    typer.Option(
        "--budget-usd", envvar="ORCHESTRATOR_BUDGET_USD", min=USD_MIN, help="Pause when this much is spent."
    ),
]
BudgetTokensOption = Annotated[
    int | None,
    typer.Option(
        "--budget-tokens", envvar="ORCHESTRATOR_BUDGET_TOKENS", min=1, help="Pause when this many are used."
    ),
]
TaskBudgetUsdOption = Annotated[
    float | None,
    typer.Option(
        "--task-budget-usd",
        envvar="ORCHESTRATOR_TASK_BUDGET_USD",
        min=USD_MIN,
        help="The same for each task.",
    ),
]
TaskBudgetTokensOption = Annotated[
    int | None,
    typer.Option(
        "--task-budget-tokens",
        envvar="ORCHESTRATOR_TASK_BUDGET_TOKENS",
        min=1,
        help="The same for each task.",
    ),
]
NoWaitOption = Annotated[
    bool,
    typer.Option(
        "--no-wait", envvar="ORCHESTRATOR_NO_WAIT", help="A limit of an agent's vendor fails the task."
    ),
]
LongestWaitOption = Annotated[
    float | None,
    typer.Option(
        "--longest-wait",
        envvar="ORCHESTRATOR_LONGEST_WAIT",
        min=0,
        help="Seconds that a vendor's limit is waited for; a longer one fails the task.",
    ),
]
SilenceTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--silence-timeout",
        envvar="ORCHESTRATOR_SILENCE_TIMEOUT",
        min=SECONDS_MIN,
        help="Seconds after which a silent agent is stuck.",
    ),
]
ToolTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--tool-timeout",
        envvar="ORCHESTRATOR_TOOL_TIMEOUT",
        min=SECONDS_MIN,
        help="Seconds after which an agent in one tool call is stuck.",
    ),
]
RepeatsOption = Annotated[
    int | None,
    typer.Option(
        "--repeats",
        envvar="ORCHESTRATOR_REPEATS",
        min=2,
        help="How often an agent makes the same call in a row until it is stuck.",
    ),
]
ApprovalTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--approval-timeout",
        envvar="ORCHESTRATOR_APPROVAL_TIMEOUT",
        min=SECONDS_MIN,
        help="Seconds until an agent's question is answered with no.",
    ),
]
StrictOption = Annotated[
    bool | None,
    typer.Option(
        "--strict/--no-strict",
        envvar="ORCHESTRATOR_STRICT",
        help="Fail an attempt whose success is doubtful: no tool call, nothing changed, …",
    ),
]
OnBlockedOption = Annotated[
    Literal["wait", "exit"] | None,
    typer.Option(
        "--on-blocked",
        envvar="ORCHESTRATOR_ON_BLOCKED",
        help="When nothing can start: wait for a command (default beside an API server) or end.",
    ),
]
RewordedOption = Annotated[
    Literal["keep", "rerun", "ask"] | None,
    typer.Option(
        "--reworded",
        envvar="ORCHESTRATOR_REWORDED",
        help="What is done, but was reworded since: keep it, run it again, or ask (default on a terminal).",
    ),
]
RestartOption = Annotated[bool, typer.Option("--restart", help="Start over; findings are archived.")]
RestartCompletedOption = Annotated[
    bool, typer.Option("--restart-completed", help="Start over if nothing is left to do.")
]
CheckoutOption = Annotated[
    str | None,
    typer.Option(
        "--checkout",
        envvar="ORCHESTRATOR_CHECKOUT",
        metavar="NAME",
        help="A name for this checkout, with a history of its own; else its git worktree's.",
    ),
]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait while another orchestrator has the plan.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would run, in order, and end.")]
ScriptOption = Annotated[
    Path | None,
    typer.Option("--script", envvar="ORCHESTRATOR_SCRIPT", help="A script for the scripted agent."),
]
DetachOption = Annotated[
    bool, typer.Option("--detach", help="Run in the background, with its output in a file.")
]
