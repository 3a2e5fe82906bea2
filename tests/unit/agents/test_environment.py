"""What of the orchestrator's environment a task's commands get to see."""

from pathlib import Path

import pytest

from orchestrator.agents.environment import attempt_environment, is_allowed
from orchestrator.domain.plan import Span, Task, TaskId
from orchestrator.engine.records import Job


def job(**environment):
    task = Task(TaskId("1.2"), "x", 1, 1, Span(0, 0))
    return Job("orch-1", "plan", task, 3, Path("/"), "", environment=environment)


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "LC_ALL", "XDG_RUNTIME_DIR", "https_proxy", "SSL_CERT_FILE", "VIRTUAL_ENV"]
)
def test_what_tools_need_is_passed_on(name):
    assert is_allowed(name)
    assert attempt_environment(job(), {name: "value"})[name] == "value"


@pytest.mark.parametrize(
    "name",
    [
        *("ORCHESTRATOR_TOKEN", "ORCHESTRATOR_DATABASE_URL", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"),
        *("AWS_SECRET_ACCESS_KEY", "BASH_ENV", "ENV", "PYTHONPATH", "LD_PRELOAD", "PROMPT_COMMAND"),
    ],
)
def test_secrets_and_settings_are_kept_back(name):
    assert name not in attempt_environment(job(), {name: "value"})


def test_a_name_that_was_asked_for_is_passed_on():
    assert attempt_environment(job(), {"MY_KEY": "1", "OTHER": "2"}, ["MY_KEY"])["MY_KEY"] == "1"
    assert "OTHER" not in attempt_environment(job(), {"MY_KEY": "1", "OTHER": "2"}, ["MY_KEY"])


def test_the_job_adds_to_it_but_never_replaces_the_marker():
    made = attempt_environment(job(PATH="/mine", ORCHESTRATOR_ATTEMPT="forged"), {"PATH": "/ours"})
    assert made["PATH"] == "/mine"
    assert made["ORCHESTRATOR_ATTEMPT"] == "orch-1/1.2/3"


def test_without_a_language_characters_are_utf_8():
    assert attempt_environment(job(), {})["LC_CTYPE"] == "C.UTF-8"
    assert "LC_CTYPE" not in attempt_environment(job(), {"LANG": "de_DE.UTF-8"})


def test_nobody_is_waited_for_whatever_our_own_shell_has_set():
    ours = {"PAGER": "less", "GIT_PAGER": "delta", "EDITOR": "vim", "SSH_ASKPASS": "/usr/bin/ask"}
    made = attempt_environment(job(), ours, ["GIT_PAGER", "SSH_ASKPASS"])
    assert (made["PAGER"], made["GIT_PAGER"], made["EDITOR"], made["SSH_ASKPASS"]) == (
        "cat",
        "cat",
        "true",
        "",
    )
    assert made["GIT_TERMINAL_PROMPT"] == "0"
    assert attempt_environment(job(PAGER="more"), ours)["PAGER"] == "more"
