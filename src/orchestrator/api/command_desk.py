"""Takes a command to an orchestrator's queue, waits a little for its receipt, and says how it went."""

from __future__ import annotations

import asyncio

from pydantic import TypeAdapter
from starlette.responses import Response

from orchestrator.api.answers import json_of
from orchestrator.api.context import ApiContext
from orchestrator.api.errors import ApiError
from orchestrator.domain.answers import CommandResponse
from orchestrator.domain.commands import (
    AnswerApproval,
    ApprovePlan,
    Command,
    CommandRecord,
    CommandState,
    MessageTask,
    RetryTask,
    Shutdown,
    SkipTask,
)
from orchestrator.domain.decisions import decide
from orchestrator.domain.errors import InstanceEnded
from orchestrator.domain.events import ApprovalRequested
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import InstanceRecord
from orchestrator.engine.status_reader import refuse_pruned

ACTOR = "api"
WAIT_SLICE_SECONDS = 0.25
_RESPONSE: TypeAdapter[CommandResponse] = TypeAdapter(CommandResponse)
_STATUS_OF_CODE = {"task_not_found": 404, "revision_mismatch": 412}
_UNSAID = {
    CommandState.SENT: "The orchestrator has not settled the command yet.",
    CommandState.APPLIED: "Done.",
}


async def submit(context: ApiContext, instance_id: str, command: Command, key: str | None) -> Response:
    """The answer to a command: 200, 202, or a problem that says why not."""
    record = await context.ports.registry.get(instance_id)
    if record.pruned_at is not None:
        return _ended(context, record, command)
    await _refuse_unknown(context, instance_id, command)
    # With a key, the queue may still have the receipt of an orchestrator that has ended since.
    is_for_the_next = record.status.has_ended and isinstance(command, ApprovePlan)
    if record.status.has_ended and key is None and not is_for_the_next:
        return _ended(context, record, command)
    try:
        settled = await _settled(context, instance_id, command, key)
    except InstanceEnded:
        return _ended(context, await context.ports.registry.get(instance_id), command)
    context.metrics.commands[(command.command, settled.state.value)] += 1
    if settled.state is CommandState.EXPIRED:
        return _ended(context, await context.ports.registry.get(instance_id), command)
    status = status_of(settled.state, settled.code)
    if settled.state is CommandState.REJECTED:
        reason = settled.reason or "The command was rejected."
        raise ApiError(status, settled.code or "rejected", reason)
    location = f"/api/orchestrators/{instance_id}/commands/{settled.id}"
    headers = {"Location": location} if status == 202 else None
    return json_of(_RESPONSE, _response(settled), status=status, headers=headers)


async def _refuse_unknown(context: ApiContext, instance_id: str, command: Command) -> None:
    """Raise 404 for a command about a task that the plan has not, or a question that nobody has asked.

    An approval of what nobody has been shown is refused here, since the run may have ended.
    """
    match command:
        case SkipTask() | RetryTask() | MessageTask():
            state = await context.reader.state(instance_id)
            if command.task_id not in state.tasks:
                raise ApiError(404, "task_not_found", f"The plan has no task {command.task_id!r}.")
        case ApprovePlan():
            decision = decide(await context.reader.state(instance_id), command)
            if decision.outcome is CommandState.REJECTED:
                raise ApiError(409, decision.code or "rejected", decision.message)
        case AnswerApproval():
            state = await context.reader.state(instance_id)
            asked = command.approval_id
            if asked not in state.open_approvals and not await _was_asked(context, instance_id, asked):
                raise ApiError(404, "approval_not_found", f"No agent has asked anything under {asked!r}.")


async def _was_asked(context: ApiContext, instance_id: str, approval_id: str) -> bool:
    """Whether the log has the question: one that is settled is another answer than one that never was."""
    after: int | None = 0
    while after is not None:
        page = await context.ports.log.read(instance_id, after=after, types=(ApprovalRequested.type,))
        for event in page:
            question = event.data
            if isinstance(question, ApprovalRequested) and question.approval_id == approval_id:
                return True
        after = page[-1].seq if page else None
    return False


async def _settled(context: ApiContext, instance_id: str, command: Command, key: str | None) -> CommandRecord:
    """The command's record as soon as it is settled, or as it stands when the wait is over."""
    loop = asyncio.get_running_loop()
    queue = context.ports.commands
    async with context.ports.changes.subscribe() as subscription:
        record = await queue.submit(instance_id, command, actor=ACTOR, key=key)
        deadline = loop.time() + context.settings.settle_wait_seconds
        while record.state is CommandState.SENT and not context.hub.is_closed:
            left = deadline - loop.time()
            if left <= 0:
                break
            await subscription.wait(min(left, WAIT_SLICE_SECONDS))
            record = await queue.get(instance_id, record.id)
    return record


async def receipt(context: ApiContext, instance_id: str, command_id: str) -> Response:
    """What became of a command, whatever it is; raises InstanceNotFound, InstancePruned, CommandNotFound."""
    record = await context.ports.registry.get(instance_id)
    refuse_pruned(record.id, record.pruned_at)
    return json_of(_RESPONSE, _response(await context.ports.commands.get(instance_id, command_id)))


def _response(record: CommandRecord) -> CommandResponse:
    return CommandResponse(
        success=record.state in {CommandState.SENT, CommandState.KEPT, CommandState.APPLIED},
        message=record.reason or _UNSAID.get(record.state, "The command had no effect."),
        command_id=record.id,
        state=record.state,
        seq=record.seq,
    )


def status_of(state: CommandState, code: str | None) -> int:
    """The HTTP status that answers a command in this state; `code` says why one was rejected."""
    if state is CommandState.REJECTED:
        return _STATUS_OF_CODE.get(code or "", 409)
    return 202 if state in {CommandState.SENT, CommandState.KEPT} else 200


def refusal_of_ended(status: RunStatus, command: Command) -> ApiError | None:
    """The answer to a command to an orchestrator that is no more; None for one that is content with that."""
    if status is RunStatus.CRASHED:
        return ApiError(503, "orchestrator_crashed", "The orchestrator crashed; start a new run to go on.")
    if isinstance(command, Shutdown):
        return None
    return ApiError(
        409,
        "orchestrator_ended",
        f"The orchestrator has ended ({status.value}) and takes no commands; start a new run.",
    )


def _ended(context: ApiContext, record: InstanceRecord, command: Command) -> Response:
    context.metrics.commands[(command.command, "ended")] += 1
    if refusal := refusal_of_ended(record.status, command):
        raise refusal
    message = f"The orchestrator has already ended: {record.status.value}."
    done = CommandResponse(
        success=True, message=message, command_id=None, state=CommandState.APPLIED, seq=record.seq
    )
    return json_of(_RESPONSE, done)
