"""The API from Python: every verb as a method, and a `watch` that outlasts lost connections."""

from orchestrator.client.api_client import ApiClient
from orchestrator.client.errors import ApiError
from orchestrator.client.messages import InitialStatus, Resync, WatchItem
from orchestrator.client.watch import Watch, WatchStatus
from orchestrator.domain.events import StoredEvent

__all__ = [
    "ApiClient",
    "ApiError",
    "InitialStatus",
    "Resync",
    "StoredEvent",
    "Watch",
    "WatchItem",
    "WatchStatus",
]
