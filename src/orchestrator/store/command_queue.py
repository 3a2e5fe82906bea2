"""The command queue in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from orchestrator.domain.commands import COMMAND_ADAPTER, ApprovePlan, Command, CommandRecord, CommandState
from orchestrator.domain.decisions import KEPT_ALREADY_MESSAGE, KEPT_MESSAGE
from orchestrator.domain.errors import CommandNotFound, IdempotencyConflict, InstanceEnded
from orchestrator.engine.records import PlanKey
from orchestrator.store.database import database_now
from orchestrator.store.instance_registry import instance_not_found
from orchestrator.store.names import is_plain_id, new_command_id
from orchestrator.store.prepared import Prepared
from orchestrator.store.schema import commands, from_milliseconds, orchestrators
from orchestrator.store.transactions import Transactions

OPEN_COMMANDS_MAX = 1_000
KEY_MILLISECONDS = 24 * 60 * 60 * 1000

_ANY_OPEN = Prepared(
    select(commands.c.position)
    .where(commands.c.instance_id == bindparam("instance_id"), commands.c.state == CommandState.SENT.value)
    .limit(1)
)


class SqlCommandQueue:
    """The CommandQueue port."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def submit(
        self, instance_id: str, command: Command, *, actor: str, key: str | None = None
    ) -> CommandRecord:
        """Queue the command, or give the record that the `key` has or that is kept for the same.

        Raises InstanceNotFound, InstanceEnded and IdempotencyConflict.
        """
        if not is_plain_id(instance_id):
            raise instance_not_found(instance_id)
        return await self._transactions.write(lambda c: submit(c, instance_id, command, actor, key))

    async def open(self, instance_id: str) -> list[CommandRecord]:
        """The commands that have no receipt yet, oldest first, at most OPEN_COMMANDS_MAX."""
        if not is_plain_id(instance_id):
            return []
        rows = await self._transactions.read(lambda c: open_commands(c, instance_id))
        return [_record(row) for row in rows]

    async def kept(self, plan: PlanKey) -> list[CommandRecord]:
        """The commands that wait for the plan's next run, oldest first, at most OPEN_COMMANDS_MAX."""
        query = (
            select(commands)
            .join(orchestrators, orchestrators.c.id == commands.c.instance_id)
            .where(
                orchestrators.c.project == plan.project,
                orchestrators.c.checkout == plan.checkout,
                orchestrators.c.plan_path == plan.path,
                commands.c.state == CommandState.KEPT.value,
            )
            .order_by(commands.c.position)
            .limit(OPEN_COMMANDS_MAX)
        )
        rows = await self._transactions.read(lambda c: c.execute(query).all())
        return [_record(row) for row in rows]

    async def get(self, instance_id: str, command_id: str) -> CommandRecord:
        """Raises CommandNotFound."""
        query = select(commands).where(commands.c.id == command_id, commands.c.instance_id == instance_id)
        if not (is_plain_id(instance_id) and is_plain_id(command_id)):
            raise command_not_found(instance_id, command_id)
        row = await self._transactions.read(lambda c: c.execute(query).first())
        if row is None:
            raise command_not_found(instance_id, command_id)
        return _record(row)


def command_not_found(instance_id: str, command_id: str) -> CommandNotFound:
    """The error for a command that this orchestrator was never sent."""
    return CommandNotFound(f"{instance_id!r} was never sent a command {command_id!r}.")


def instance_ended(instance_id: str) -> InstanceEnded:
    """The error for a command that comes too late."""
    return InstanceEnded(f"{instance_id} has ended and takes no commands; start the plan again.")


def check_same(record: CommandRecord, command: Command) -> CommandRecord:
    """Give the record that a key already has; raises IdempotencyConflict if it is another command."""
    if record.command != command:
        raise IdempotencyConflict(
            f"This Idempotency-Key was used for another command ({record.command.command}, {record.id}); "
            "use a new key for a new command."
        )
    return record


def open_commands(connection: Connection, instance_id: str) -> Sequence[Row[Any]]:
    """The rows without a receipt. Asked after every change, and mostly there are none."""
    if not _ANY_OPEN.fetch(connection, {"instance_id": instance_id}):
        return []
    query = (
        select(commands)
        .where(commands.c.instance_id == instance_id, commands.c.state == CommandState.SENT.value)
        .order_by(commands.c.position)
        .limit(OPEN_COMMANDS_MAX)
    )
    return connection.execute(query).all()


def submit(
    connection: Connection, instance_id: str, command: Command, actor: str, key: str | None
) -> CommandRecord:
    """Insert the command unless its key has a record; submissions to one orchestrator come one by one."""
    instance = connection.execute(
        select(orchestrators).where(orchestrators.c.id == instance_id).with_for_update()
    ).one_or_none()
    if instance is None:
        raise instance_not_found(instance_id)
    if key is not None and (known := _known(connection, instance_id, key)) is not None:
        return check_same(known, command)
    is_kept = instance.ended_at is not None
    if is_kept and not (may_be_kept(command) and _is_latest(connection, instance)):
        raise instance_ended(instance_id)
    if is_kept and (kept := _kept_already(connection, instance_id, command)) is not None:
        return kept
    row = connection.execute(
        insert(commands)
        .values(
            id=new_command_id(),
            instance_id=instance_id,
            idempotency_key=key,
            name=command.command,
            args=command.model_dump(mode="json", exclude={"command"}),
            actor=actor,
            state=(CommandState.KEPT if is_kept else CommandState.SENT).value,
            reason=KEPT_MESSAGE if is_kept else None,
            submitted_at=database_now(),
        )
        .returning(commands)
    ).one()
    return _record(row)


def may_be_kept(command: Command) -> bool:
    """Whether the command makes sense for a plan whose run has ended: its next run begins with it."""
    return isinstance(command, ApprovePlan)


def _is_latest(connection: Connection, instance: Row[Any]) -> bool:
    """Whether no other run of this plan has been registered since: that one would have had to settle it."""
    later = select(orchestrators.c.id).where(
        orchestrators.c.project == instance.project,
        orchestrators.c.checkout == instance.checkout,
        orchestrators.c.plan_path == instance.plan_path,
        orchestrators.c.position > instance.position,
        orchestrators.c.next_seq > 1,
    )
    return connection.execute(later.limit(1)).first() is None


def _kept_already(connection: Connection, instance_id: str, command: Command) -> CommandRecord | None:
    """The record of the same command, with a reason that says that it is kept; None where there is none."""
    mine = (commands.c.instance_id == instance_id) & (commands.c.state == CommandState.KEPT.value)
    rows = connection.execute(select(commands).where(mine).order_by(commands.c.position)).all()
    return kept_already(map(_record, rows), command)


def kept_already(kept: Iterable[CommandRecord], command: Command) -> CommandRecord | None:
    """The one of the `kept` commands of a run that asks for the same, with a reason that says so."""
    same = next((record for record in kept if record.command == command), None)
    return None if same is None else same.model_copy(update={"reason": KEPT_ALREADY_MESSAGE})


def _known(connection: Connection, instance_id: str, key: str) -> CommandRecord | None:
    """The record of the key; one that is too old lets go of it."""
    mine = (commands.c.instance_id == instance_id) & (commands.c.idempotency_key == key)
    fresh = commands.c.submitted_at > database_now() - KEY_MILLISECONDS
    connection.execute(update(commands).where(mine, ~fresh).values(idempotency_key=None))
    row = connection.execute(select(commands).where(mine)).first()
    return None if row is None else _record(row)


def _record(row: Row[Any]) -> CommandRecord:
    return CommandRecord(
        id=row.id,
        instance_id=row.instance_id,
        command=COMMAND_ADAPTER.validate_python({"command": row.name, **row.args}),
        actor=row.actor,
        state=CommandState(row.state),
        reason=row.reason,
        code=row.code,
        seq=row.seq,
        submitted_at=from_milliseconds(row.submitted_at),
        settled_at=None if row.settled_at is None else from_milliseconds(row.settled_at),
    )
