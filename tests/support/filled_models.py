"""Models with a text in every field that can hold one, at every depth: made from their types alone."""

from __future__ import annotations

import types
from collections.abc import Collection
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

TASK_ID = "1.1"
_VALUES = {str: None, bool: True, int: 1, float: 1.0, datetime: datetime(2026, 11, 24, tzinfo=UTC)}


def filled(cls: type[BaseModel], text: str, exempt: Collection[str]) -> BaseModel:
    """An instance with `text` in every text field but those of the exempt names, which get a task's id."""
    return cls(
        **{
            name: _filled(field.annotation, TASK_ID if name in exempt else text, exempt)
            for name, field in cls.model_fields.items()
        }
    )


def _filled(annotation: Any, text: str, exempt: Collection[str]) -> Any:  # noqa: PLR0911 - one case a type
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _filled(inner[0], text, exempt)
    if origin in {Union, types.UnionType}:
        return _filled(next(one for one in inner if one is not type(None)), text, exempt)
    if origin is Literal:
        return inner[0]
    if origin in {tuple, list, frozenset, set}:
        return origin([_filled(inner[0], text, exempt)])
    if origin is dict:
        return {text: _filled(inner[1], text, exempt)}
    if issubclass(annotation, BaseModel):
        return filled(annotation, text, exempt)
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    return text if annotation is str else _VALUES[annotation]
