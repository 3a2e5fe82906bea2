"""The parts of a request, checked: ids and names from paths, positions, and the headers we understand."""

import re
from collections import Counter
from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import AfterValidator, BeforeValidator, Field
from starlette.requests import HTTPConnection

from orchestrator.api.errors import ApiError, invalid
from orchestrator.domain.errors import CommandNotFound, InstanceNotFound, PlanNotFound

SEQ_MAX = 2**63 - 1
NAME_LENGTH_MAX = 255
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DIGITS = re.compile(r"[0-9]{1,19}")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_REVISION = re.compile(r'"([0-9]{1,9})"')
_FINDING = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
_NEVER_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


def _orchestrator_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise InstanceNotFound("No orchestrator has this id.")
    return value


def _command_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise CommandNotFound("This orchestrator has no command of that id.")
    return value


def _task_id(value: str) -> str:
    if not _FINDING.fullmatch(value):
        raise ApiError(404, "task_not_found", "The plan has no task of that id.")
    return value


def _approval_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ApiError(404, "approval_not_found", "No agent has asked anything under this id.")
    return value


def _artifact_name(value: str) -> str:
    if not _FINDING.fullmatch(value):
        raise ApiError(404, "artifact_not_found", "The attempt left nothing of that name.")
    return value


def _plan_name(value: str) -> str:
    if not value or len(value) > NAME_LENGTH_MAX or value.startswith(".") or _NEVER_IN_NAMES.search(value):
        raise PlanNotFound("No plan has this name.")
    return value


def _finding_id(value: str) -> str:
    if not _FINDING.fullmatch(value):
        raise ApiError(404, "finding_not_found", "The plan has no finding of that task.")
    return value


# What no id or name can look like is not looked up anywhere, and never becomes a path.
OrchestratorId = Annotated[
    str, Path(description="As in the list: `orch-…`."), AfterValidator(_orchestrator_id)
]
CommandId = Annotated[str, Path(description="As in the command's receipt."), AfterValidator(_command_id)]
TaskId = Annotated[str, Path(description="As in the status: `1.2`."), AfterValidator(_task_id)]
ApprovalId = Annotated[str, Path(description="As in the list of questions."), AfterValidator(_approval_id)]
ArtifactName = Annotated[
    str, Path(description="As an event names it: `output-0001.txt`."), AfterValidator(_artifact_name)
]
PlanName = Annotated[str, Path(description="The stem of the plan's file."), AfterValidator(_plan_name)]
FindingId = Annotated[str, Path(description="`1.1` or `1-1`."), AfterValidator(_finding_id)]


# Asynchronous although they wait for nothing: the framework runs other functions in threads.
async def unrepeated(connection: HTTPConnection) -> None:
    """Refuse a query parameter that is given twice: nobody can tell which one is meant."""
    counts = Counter(name for name, _ in connection.query_params.multi_items())
    for name, count in counts.items():
        if count > 1:
            raise invalid(f"/query/{name}", f"given {count} times; give it once")


def _digits(value: object) -> object:
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("must be a whole number in the digits 0-9")
    return value


Digits = BeforeValidator(_digits)
Position = Annotated[int, Field(ge=0, le=SEQ_MAX), Digits]
EntrySeq = Annotated[int, Field(ge=1, le=SEQ_MAX), Digits]
AFTER = Query(description="Only what stands after this position.")


def cursor_of(connection: HTTPConnection) -> int | None:
    """Where a stream is to go on: Last-Event-ID, else `?after=`; None when neither is given."""
    last = connection.headers.get("last-event-id")
    if last:
        return _cursor(last, "/header/last-event-id")
    after = connection.query_params.get("after")
    return None if after is None else _cursor(after, "/query/after")


def _cursor(text: str, pointer: str) -> int:
    if not _DIGITS.fullmatch(text) or int(text) > SEQ_MAX:
        raise invalid(pointer, "must be a position of the log: a whole number from 0 on, in the digits 0-9")
    return int(text)


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="The same key within a day gives the same receipt again, and commands nothing twice.",
            json_schema_extra={"pattern": f"^{_KEY.pattern}$"},
        ),
    ] = None,
) -> str | None:
    """The key, checked."""
    if key is not None and not _KEY.fullmatch(key):
        raise invalid("/header/idempotency-key", "must be 1 to 255 visible ASCII characters without spaces")
    return key


async def if_revision(
    match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='The task\'s revision in quotes, as `"3"`, or `*`: 412 when the task has moved on.',
            json_schema_extra={"pattern": rf"^\s*({_REVISION.pattern}|\*)\s*$"},
        ),
    ] = None,
) -> int | None:
    """The revision that the task must have; None when any will do."""
    if match is None or match.strip() == "*":
        return None
    found = _REVISION.fullmatch(match.strip())
    if not found:
        raise invalid("/header/if-match", 'must be one revision in quotes, such as "3", or *')
    return int(found[1])
