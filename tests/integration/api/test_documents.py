"""The written documents say what the code does."""

import json
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from orchestrator.api.schemas import ENVELOPE_TYPES
from orchestrator.api.settings import ENVIRONMENT_PREFIX, ApiSettings
from orchestrator.codegen.openapi_file import openapi_document
from orchestrator.domain.answers import Problem

DOCS = Path(__file__).parents[3] / "docs"
README = DOCS / "plan-outputs" / "orchestrator-api-server" / "README.md"


def sections() -> dict[str, str]:
    text = (DOCS / "events.md").read_text()
    parts = re.split(r"^###? (\S+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("kind", ENVELOPE_TYPES)
def test_every_event_is_described_with_all_its_fields_and_a_whole_example(kind):
    section = sections()[kind]
    data = ENVELOPE_TYPES[kind].model_fields["data"].annotation
    for name in data.model_fields:
        assert f"`{name}`" in section, f"docs/events.md, {kind}: {name} is not described"
    example = json.loads(re.search(r"```json\n(.*?)\n```", section, re.DOTALL)[1])
    envelope = TypeAdapter(ENVELOPE_TYPES[kind]).validate_python(example)
    assert set(example["data"]) == set(data.model_fields), f"docs/events.md, {kind}: the example is not whole"
    assert envelope.type == kind


def test_the_readme_names_every_event():
    text = README.read_text()
    assert not [kind for kind in ENVELOPE_TYPES if f"`{kind}`" not in text]


def test_the_readme_names_every_operation_and_no_other():
    told = re.findall(r"^\| (GET|POST) (/api\S*|/health) \| `(\w+)` \|", README.read_text(), re.MULTILINE)
    paths = json.loads(openapi_document())["paths"]
    there = [
        (method.upper(), path, operation["operationId"])
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]
    assert sorted(told) == sorted(there)


async def test_the_other_endpoints_of_the_readme_answer(running):
    await running.begin()
    for path in ("/livez", "/readyz", "/metrics", "/docs", "/redoc", "/openapi.json"):
        assert (await running.client.get(path)).status_code == 200
    told = re.findall(r"^\| WebSocket (\S+) \|", README.read_text(), re.MULTILINE)
    assert len(told) == 2
    for path in told:
        async with running.socket(path.format(orchestrator_id="orch-1")):
            pass


def shown(default: object) -> str:
    match default:
        case None | ():
            return "none"
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case float():
            return f"{default:g}"
        case _:
            return str(default)


def test_every_setting_is_in_the_readme_with_its_default():
    rows = re.findall(
        rf"^\| `({ENVIRONMENT_PREFIX}\w+)` \| `?([^`|]*?)`? \|", README.read_text(), re.MULTILINE
    )
    assert dict(rows) == {
        f"{ENVIRONMENT_PREFIX}{name.upper()}": shown(field.default)
        for name, field in ApiSettings.model_fields.items()
    }


def test_the_examples_of_the_readme_are_what_is_sent():
    from snippets import snippets

    problem, event = [json.loads(one.text) for one in snippets(README) if one.language == "json"]
    TypeAdapter(ENVELOPE_TYPES[event["type"]]).validate_python(event)
    assert Problem.model_validate(problem).code == "task_not_found"
    assert problem.keys() == {name for name, field in Problem.model_fields.items() if field.is_required()}


def test_the_readme_has_its_sections():
    found = re.findall(r"^##+ (.+)$", README.read_text(), re.MULTILINE)
    wanted = [
        "Generated files", "Quick start", "Accessing the documentation", "Endpoints", "Using in Next.js", "Copying",
        "Client", "React Query", "Event types", "Event format", "Regenerating",
    ]  # fmt: skip
    assert [name for name in found if name in wanted] == wanted
