"""Redacts every text of an event or a command: a walk along the types of its fields.

Every text is redacted, unless its field is in a list that gives the reason: a new field is redacted without
anybody having to think of it. Which fields of a class can hold texts is found out once for each class.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import MaxLen
from pydantic import BaseModel

from orchestrator.domain.events import clip
from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.redaction import Redact

Model = TypeVar("Model", bound=BaseModel)
Walk = Callable[[Any, Redact], Any]

_TASK = "an id of the plan: tasks are found by it, and it is part of addresses and of names of files"
_OURS = "made up by the orchestrator"
_DIGEST = "a digest of a redacted text: tasks are found again by it"
_PLACE = "a path or a name of the user's own: the file is found by it"
_NAME = "the name of an agent that the user has set up, or of a word of ours: it is looked up"

EXEMPT: Mapping[str, str] = {
    "task_id": _TASK,
    "id": _TASK,
    "depends_on": _TASK,
    "follows": _TASK,
    "previous_id": _TASK,
    "made_up": _TASK,
    "wording": _DIGEST,
    "done_wording": _DIGEST,
    "kept_wordings": _DIGEST,
    "changed": _TASK,
    "approval_id": _OURS,
    "command_id": _OURS,
    "predecessor": _OURS,
    "instance_id": _OURS,
    "input_artifact": _OURS,
    "output_artifact": _OURS,
    "command_artifact": _OURS,
    "code": _OURS,
    "digest": _OURS,
    "sha256": _OURS,
    "old_sha256": _OURS,
    "new_sha256": _OURS,
    "gone": _TASK,
    "freed": _TASK,
    "waits_for": _OURS,
    "plan_name": _PLACE,
    "plan_path": _PLACE,
    "file_path": _PLACE,
    "finding": _PLACE,
    "agent": _NAME,
    "kind": _NAME,
    "gate": _NAME,
    "command": _NAME,
}
"""The fields of events and commands that stay as they are, and why."""

_NO_TEXTS = (int, float, bool, datetime, date, Enum, type(None))


def is_marked(model: BaseModel) -> bool:
    """Whether a text of the model has the mark in it that stands for a secret."""
    return any(isinstance(value, str) and MARK in value for _, value in model)


def redacted(model: Model, redact: Redact) -> Model:
    """The model with every text in it redacted; itself where there was nothing to take out."""
    changes = {}
    for name, walk in _walks(type(model)):
        value = getattr(model, name)
        if value is not None and (told := walk(value, redact)) is not value and told != value:
            changes[name] = told
    return model.model_copy(update=changes) if changes else model


@cache
def _walks(cls: type[BaseModel]) -> tuple[tuple[str, Walk], ...]:
    """The fields that can hold texts, each with what redacts them."""
    found = []
    for name, field in cls.model_fields.items():
        if name in EXEMPT:
            continue
        length_max = next((extra.max_length for extra in field.metadata if isinstance(extra, MaxLen)), None)
        walk = _walk(field.annotation)
        if walk is not None:
            found.append((name, walk if length_max is None else _bounded(walk, length_max)))
    return tuple(found)


def _walk(annotation: Any) -> Walk | None:
    """What redacts a value of this type; None where it can hold no text."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _walk(inner[0])
    if origin is Literal:
        return None
    if origin in {Union, types.UnionType} and all(_walk(one) is None for one in inner):
        return None
    if isinstance(annotation, type) and issubclass(annotation, _NO_TEXTS):
        return None
    return _redact_any


def _redact_any(value: Any, redact: Redact) -> Any:
    """Redact whatever it is: where types leave several things possible, the value says which it is."""
    match value:
        case str() if not isinstance(value, Enum):
            return redact(value)
        case BaseModel():
            return redacted(value, redact)
        case tuple() | list() | frozenset() | set():
            return type(value)(_redact_any(item, redact) for item in value)
        case Mapping():
            return {_redact_any(key, redact): _redact_any(item, redact) for key, item in value.items()}
    return value


def _bounded(walk: Walk, length_max: int) -> Walk:
    """A mark may be longer than the secret that it stands for."""

    def bounded(value: Any, redact: Redact) -> Any:
        told = walk(value, redact)
        return clip(told, length_max) if isinstance(told, str) and len(told) > length_max else told

    return bounded
