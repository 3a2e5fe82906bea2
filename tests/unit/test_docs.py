"""The documents against the code: what a document lists, the code has, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.agents.script import parse_script
from orchestrator.api.settings import ENVIRONMENT_PREFIX, ApiSettings
from orchestrator.cli.main import app
from orchestrator.domain.plan_parser import parse_plan
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
    source = "".join(
        read(f"src/orchestrator/cli/{name}.py") for name in ("main", "options", "run_options", "composition")
    )
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


def test_the_plan_in_the_readme_has_no_problems():
    text = re.search(r"````markdown\n(.*?)````", read("README.md"), re.DOTALL)[1]
    plan = parse_plan(text)
    assert plan.problems == ()
    assert [task.id for task in plan.tasks()] == ["1.1", "1.2", "2.1", "2.verify"]


def test_the_script_in_the_documents_is_understood():
    text = re.search(r"```yaml\n(.*?)```", read("docs/scripted-agent.md"), re.DOTALL)[1]
    assert parse_script(text, "scripted-agent.md")


def test_every_folder_of_the_package_is_on_the_code_map():
    folders = {p.parent.name for p in (CHECKOUT / "src/orchestrator").glob("*/__init__.py")}
    assert folders == set(re.findall(r"^\| `(\w+)/` \|", read("ARCHITECTURE.md"), re.MULTILINE))
