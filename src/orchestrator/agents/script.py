"""A script for the `scripted` agent, read strictly: what is not understood is a UsageError with file and key.

The format stands in docs/scripted-agent.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.domain.errors import UsageError

SCRIPT_BYTES_MAX = 4 * 1024 * 1024
SECONDS_MAX = 86_400.0
PROBLEMS_SHOWN_MAX = 10

Seconds = Annotated[float, Field(ge=0, le=SECONDS_MAX)]
ExitCode = Annotated[int, Field(ge=0, le=255)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Say(_Strict):
    """The agent says something."""

    say: str


class Wait(_Strict):
    """Nothing happens for so many seconds."""

    wait: Seconds


class Tool(_Strict):
    """A tool call from start to end."""

    tool: str = Field(min_length=1)
    input: str = ""
    output: str = ""
    chunks: list[str] = []
    seconds: Seconds = 0.0
    fails: bool = False
    denied: bool = False


class UsageNumbers(_Strict):
    """As in the event."""

    model: str | None = None
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cache_read_tokens: int = Field(default=0, ge=0)
    cache_write_tokens: int = Field(default=0, ge=0)
    cost_usd: float | None = Field(default=None, ge=0)


class Usage(_Strict):
    """Tokens and money are used."""

    usage: UsageNumbers


class Ask(_Strict):
    """The agent asks whether it may make this tool call, and makes it when it is allowed."""

    ask: str = Field(min_length=1)
    tool: str = Field(default="Bash", min_length=1)


class LimitNumbers(_Strict):
    """What the vendor says, and in how many seconds it lets the agent go on, where it says so."""

    message: str = "the usage limit is reached"
    seconds: Seconds | None = None


class MeetLimit(_Strict):
    """The attempt ends at a limit of the vendor."""

    limit: LimitNumbers


class Hang(_Strict):
    """Nothing more happens until the attempt is interrupted."""

    hang: Literal[True]


class Finish(_Strict):
    """The attempt completes, with this finding."""

    finish: str
    exit: ExitCode | None = None


class Fail(_Strict):
    """The attempt fails, with this error."""

    fail: str = Field(min_length=1)
    finding: str = ""
    exit: ExitCode | None = None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, where YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    "while reading a mapping",
                    node.start_mark,
                    f"found the key “{key_node.value}” twice",
                    key_node.start_mark,
                )
            if isinstance(key_node, yaml.ScalarNode):
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


STEP_KINDS = ("say", "wait", "ask", "tool", "usage", "limit", "hang", "finish", "fail")


def _kind(step: Any) -> str | None:
    if isinstance(step, dict) and "ask" in step:
        return "ask"
    kinds = [kind for kind in STEP_KINDS if kind in step] if isinstance(step, dict) else []
    return kinds[0] if len(kinds) == 1 else None


Step = Annotated[
    Annotated[Say, Tag("say")]
    | Annotated[Ask, Tag("ask")]
    | Annotated[MeetLimit, Tag("limit")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Tool, Tag("tool")]
    | Annotated[Usage, Tag("usage")]
    | Annotated[Hang, Tag("hang")]
    | Annotated[Finish, Tag("finish")]
    | Annotated[Fail, Tag("fail")],
    Discriminator(
        _kind,
        custom_error_type="step_kind",
        custom_error_message="a step has exactly one of " + ", ".join(STEP_KINDS),
    ),
]
Steps = list[Step]


class Attempts(_Strict):
    """Steps by attempt."""

    attempts: list[Steps] = Field(min_length=1)


def _shape(part: Any) -> str:
    return "by attempt" if isinstance(part, (dict, Attempts)) else "steps"


Part = Annotated[
    Annotated[Steps, Tag("steps")] | Annotated[Attempts, Tag("by attempt")], Discriminator(_shape)
]


class _Document(_Strict):
    tasks: dict[str, Part] = {}
    default: Part | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What the scripted agent does for each task. Without a word on a task, it completes."""

    tasks: Mapping[str, Sequence[Sequence[Step]]] = field(default_factory=dict)
    default: Sequence[Sequence[Step]] = ((Finish(finish="done"),),)

    def steps(self, task_id: str, attempt: int) -> Sequence[Step]:
        """The steps of an attempt, which counts from 1; later ones repeat the last."""
        attempts = self.tasks.get(task_id, self.default)
        return attempts[min(max(attempt, 1), len(attempts)) - 1]


def parse_script(text: str | bytes, name: str) -> Script:
    """The script in `text`; `name` is what a UsageError calls it."""
    try:
        raw = yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"The script {name} is no YAML: {error}") from error
    try:
        document = _Document.model_validate({} if raw is None else raw)
    except ValidationError as error:
        raise UsageError(_explain(name, error)) from error
    tasks = {task_id: _by_attempt(part) for task_id, part in document.tasks.items()}
    if document.default is None:
        return Script(tasks)
    return Script(tasks, _by_attempt(document.default))


def _by_attempt(part: Steps | Attempts) -> Sequence[Sequence[Step]]:
    return part.attempts if isinstance(part, Attempts) else [part]


def _explain(name: str, error: ValidationError) -> str:
    """Each problem on a line of its own, with the key that it is about."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"The script {name} cannot be played:"]
    lines.extend(f"- {_key(problem['loc'])}: {_what(problem)}" for problem in problems[:PROBLEMS_SHOWN_MAX])
    if len(problems) > PROBLEMS_SHOWN_MAX:
        lines.append(f"- and {len(problems) - PROBLEMS_SHOWN_MAX} more")
    return "\n".join(lines)


def _what(problem: ErrorDetails) -> str:
    if "[key]" in problem["loc"]:
        return "a task's id must stand in quotes, else YAML reads a number"
    if problem["type"] == "extra_forbidden":
        return "there is no such key here"
    return problem["msg"]


def _key(location: tuple[int | str, ...]) -> str:
    """`tasks.1.1[2].seconds`: the tags of unions are no keys."""
    tags = {"steps", "by attempt"}
    key = ""
    previous: int | str | None = None
    for part in location:
        is_tag = part in tags or part == "[key]" or (isinstance(previous, int) and part in STEP_KINDS)
        previous = part
        if not is_tag:
            key += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return key.lstrip(".") or "the document"
