"""The documents against the code: what a document lists, the code has, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.api.settings import ENVIRONMENT_PREFIX, ApiSettings
from orchestrator.cli.main import app
from orchestrator.domain.task_status import RUN_TRANSITIONS, TASK_TRANSITIONS

CHECKOUT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (CHECKOUT / name).read_text()


def test_every_setting_is_documented_with_its_default():
    rows = dict(re.findall(r"^\| `(ORCHESTRATOR_\w+)` \|([^|]*)\|", read("docs/settings.md"), re.MULTILINE))
    for name, field in ApiSettings.model_fields.items():
        default = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        expected = "" if default in {None, ""} else f"`{default}`"
        assert rows.pop(f"{ENVIRONMENT_PREFIX}{name.upper()}").strip() == expected
    source = read("src/orchestrator/cli/main.py") + read("src/orchestrator/cli/composition.py")
    assert set(rows) == set(re.findall(r'"(ORCHESTRATOR_\w+)"', source))


def test_the_state_diagrams_are_those_of_the_code():
    diagrams = re.findall(r"```mermaid\n(.*?)```", read("ARCHITECTURE.md"), re.DOTALL)
    arrows = [set(re.findall(r"(\w+) --> (\w+)(?:: (\w+))?$", text, re.MULTILINE)) for text in diagrams]
    tasks = {(a, b, t) for a, steps in TASK_TRANSITIONS.items() for t, b in steps.items()}
    runs = {(a, b, "") for a, ends in RUN_TRANSITIONS.items() for b in ends}
    assert arrows == [tasks, runs]


def test_every_command_is_in_the_readme():
    text = read("README.md")
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert re.search(rf"\b{name}\b", text), name


def test_every_link_between_documents_leads_somewhere():
    for document in [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_folder_of_the_package_is_on_the_code_map():
    folders = {p.parent.name for p in (CHECKOUT / "src/orchestrator").glob("*/__init__.py")}
    assert folders == set(re.findall(r"^\| `(\w+)/` \|", read("ARCHITECTURE.md"), re.MULTILINE))
