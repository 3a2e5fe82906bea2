"""Whether the server is well, for people, load balancers and Prometheus."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import TypeAdapter
from starlette.responses import PlainTextResponse

from orchestrator import __version__
from orchestrator.api.answers import json_of, problems
from orchestrator.api.context import ApiContext, Context
from orchestrator.domain.answers import Health
from orchestrator.domain.errors import StorageError
from orchestrator.engine.records import InstanceRecord

STORAGE_SECONDS = 2.0
_HEALTH: TypeAdapter[Health] = TypeAdapter(Health)

router = APIRouter(tags=["health"])


async def _live(context: ApiContext) -> list[InstanceRecord]:
    try:
        async with asyncio.timeout(STORAGE_SECONDS):
            return await context.ports.registry.list(live_only=True)
    except TimeoutError:
        raise StorageError(f"The storage gave no answer within {STORAGE_SECONDS:g} s.") from None


@router.get(
    "/health",
    operation_id="health",
    summary="How the server is",
    response_model=Health,
    responses={**problems(), 503: {"model": Health, "description": "Unhealthy: the storage fails."}},
)
async def health(context: Context) -> Response:
    """Healthy, degraded (it answers, but live streams or the look-out lag behind) or unhealthy."""
    detail, running, status = None, 0, 200
    try:
        records = await _live(context)
        running = sum(record.lease_until > record.database_now for record in records)
    except StorageError as error:
        status, detail = 503, str(error)
    if status == 200 and context.hub.is_failing:
        detail = "Live streams stand still."
    elif status == 200 and not context.is_watching:
        detail = "The look-out for dead orchestrators fails."
    word: Literal["healthy", "degraded", "unhealthy"]
    word = "unhealthy" if status == 503 else "degraded" if detail else "healthy"
    return json_of(
        _HEALTH,
        Health(
            status=word,
            version=__version__,
            timestamp=datetime.now(UTC),
            orchestrators_running=running,
            detail=detail,
        ),
        status=status,
    )


@router.get("/livez", include_in_schema=False)
async def livez() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", include_in_schema=False)
async def readyz(context: Context) -> Response:
    """The storage answers, and the server is not stopping."""
    if context.hub.is_closed:
        raise StorageError("The server is stopping.")
    await _live(context)
    return PlainTextResponse("ok\n")


@router.get("/metrics", include_in_schema=False)
async def metrics(context: Context) -> Response:
    """The counters of this process."""
    records = await _live(context)
    text = context.metrics.text(Counter(record.status.value for record in records))
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")
