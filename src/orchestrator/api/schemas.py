"""The wire models that only delivery knows: the envelope of everything that a stream sends."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, create_model

from orchestrator.domain.events import EVENT_TYPES
from orchestrator.domain.frames import PingData, ResyncData
from orchestrator.domain.requests import (
    AnswerApprovalRequest,
    ApprovePlanRequest,
    EmptyRequest,
    MessageTaskRequest,
    RetryTaskRequest,
    SkipTaskRequest,
    StartRequest,
)
from orchestrator.domain.status import OrchestratorStatus


def _envelope(
    type_name: str, data: type[BaseModel], *, has_seq: bool = True, doc: str = ""
) -> type[BaseModel]:
    name = "".join(part.capitalize() for part in type_name.split("_"))
    fields: dict[str, Any] = {"type": (Literal[type_name], ...), "timestamp": (datetime, ...)}
    fields |= {"instance_id": (str, ...)} | ({"seq": (int, ...)} if has_seq else {}) | {"data": (data, ...)}
    model: type[BaseModel] = create_model(f"{name}Event", __doc__=doc or data.__doc__, **fields)
    return model


FRAME_TYPES: dict[str, type[BaseModel]] = {
    "initial_status": _envelope(
        "initial_status",
        OrchestratorStatus,
        doc="First on every connection without a cursor: the whole status at `seq`. Not an entry of the log.",
    ),
    "ping": _envelope(
        "ping",
        PingData,
        has_seq=False,
        doc="A sign of life on a silent connection. Not an entry of the log.",
    ),
    "resync": _envelope(
        "resync",
        ResyncData,
        has_seq=False,
        doc="Sent instead of a hole; a fresh initial_status follows. Not an entry of the log.",
    ),
}
"""The envelopes of what a stream sends besides entries of the log."""

ENVELOPE_TYPES: dict[str, type[BaseModel]] = {
    **{name: _envelope(name, data) for name, data in EVENT_TYPES.items()},
    **FRAME_TYPES,
}
"""The envelope of everything that a stream sends, by its `type`."""

REQUESTS = (
    EmptyRequest,
    SkipTaskRequest,
    RetryTaskRequest,
    ApprovePlanRequest,
    AnswerApprovalRequest,
    MessageTaskRequest,
    StartRequest,
)
