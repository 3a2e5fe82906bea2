"""api-client.ts: the hand-written part in api-client.template.ts, and a method for every operation."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.domain.task_status import RunStatus

TEMPLATE = Path(__file__).with_name("api-client.template.ts")
EVENT_STREAM = "text/event-stream"
JSON_LINES = "application/jsonl"
LINE_LENGTH_MAX = 110
_SCALARS = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean"}
# The headers of requests that are options of the client; a stream's `after` does the work of the last.
_HEADERS = {"Idempotency-Key": "idempotencyKey", "If-Match": "revision", "Last-Event-ID": None}
_MARK = re.compile(r"^ *//\{(\w+)\}$", re.MULTILINE)


@dataclass(frozen=True)
class Operation:
    """One operation of the API, in the words of TypeScript."""

    name: str
    method: str
    path: str
    doc: str
    path_parameters: tuple[str, ...]
    query: Mapping[str, str]
    """The type of each parameter of the query, by its name on the wire."""
    options: str
    body: str | None
    answer: str
    function: str
    """Which function of the template asks."""

    def signature(self) -> Iterator[str]:
        """The method in the interface."""
        yield from _comment(self.doc, f"`{self.method} {self.path}`")
        fields = [f"{_camel(name)}?: {kind} | undefined" for name, kind in self.query.items()]
        if len(fields) > 1:
            # A line each, deeper than the arguments, which `_call` then puts on lines of their own.
            options = "\n".join([f"{self.options} & {{", *(f"    {field};" for field in fields), "  }"])
        else:
            options = f"{self.options} & {{ {fields[0]} }}" if fields else self.options
        arguments = [f"{name}: string" for name in map(_camel, self.path_parameters)]
        arguments += [f"body: {self.body}"] if self.body else []
        yield from _call(f"{self.name}(", [*arguments, f"options?: {options}"], f"): Promise<{self.answer}>;")

    def implementation(self) -> Iterator[str]:
        """The method in the object."""
        names = [_camel(name) for name in self.path_parameters]
        parameters = [*names, *(["body"] if self.body else []), "options = {}"]
        template = re.sub(r"\{(\w+)\}", lambda match: f"${{{_camel(match[1])}}}", self.path)
        query = ", ".join(_entry(name) for name in self.query)
        given = ["path`" + template + "`", "options"]
        if self.function == "call":
            given.insert(0, f"'{self.method}'")
        if query or self.body or self.function != "call":
            given.append(f"{{ {query} }}" if query else "{}")
        if self.body:
            given.append("body")
        yield from _call(f"{self.name}: async ({', '.join(parameters)}) => {self.function}(", given, "),")


def render_client(document: Mapping[str, Any], types_import: str) -> bytes:
    """The bytes of api-client.ts, whose types come from the module `types_import`."""
    operations = list(_operations(document))
    names = sorted(document["components"]["schemas"])
    ended = ", ".join(f"'{status}'" for status in RunStatus if status.has_ended)
    source = types_import.replace("\\", r"\\").replace("'", r"\'")
    template = TEMPLATE.read_text(encoding="utf-8")
    body = _MARK.sub("", template)
    used = [name for name in names if re.search(rf"\b{name}\b", body + _types_of(operations))]
    parts = {
        "imports": _list("import type", used, source),
        "exports": _list("export type", names, source),
        "methods": "\n".join(f"  {line}" for operation in operations for line in operation.signature()),
        "calls": "\n".join(f"    {line}" for operation in operations for line in operation.implementation()),
        "constants": f"const ENDED: readonly string[] = [{ended}];",
    }
    return _MARK.sub(lambda match: parts[match[1]], template).encode()


def _types_of(operations: list[Operation]) -> str:
    return " ".join(" ".join(operation.signature()) for operation in operations)


def _list(keyword: str, names: list[str], source: str) -> str:
    lines = textwrap.wrap(", ".join(names), LINE_LENGTH_MAX - 3)
    return "\n".join([f"{keyword} {{", *(f"  {line}" for line in lines), f"}} from '{source}';"])


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Operation:
    parameters = operation.get("parameters", [])
    content = next(
        answer["content"] for status, answer in sorted(operation["responses"].items()) if status[0] == "2"
    )
    media_type, answer = next(iter(content.items()))
    kind = _type(answer["schema"])
    answers = {EVENT_STREAM: ("stream", f"AsyncGenerator<{kind}>"), JSON_LINES: ("lines", f"{kind}[]")}
    function, answer_type = answers.get(media_type, ("call", kind))
    request = operation.get("requestBody", {})
    # A body that may be left out is one without fields.
    body = _type(request["content"]["application/json"]["schema"]) if request.get("required") else None
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        doc=f"{operation['summary']}. {operation['description']}",
        path_parameters=tuple(item["name"] for item in parameters if item["in"] == "path"),
        query={item["name"]: _input(item["schema"]) for item in parameters if item["in"] == "query"},
        options=_options({item["name"] for item in parameters if item["in"] == "header"}),
        body=body,
        answer=answer_type,
        function=function,
    )


def _options(headers: set[str]) -> str:
    unknown = headers - _HEADERS.keys()
    assert not unknown, f"the client has no option for the header {unknown}: give it one in _HEADERS"
    given = {_HEADERS[name] for name in headers}
    if "revision" in given:
        return "TaskCommandOptions"
    return "CommandOptions" if "idempotencyKey" in given else "CallOptions"


def _type(schema: Mapping[str, Any]) -> str:
    """The type of a value; raises KeyError for a schema that this API has not used so far."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(f"'{value}'" for value in schema["enum"])
    if schema["type"] == "array":
        inner = _type(schema["items"])
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    return _SCALARS[schema["type"]]


def _input(schema: Mapping[str, Any]) -> str:
    kind = _type(schema)
    return f"readonly {kind}" if kind.endswith("[]") else kind


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _entry(name: str) -> str:
    camel = _camel(name)
    return f"{name}: options.{camel}"


def _comment(text: str, last: str) -> Iterator[str]:
    yield "/**"
    for paragraph in (*text.split("\n\n"), last):
        for line in textwrap.wrap(paragraph, LINE_LENGTH_MAX - 5):
            yield f" * {line}"
    yield " */"


def _call(head: str, arguments: list[str], tail: str) -> Iterator[str]:
    line = head + ", ".join(arguments) + tail
    if "\n" not in line and len(line) + 4 <= LINE_LENGTH_MAX:
        yield line
        return
    yield head
    for argument in arguments:
        yield from f"  {argument},".split("\n")
    yield tail
