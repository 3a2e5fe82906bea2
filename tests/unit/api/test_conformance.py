"""What is answered is what openapi.json says."""

import json

import jsonschema
import pytest

from orchestrator.codegen.openapi_file import openapi_document
from orchestrator.domain.events import EVENT_TYPES

MOMENT = "2026-01-02T03:04:05Z"
SAMPLES = {
    "status_updated": {"summary": {}},
    "task_changed": {
        "task_id": "1.1", "description": "d", "phase": 1, "old_status": "pending", "new_status": "in_progress",
        "attempt": 1, "revision": 2, "retry_at": MOMENT,
    },
    "phase_changed": {"old_phase": None, "new_phase": 1},
    "tool_started": {"task_id": "1.1", "attempt": 1, "tool_id": "t", "tool_name": "bash"},
    "tool_completed": {
        "task_id": "1.1", "attempt": 1, "tool_id": "t", "tool_name": "bash", "status": "ok", "success": True,
        "duration_ms": 1,
    },
    "command_settled": {"command_id": "c", "command": "pause", "state": "applied"},
    "finding_written": {"task_id": "1.1", "attempt": 1, "file_path": "f", "size_bytes": 1},
    "agent_message": {"task_id": "1.1", "attempt": 1, "text": "hello"},
    "usage_updated": {"task_id": "1.1", "attempt": 1, "cost_usd": 0.5},
    "prompt_sent": {"task_id": "1.1", "attempt": 1, "artifact": "prompt.md", "characters": 4, "sha256": "9f86"},
    "agent_started": {"task_id": "1.1", "attempt": 1, "agent": "claude", "model": "m", "session_id": "s"},
    "agent_limited": {"agent": "claude", "until": MOMENT, "message": "full", "task_id": "1.1"},
    "approval_requested": {
        "approval_id": "1.1-1-1", "task_id": "1.1", "attempt": 1, "question": "May I?", "expires_at": MOMENT,
    },
    "approval_settled": {"approval_id": "1.1-1-0", "task_id": "1.1", "attempt": 1, "allowed": True},
    "plan_changed": {
        "reason": "edited", "old_sha256": "a", "new_sha256": "b", "attempts": [{"task_id": "1.1", "attempt": 1}],
        "reading": {"sha256": "b", "tasks": [{"id": "1.1", "wording": "w"}], "gone": ["1.2"]},
        "unapproved": [
            {"task_id": "1.1", "description": "d", "wording": "w", "kind": "verify", "digest": "d",
             "before": None, "after": "true"},
        ],
    },
    "plan_approved": {"parts": [{"task_id": "1.1", "kind": "verify", "digest": "d"}], "freed": ["1.1"]},
}  # fmt: skip


def _nullable(node):
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    lowered = {key: _nullable(value) for key, value in node.items()}
    if lowered.pop("nullable", False):
        return {"anyOf": [lowered, {"type": "null"}]}
    return lowered


@pytest.fixture(scope="module")
def document():
    return _nullable(json.loads(openapi_document()))


@pytest.fixture(scope="module")
def conforms(document):
    def check(value, schema):
        validator = jsonschema.Draft7Validator(
            {**schema, "components": document["components"]}, format_checker=jsonschema.FormatChecker()
        )
        problems = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(value)]
        assert not problems, problems[:3]

    return check


@pytest.fixture
async def full(world):
    """A run whose log has an entry of every type."""
    run = await world.begin()
    for kind, sample in SAMPLES.items():
        await run.append(EVENT_TYPES[kind].model_validate(sample))
    return world


def test_there_is_a_sample_of_every_type():
    assert set(SAMPLES) | {"plan_loaded", "orchestrator_changed"} == set(EVENT_TYPES)


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("get /health", "/health"),
        ("get /api/orchestrators", "/api/orchestrators"),
        ("get /api/orchestrators/{orchestrator_id}", "/api/orchestrators/orch-1"),
        ("get /api/orchestrators/{orchestrator_id}/status", "/api/orchestrators/orch-1/status"),
        ("get /api/orchestrators/{orchestrator_id}/status", "/api/orchestrators/nobody/status"),
        ("get /api/orchestrators/{orchestrator_id}/events", "/api/orchestrators/orch-1/events"),
        ("get /api/orchestrators/{orchestrator_id}/events", "/api/orchestrators/orch-1/events?limit=x"),
        ("post /api/orchestrators/{orchestrator_id}/pause", "/api/orchestrators/orch-1/pause"),
        ("post /api/orchestrators/{orchestrator_id}/skip-task", "/api/orchestrators/orch-1/skip-task"),
        ("get /api/orchestrators/{orchestrator_id}/approvals", "/api/orchestrators/orch-1/approvals"),
        (
            "post /api/orchestrators/{orchestrator_id}/approvals/{approval_id}",
            "/api/orchestrators/orch-1/approvals/nobody",
        ),
        (
            "get /api/orchestrators/{orchestrator_id}/tasks/{task_id}/transcript",
            "/api/orchestrators/orch-1/tasks/1.1/transcript",
        ),
        (
            "get /api/orchestrators/{orchestrator_id}/tasks/{task_id}/artifacts/{artifact}",
            "/api/orchestrators/orch-1/tasks/1.1/artifacts/output-0001.txt",
        ),
        ("get /api/agents", "/api/agents"),
        ("get /api/plans", "/api/plans"),
        ("get /api/plans/{name}", "/api/plans/demo"),
        ("get /api/plans/{name}/status", "/api/plans/demo/status"),
        ("get /api/plans/{name}/tasks", "/api/plans/demo/tasks"),
        ("get /api/plans/{name}/findings", "/api/plans/demo/findings"),
        ("get /api/plans/{name}/findings/{task_id}", "/api/plans/demo/findings/1.1"),
    ],
)
async def test_answers_conform(full, document, conforms, operation, path):
    await full.ports.outputs.write_finding("demo", "1.1", "text")
    method, _, template = operation.partition(" ")
    answer = await full.client.request(method, path)
    declared = document["paths"][template][method]["responses"][str(answer.status_code)]
    media_type = answer.headers["content-type"].partition(";")[0]
    conforms(answer.json(), declared["content"][media_type]["schema"])


async def test_every_frame_of_a_stream_conforms(full, document, conforms):
    from datetime import UTC, datetime

    from orchestrator.api.frames import event_frame, ping_frame, resync_frame

    now = datetime.now(UTC)
    frames = [event_frame(event) for event in await full.ports.log.read("orch-1")]
    frames.append((await full.app.state.context.statuses.latest("orch-1")).frame)
    frames += [ping_frame("orch-1", 1, now), resync_frame("orch-1", "not_kept", 1, 2, now)]
    assert {frame.type for frame in frames} == set(EVENT_TYPES) | {"initial_status", "ping", "resync"}
    for frame in frames:
        value = json.loads(frame.envelope)
        assert value["type"] == frame.type
        conforms(value, document["components"]["schemas"]["OrchestratorEvent"])
