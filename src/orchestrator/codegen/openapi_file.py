"""openapi.json, without a server or a database."""

from __future__ import annotations

from orchestrator.api.app import bare_app
from orchestrator.api.metrics import Metrics
from orchestrator.api.openapi import Version, document_bytes
from orchestrator.api.settings import ApiSettings


def openapi_document(version: Version = "3.0") -> bytes:
    """The bytes of openapi.json; the same code always gives the same ones."""
    return document_bytes(bare_app(ApiSettings.model_construct(), Metrics()), version)
