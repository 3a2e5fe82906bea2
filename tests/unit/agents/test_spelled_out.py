from __future__ import annotations

import pytest

from orchestrator.agents.acp.content import whole_input
from orchestrator.agents.claude.permissions import asked
from orchestrator.agents.spelled_out import command_and_rest


class Context:
    """What Claude Code's SDK says about a question."""

    def __init__(self, reason: str | None = None) -> None:
        self.tool_use_id = "toolu_1"
        self.decision_reason = reason


@pytest.mark.parametrize(
    ("given", "command", "rest"),
    [
        ({"command": "ls\nrm x", "timeout": 5}, "ls\nrm x", "timeout: 5"),
        ({"cmd": ["git", "push"], "cwd": "/p"}, "git push", "cwd: /p"),
        ({"file_path": "a.py", "content": "x = 1\ny = 2"}, "file_path: a.py\ncontent:\nx = 1\ny = 2", ""),
        ({"command": "", "query": "é"}, "command: \nquery: é", ""),
        ({"edits": [{"old": "a"}]}, 'edits: [{"old": "a"}]', ""),
        ({}, "", ""),
    ],
)
def test_nothing_of_an_input_is_left_out(given, command, rest):
    assert command_and_rest(given) == (command, rest)


def test_claude_asks_with_the_whole_command_where_it_runs_and_why():
    given = {"command": "x" * 5_000, "dangerouslyDisableSandbox": True}
    question = asked("r1", "Bash", given, Context("no rule allows it"))
    assert (question.tool_name, question.tool_id) == ("Bash", "toolu_1")
    assert question.command == given["command"]
    assert question.context == "dangerouslyDisableSandbox: true\nno rule allows it"


def test_claude_shows_what_it_would_write():
    question = asked("r1", "Write", {"file_path": "a.py", "content": "import os\n"}, Context())
    assert question.command == "file_path: a.py\ncontent:\nimport os\n"
    assert question.context is None
    assert asked("r1", "Mystery", {}, Context()).command is None


@pytest.mark.parametrize(
    ("tool", "given", "can_allow"),
    [
        ("Bash", {"command": "ls"}, True),
        ("Bash", {}, False),
        ("Bash", {"command": " \n", "description": "tidy up"}, False),
        ("Bash", {"command": "\u200b"}, False),
        ("Write", {"file_path": "", "content": ""}, False),
        ("Write", {"file_path": "a.py", "content": ""}, True),
        ("mcp__mail__list_folders", {}, True),
        ("mcp__mail__send", {"to": " "}, False),
    ],
)
def test_claudes_question_can_be_allowed_only_where_it_shows_what_would_be_done(tool, given, can_allow):
    question = asked("r1", tool, given, Context("no rule allows it"))
    assert question.can_allow is can_allow
    assert question.command is None or can_allow


def test_an_acp_agents_change_is_shown_whole_also_where_it_gives_no_input():
    diff = {"type": "diff", "path": "a.py", "oldText": "x = 1", "newText": "x = 2\n" * 900}
    command, rest = whole_input(None, [{"type": "content"}, diff])
    assert command == f"path: a.py\nold text: x = 1\nnew text:\n{diff['newText']}"
    assert rest == ""
    assert whole_input({"command": "make", "workdir": "/p"}, [diff]) == ("make", "workdir: /p")
    assert whole_input("as text", []) == ("as text", "")
    assert whole_input({"workdir": "/p"}, []) == ("", "")
