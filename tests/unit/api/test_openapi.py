import copy
import json
import re

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from orchestrator.api.openapi import down_convert
from orchestrator.api.schemas import ENVELOPE_TYPES
from orchestrator.codegen.openapi_file import openapi_document
from orchestrator.domain.events import EVENT_TYPES

OPERATIONS = {
    "health": "get /health",
    "listOrchestrators": "get /api/orchestrators",
    "startOrchestrator": "post /api/orchestrators",
    "getOrchestrator": "get /api/orchestrators/{orchestrator_id}",
    "getOrchestratorStatus": "get /api/orchestrators/{orchestrator_id}/status",
    "listEvents": "get /api/orchestrators/{orchestrator_id}/events",
    "streamEvents": "get /api/orchestrators/{orchestrator_id}/events-sse",
    "pauseOrchestrator": "post /api/orchestrators/{orchestrator_id}/pause",
    "resumeOrchestrator": "post /api/orchestrators/{orchestrator_id}/resume",
    "shutdownOrchestrator": "post /api/orchestrators/{orchestrator_id}/shutdown",
    "skipTask": "post /api/orchestrators/{orchestrator_id}/skip-task",
    "retryTask": "post /api/orchestrators/{orchestrator_id}/retry-task",
    "approvePlan": "post /api/orchestrators/{orchestrator_id}/approve-plan",
    "listApprovals": "get /api/orchestrators/{orchestrator_id}/approvals",
    "answerApproval": "post /api/orchestrators/{orchestrator_id}/approvals/{approval_id}",
    "messageTask": "post /api/orchestrators/{orchestrator_id}/tasks/{task_id}/message",
    "getTranscript": "get /api/orchestrators/{orchestrator_id}/tasks/{task_id}/transcript",
    "getArtifact": "get /api/orchestrators/{orchestrator_id}/tasks/{task_id}/artifacts/{artifact}",
    "getCommand": "get /api/orchestrators/{orchestrator_id}/commands/{command_id}",
    "listAgents": "get /api/agents",
    "listPlans": "get /api/plans",
    "getPlan": "get /api/plans/{name}",
    "getPlanStatus": "get /api/plans/{name}/status",
    "getPlanTasks": "get /api/plans/{name}/tasks",
    "listPlanFindings": "get /api/plans/{name}/findings",
    "getFindingContent": "get /api/plans/{name}/findings/{task_id}",
}


@pytest.fixture(scope="module")
def document():
    return json.loads(openapi_document())


def test_the_document_is_valid_openapi_3_0_3(document):
    assert document["openapi"] == "3.0.3"
    OpenAPIV30SpecValidator(document).validate()


def test_the_document_is_valid_as_openapi_3_1_too(document):
    newer = json.loads(openapi_document("3.1"))
    assert newer["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(newer).validate()
    assert down_convert(newer) == {**document, "openapi": "3.1.0"}


def test_the_same_code_gives_the_same_bytes():
    assert openapi_document() == openapi_document()


def test_the_operations_and_their_names_stay(document):
    found = {
        operation["operationId"]: f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert found == OPERATIONS


def test_every_reference_leads_somewhere(document):
    text = json.dumps(document)
    assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= set(document["components"]["schemas"])


def test_the_union_of_events_is_closed_and_told_apart_by_type(document):
    schemas = document["components"]["schemas"]
    union = schemas["OrchestratorEvent"]
    assert set(union["discriminator"]["mapping"]) == set(EVENT_TYPES) | {"initial_status", "ping", "resync"}
    for kind, ref in union["discriminator"]["mapping"].items():
        envelope = schemas[ref.rpartition("/")[2]]
        assert envelope["properties"]["type"]["enum"] == [kind]
        assert "required" in envelope
    assert {entry["$ref"] for entry in union["oneOf"]} == set(union["discriminator"]["mapping"].values())


def test_envelopes_accept_what_the_log_gives():
    for kind in EVENT_TYPES:
        assert ENVELOPE_TYPES[kind].model_fields.keys() == {"type", "timestamp", "instance_id", "seq", "data"}
    assert "seq" not in ENVELOPE_TYPES["ping"].model_fields
    assert "seq" in ENVELOPE_TYPES["initial_status"].model_fields


def test_every_problem_is_declared_as_such(document):
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if status[0] in "45" and (operation["operationId"], status) != ("health", "503"):
                    assert list(content) == ["application/problem+json"]
            assert {"401", "403", "422", "500", "503"} <= set(operation["responses"])


@pytest.mark.parametrize(
    ("schema", "lowered"),
    [
        ({"const": "a"}, {"type": "string", "enum": ["a"]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
            {"allOf": [{"$ref": "#/x"}], "nullable": True},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        ),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 9}, {"minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": True}),
        ({"prefixItems": [{"type": "string"}]}, {"items": {"type": "string"}, "minItems": 1, "maxItems": 1}),
        ({"examples": [1, 2]}, {"example": 1}),
        ({"properties": {"const": {"const": 1}}}, {"properties": {"const": {"type": "integer", "enum": [1]}}}),
    ],
)  # fmt: skip
def test_down_conversion(schema, lowered):
    before = copy.deepcopy(schema)
    assert down_convert(schema) == lowered
    assert schema == before


async def test_the_served_document_is_the_committed_one(world):
    answer = await world.client.get("/openapi.json")
    assert answer.content == openapi_document()


async def test_the_docs_pages_ask_nobody_else(world):
    for path in ("/docs", "/redoc"):
        page = await world.client.get(path)
        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "//" not in page.text.replace("<!doctype", "")
        for name in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert (await world.client.get(f"/{name}")).status_code == 200, name


async def test_the_root_points_to_the_docs(world):
    assert (await world.client.get("/")).json()["docs"] == "/docs"
