"""No event and no command keeps a secret, in whatever field of whatever depth it stands."""

from __future__ import annotations

import typing
from enum import Enum

import pytest
from filled_models import filled
from planted_secrets import KEYS
from pydantic import BaseModel

from orchestrator.domain.commands import Command, RetryTask
from orchestrator.domain.events import EVENT_TYPES, SUMMARY_LENGTH_MAX, EventData, ToolStarted
from orchestrator.domain.key_kinds import MARK
from orchestrator.domain.redacted_models import EXEMPT, redacted
from orchestrator.domain.redaction import redact_known, redactor

COMMANDS = typing.get_args(typing.get_args(Command)[0])
SECRET = KEYS["GitHub"]
CLASSES = {**EVENT_TYPES, **{cls.__name__: cls for cls in COMMANDS}}


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_text_of_every_event_and_command_is_redacted(cls):
    model = filled(cls, f"a {SECRET} b", EXEMPT)
    told = redacted(model, redact_known)
    assert SECRET not in told.model_dump_json()
    assert told.model_dump_json() == model.model_dump_json().replace(SECRET, MARK)
    assert cls.model_validate_json(told.model_dump_json()) == told


def test_a_field_that_is_new_is_redacted_without_a_word():
    class Part(EventData):
        text: str

    class Colour(Enum):
        RED = "red"

    class Strange(EventData):
        plain: str
        several: tuple[str, ...]
        pairs: dict[str, Part]
        choice: int | str | None
        anything: object
        colour: Colour = Colour.RED

    part = {"text": SECRET}
    model = Strange(
        plain=SECRET, several=(SECRET,), pairs={SECRET: part}, choice=SECRET, anything=[{"a": SECRET}]
    )
    assert SECRET not in redacted(model, redact_known).model_dump_json()
    assert redacted(model, redact_known).colour is Colour.RED


def test_what_holds_no_secret_is_the_same_object():
    event = ToolStarted(task_id="1.1", attempt=1, tool_id="a", tool_name="Bash", input_summary="make")
    assert redacted(event, redact_known) is event


def test_a_mark_that_is_longer_than_the_secret_keeps_the_limit():
    redact = redactor({"A_TOKEN": "hunter22"})
    event = ToolStarted(
        task_id="1.1",
        attempt=1,
        tool_id="a",
        tool_name="Bash",
        input_summary="hunter22" * (SUMMARY_LENGTH_MAX // 8),
    )
    told = redacted(event, redact)
    assert len(told.input_summary) <= SUMMARY_LENGTH_MAX
    assert ToolStarted.model_validate_json(told.model_dump_json()) == told
    note = redacted(RetryTask(task_id="1.1", note="hunter22" * 250), redact)
    assert RetryTask.model_validate_json(note.model_dump_json()) == note


def test_each_exemption_is_a_field_and_has_a_reason():
    names: set[str] = set()

    def gather(model: type[BaseModel]) -> None:
        for name, field in model.model_fields.items():
            names.add(name)
            for inner in (field.annotation, *typing.get_args(field.annotation)):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
                    gather(inner)

    for cls in CLASSES.values():
        gather(cls)
    assert set(EXEMPT) <= names
    assert all(len(reason.split()) > 2 for reason in EXEMPT.values())
