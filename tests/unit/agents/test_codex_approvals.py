from __future__ import annotations

import pytest

from orchestrator.agents.codex.approvals import approval
from orchestrator.agents.json_rpc import Request
from orchestrator.domain.redaction import redact_known

COMMAND = "item/commandExecution/requestApproval"
FILES = "item/fileChange/requestApproval"
RIGHTS = "item/permissions/requestApproval"
SERVER = "mcpServer/elicitation/request"


def asked(method: str, params: dict, described: str = "", changes: str = ""):
    return approval(Request(0, method, params), redact_known, described, changes)


@pytest.mark.parametrize(
    ("method", "params", "described", "words"),
    [
        (
            COMMAND,
            {"command": "/bin/sh -c 'rm a'", "cwd": "/p", "reason": "Why not"},
            "",
            ["rm a", "/p", "Why not"],
        ),
        (COMMAND, {"command": None}, "rm b", ["rm b"]),
        (COMMAND, {"networkApprovalContext": {"host": "example.org"}}, "", ["example.org"]),
        (FILES, {"itemId": "a"}, "update a.py", ["update a.py"]),
        (RIGHTS, {"permissions": {"network": {"enabled": True}, "fileSystem": None}}, "", ["network"]),
        (SERVER, {"serverName": "docs", "message": "Really?", "mode": "form"}, "", ["docs", "Really?"]),
        (COMMAND, {"command": "x" * 50_000}, "", ["xxx"]),
    ],
)
def test_what_is_asked(method, params, described, words):
    question = asked(method, params, described).question
    assert all(word in question for word in words)


def test_the_whole_command_stands_apart_from_where_and_why():
    command = "rm a && " * 500
    made = asked(COMMAND, {"command": command, "cwd": "/p", "reason": "Why not"})
    assert made.command == command
    assert made.context == "In /p\nWhy not"
    assert asked(COMMAND, {"command": None}, "rm b").command == "rm b"
    assert asked(COMMAND, {"networkApprovalContext": {"host": "example.org"}}).command is None


def test_changes_to_files_are_shown_with_their_diffs():
    assert (
        asked(FILES, {"itemId": "a"}, "update a.py", "update a.py\n-1\n+2").command == "update a.py\n-1\n+2"
    )
    assert asked(FILES, {"itemId": "a"}, "update a.py").command == "update a.py"


@pytest.mark.parametrize("method", [COMMAND, FILES, RIGHTS, SERVER])
def test_requests_that_hold_nothing_can_be_answered_as_well(method):
    made = asked(method, {})
    assert made.question
    assert made.if_allowed
    assert made.if_denied


def test_access_is_granted_as_it_was_asked_for():
    made = asked(RIGHTS, {"permissions": {"network": {"enabled": True}, "fileSystem": None}})
    assert made.if_allowed == {"permissions": {"network": {"enabled": True}}, "scope": "turn"}
    assert made.if_denied == {"permissions": {}, "scope": "turn"}


def test_a_server_that_wants_more_than_a_yes_gets_none():
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    assert asked(SERVER, {"mode": "form", "requestedSchema": schema}).if_allowed["action"] == "decline"
    assert asked(SERVER, {"mode": "url", "url": "https://example.org"}).if_allowed["action"] == "decline"
    assert (
        asked(SERVER, {"mode": "form", "requestedSchema": {"properties": {}}}).if_allowed["action"]
        == "accept"
    )


@pytest.mark.parametrize("method", ["item/tool/call", "account/chatgptAuthTokens/refresh", "something/new"])
def test_other_requests_are_no_questions(method):
    assert asked(method, {}) is None


@pytest.mark.parametrize(
    ("permissions", "method", "settled"),
    [
        ("full", COMMAND, True),
        ("edits", COMMAND, False),
        ("edits", FILES, True),
        ("read-only", FILES, False),
        ("full", RIGHTS, True),
        ("edits", RIGHTS, False),
        ("ask", COMMAND, None),
        ("ask", SERVER, None),
    ],
)
def test_what_the_jobs_permissions_settle(permissions, method, settled):
    params = {"permissions": {"network": {"enabled": True}}} if method == RIGHTS else {}
    assert asked(method, params).settled(permissions) is settled


@pytest.mark.parametrize("permissions", ["read-only", "ask", "edits", "full"])
def test_what_can_only_be_declined_is_declined_and_nobody_is_asked(permissions):
    assert asked(SERVER, {"mode": "url", "url": "https://example.org"}).settled(permissions) is False
    assert asked(RIGHTS, {"permissions": {}}).settled(permissions) is False


@pytest.mark.parametrize(
    ("method", "params", "described", "can_allow"),
    [
        (COMMAND, {"command": "rm a"}, "", True),
        (COMMAND, {}, "rm a", True),
        (COMMAND, {}, "", False),
        (COMMAND, {"command": " \n"}, "rm a", True),
        (COMMAND, {"command": " \n"}, "", False),
        (COMMAND, {"command": "bash -lc ' '"}, "", False),
        (COMMAND, {"command": "\u200b"}, "\u3164", False),
        (COMMAND, {"networkApprovalContext": {"host": " "}}, "", False),
        (COMMAND, {"networkApprovalContext": {}}, "", False),
        (COMMAND, {"networkApprovalContext": {"host": "example.org"}}, "", True),
        (FILES, {}, "update a.py", True),
        (FILES, {}, "", False),
        (RIGHTS, {"permissions": {"network": {"enabled": True}}}, "", True),
        (FILES, {}, "\n", False),
        (SERVER, {"serverName": "docs", "message": "Really?"}, "", True),
        (SERVER, {"serverName": "docs", "message": " "}, "", False),
        (SERVER, {"serverName": "docs"}, "", False),
    ],
)
def test_what_does_not_say_what_would_be_done_cannot_be_allowed(method, params, described, can_allow):
    assert asked(method, params, described).can_allow is can_allow
