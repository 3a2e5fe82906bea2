"""The OpenAPI document, with every event's type in it: 3.0.3, or 3.1.0 as the framework writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import CoreSchema, core_schema

from orchestrator.api import schemas
from orchestrator.domain import answers, status
from orchestrator.domain.events import EVENT_TYPES

Version = Literal["3.0", "3.1"]
_FULL_VERSIONS: Mapping[Version, str] = {"3.0": "3.0.3", "3.1": "3.1.0"}
TITLE = "Plan Orchestrator API"
DESCRIPTION = """\
Watch orchestrators work through Markdown plans, and steer them.

**Live streams.** `GET /api/orchestrators/{orchestrator_id}/events-sse` (Server-Sent Events) \
and two WebSockets, which OpenAPI cannot describe:

* `ws://…/api/orchestrators/{orchestrator_id}/events`: every event;
* `ws://…/api/orchestrators/{orchestrator_id}/activity`: `tool_started` and `tool_completed` only.

Each message is an `OrchestratorEvent` (see the schemas). Without a position the first message is \
`initial_status`, the whole status at its `seq`; with `?after=<seq>` everything after that entry of \
the log is sent, nothing twice. \
`ping` comes on silent connections, `resync` instead of a hole. Ignore types you don't know.

**Errors** are `application/problem+json` (RFC 9457): `code` for programs, `detail` for people.

**Access.** On loopback no token is needed. Where one is set, send `Authorization: Bearer <token>`; \
a browser's WebSocket offers the subprotocols `orchestrator.v1` and `bearer.<token>`.
"""
_RESPONSES: tuple[type[BaseModel], ...] = (
    answers.CommandResponse,
    answers.Health,
    answers.FindingContent,
    answers.PlanDocument,
    answers.PlanTaskLine,
    answers.StartedOrchestrator,
    answers.TranscriptLine,
    answers.ArtifactContent,
    answers.AgentInfo,
    status.OrchestratorInfo,
    status.OrchestratorStatus,
    status.PlanInfo,
    status.PlanStatus,
    status.TaskInfo,
    status.FindingInfo,
    status.ApprovalInfo,
)
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
_NULL = {"type": "null"}
_REF = "#/components/schemas/{model}"


class _EveryFieldIsSent(GenerateJsonSchema):
    """What we send has every field, also those with a default."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        inner = self.generate_inner(schema["schema"])
        return inner if self.mode == "serialization" else super().default_schema(schema)


def document(app: FastAPI, version: Version = "3.0") -> dict[str, Any]:
    """The whole document in this version of OpenAPI; the same app always gives the same one."""
    raw = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
    )
    raw["openapi"] = _FULL_VERSIONS[version]
    raw["tags"] = [
        {"name": "health", "description": "How the server is."},
        {"name": "orchestrators", "description": "Status, now or as it was, and the log."},
        {"name": "commands", "description": "Steering, with a receipt for every command."},
        {
            "name": "agents",
            "description": "What agents ask, what they are told, and all that they have said.",
        },
        {"name": "plans", "description": "The plans on disk."},
        {"name": "events", "description": "Live streams."},
    ]
    raw["security"] = [{}, {"bearer": []}]
    raw["components"] = {
        "schemas": _components(),
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    }
    for operations in raw["paths"].values():
        for operation in operations.values():
            _tidy_operation(operation)
    lowered = down_convert(raw) if version == "3.0" else raw
    assert isinstance(lowered, dict)
    return lowered


def document_bytes(app: FastAPI, version: Version = "3.0") -> bytes:
    """The document as it is served and committed."""
    return (json.dumps(document(app, version), indent=2, ensure_ascii=False) + "\n").encode()


def _components() -> dict[str, Any]:
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        # A problem has some of its members only sometimes, as a request has.
        (model, "validation")
        for model in (*schemas.REQUESTS, answers.Problem)
    ]
    outputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "serialization") for model in (*_RESPONSES, *schemas.ENVELOPE_TYPES.values())
    ]
    found: dict[str, dict[str, Any]] = {}
    for models in (inputs, outputs):
        generator = _EveryFieldIsSent(ref_template=_REF)
        _, definitions = generator.generate_definitions(
            [(model, mode, _core(model)) for model, mode in models]
        )
        found |= {str(name): schema for name, schema in definitions.items()}
    found["OrchestratorEvent"] = _union()
    found["Blocker"] = _blocker(found["TaskInfo"]["properties"]["blocked_by"])
    found["LogEventType"] = {
        "type": "string",
        "enum": list(EVENT_TYPES),
        "description": "The type of an entry of the log.",
    }
    return {name: _tidy(found[name]) for name in sorted(found)}


def _core(model: type[BaseModel]) -> CoreSchema:
    return TypeAdapter(model).core_schema


def _union() -> dict[str, Any]:
    names = {kind: model.__name__ for kind, model in schemas.ENVELOPE_TYPES.items()}
    refs = {kind: _REF.format(model=name) for kind, name in sorted(names.items())}
    return {
        "description": "Anything that a stream sends, told apart by `type`. Ignore types you don't know.",
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "type", "mapping": refs},
    }


def _blocker(blocked_by: dict[str, Any]) -> dict[str, Any]:
    """The union of what is in this array, which refers to it by name from now on."""
    union = {"description": "What a pending task waits for, told apart by `kind`.", **blocked_by["items"]}
    blocked_by["items"] = {"$ref": _REF.format(model="Blocker")}
    return union


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the titles that only repeat a field's name."""
    properties = schema.get("properties", {})
    for field in properties.values():
        field.pop("title", None)
    return schema


def _tidy_operation(operation: dict[str, Any]) -> None:
    """A parameter that may be left out is not therefore null; and titles only repeat names."""
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        choices = [choice for choice in schema.pop("anyOf", []) if choice != _NULL]
        assert len(choices) < 2, f"{parameter['name']}: a parameter of several types has no plain schema"
        parameter["schema"] = {
            name: value
            for name, value in {**schema, **(choices[0] if choices else {})}.items()
            if name not in {"title", "description"}
        }
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            content["schema"].pop("title", None)


def down_convert(node: Any) -> Any:
    """The same schema in the words of OpenAPI 3.0: a pure function of JSON values."""
    if isinstance(node, list):
        return [down_convert(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    # A map of named schemas is no schema: a property may well be called "const".
    lowered = {
        key: {name: down_convert(value) for name, value in item.items()}
        if key in {"properties", "schemas"} and isinstance(item, Mapping)
        else down_convert(item)
        for key, item in node.items()
    }
    for step in (_const, _nullable, _exclusive, _tuple, _examples):
        lowered = step(lowered)
    return lowered


def _const(schema: dict[str, Any]) -> dict[str, Any]:
    if "const" in schema:
        value = schema.pop("const")
        schema.setdefault("type", _JSON_TYPES[type(value)])
        schema["enum"] = [value]
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    choices = schema.get("anyOf")
    if not isinstance(choices, list) or _NULL not in choices:
        return schema
    rest = [choice for choice in choices if choice != _NULL]
    kept = {key: value for key, value in schema.items() if key != "anyOf"}
    if kept.get("default", ...) is None:
        del kept["default"]
    if len(rest) > 1:
        return {**kept, "anyOf": rest, "nullable": True}
    if "$ref" in rest[0]:
        return {**kept, "allOf": rest, "nullable": True}
    return {**rest[0], **kept, "nullable": True}


def _exclusive(schema: dict[str, Any]) -> dict[str, Any]:
    for strict, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        limit = schema.get(strict)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            schema[plain] = limit
            schema[strict] = True
    return schema


def _tuple(schema: dict[str, Any]) -> dict[str, Any]:
    if "prefixItems" in schema:
        items = schema.pop("prefixItems")
        schema["items"] = {"anyOf": items} if len(items) > 1 else items[0]
        schema["minItems"] = schema["maxItems"] = len(items)
    return schema


def _examples(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("examples"), list) and schema["examples"]:
        schema["example"] = schema.pop("examples")[0]
    return schema
