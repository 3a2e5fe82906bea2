"""api-client.ts: what is rendered from the document, without node."""

from __future__ import annotations

import json
import re

import pytest

from orchestrator.codegen.openapi_file import openapi_document
from orchestrator.codegen.typescript_client import TEMPLATE, render_client


@pytest.fixture(scope="module")
def document():
    return json.loads(openapi_document())


@pytest.fixture(scope="module")
def client(document) -> str:
    return render_client(document, "../types/api-types").decode()


def operations(document):
    return [item["operationId"] for path in document["paths"].values() for item in path.values()]


def test_every_operation_is_a_method_of_its_name_and_there_is_no_other(document, client):
    interface = re.search(r"export interface ApiClient \{\n(.*?)\n\}", client, re.DOTALL)[1]
    methods = re.findall(r"^  (\w+)\(", interface, re.MULTILINE)
    live = ["connectEvents", "connectActivity", "connectEventsSSE", "watch"]
    assert methods == [*operations(document), *live]


def test_every_named_type_is_exported_again(document, client):
    names = re.search(r"export type \{\n(.*?)\n\} from '\.\./types/api-types';", client, re.DOTALL)[1]
    assert re.findall(r"\w+", names) == sorted(document["components"]["schemas"])


def test_types_come_from_where_they_are_asked_for(document):
    assert "from './api-types.js';" in render_client(document, "./api-types.js").decode()
    assert r"from './it\'s';" in render_client(document, "./it's").decode()


def test_nothing_is_left_of_the_marks_and_nothing_is_any(client):
    assert "//{" not in client
    assert not re.search(r"\bany\b(?=[\[\],;>)]| \|)", client)


def test_the_statuses_after_which_nothing_comes_are_the_domains(client):
    assert "const ENDED: readonly string[] = ['completed', 'failed', 'stopped', 'crashed'];" in client


def test_what_the_hand_writes_stands_in_the_template_alone(client):
    for line in TEMPLATE.read_text().splitlines():
        assert line.lstrip().startswith("//{") or line in client


def test_parameters_become_arguments_and_options(client):
    assert (
        "getFindingContent(name: string, taskId: string, options?: CallOptions): Promise<FindingContent>;"
        in client
    )
    assert "getFindingContent: async (name, taskId, options = {}) => call(" in client
    assert "path`/api/plans/${name}/findings/${taskId}`" in client
    assert "types?: readonly LogEventType[] | undefined;" in client
    assert "skipTask: async (orchestratorId, body, options = {}) => call(" in client
    assert "path`/api/orchestrators/${orchestratorId}/skip-task`" in client


def test_json_lines_are_a_list(client):
    assert "): Promise<TranscriptLine[]>;" in client
    assert "getTranscript: async (orchestratorId, taskId, options = {}) => lines(" in client


def test_a_header_that_the_client_has_no_option_for_is_refused(document):
    changed = json.loads(json.dumps(document))
    header = {"name": "X-New", "in": "header", "schema": {"type": "string"}}
    changed["paths"]["/health"]["get"]["parameters"] = [header]
    with pytest.raises(AssertionError, match="X-New"):
        render_client(changed, "./api-types")


def test_the_same_document_gives_the_same_bytes(document, client):
    assert render_client(json.loads(openapi_document()), "../types/api-types").decode() == client
