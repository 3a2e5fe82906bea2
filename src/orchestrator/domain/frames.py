"""What a stream sends besides entries of the log and the status: signs of life, and the marks of holes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

ResyncReason = Literal["not_kept", "beyond_log", "fell_behind"]


class PingData(BaseModel):
    """`up_to` is the last position of the log that was looked at."""

    up_to: int


class ResyncData(BaseModel):
    """Why there is a hole: `requested` is the last position the client has, `oldest` the first kept."""

    reason: ResyncReason
    requested: int
    oldest: int
