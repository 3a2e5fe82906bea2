"""An agent, a plan and a server that try to steer the terminal: nothing of it reaches one."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from doors import CHECKOUT, ENVIRONMENT, LIMIT_SECONDS, Project, wait_until
from hostile_text import FALSE_LINE, STEERING, raw_characters

PROGRAM = str(CHECKOUT / ".venv" / "bin" / "orchestrator")
PLAN = f"# A plan {STEERING}\n\n## Phase 1: One {STEERING}\n\n- [ ] 1.1 First {STEERING}\n  - attempts: 1\n"
SAID = f"I say {STEERING}\nand more"
TOOL = f"Bash{STEERING}\n{FALSE_LINE}"
SCRIPT = {
    "tasks": {
        "1.1": [
            {"say": SAID},
            {"usage": {"model": f"m{STEERING}", "input_tokens": 5}},
            {"tool": TOOL, "input": SAID, "output": SAID, "chunks": [SAID], "seconds": 0.5},
            {"tool": TOOL, "input": SAID, "output": SAID, "fails": True},
            {"fail": SAID, "finding": SAID},
        ]
    }
}
ASKING = {"tasks": {"1.1": [{"ask": SAID, "tool": TOOL}, {"finish": "done"}]}}
LOOKS = [
    ("list", "--all"),
    ("list", "--all", "--json"),
    ("status",),
    ("status", "--json"),
    ("events", "orch"),
    ("events", "orch", "--json"),
    ("transcript", "orch", "1.1"),
    ("transcript", "orch", "1.1", "--json"),
    ("approvals",),
    ("plans",),
    ("plans", "--json"),
]
HERE = [
    ("lint",),
    ("lint", "--format", "json"),
    ("prompt", "p", "1.1"),
    ("doctor",),
    ("run", "p", "--dry-run"),
]
OWN_SEQUENCES = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*A|2K|1A|[0-9]*G|H)|\r")
"""What our own live view draws with."""


def output(project: Project, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """All that a command prints, as it comes."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=project.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**ENVIRONMENT, **(environment or {})},
        timeout=LIMIT_SECONDS,
        check=False,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def on_terminal(project: Project, *arguments: str) -> str:
    """All that a terminal is sent by a command."""
    ours, theirs = pty.openpty()
    environment = {**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=project.root,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    ) as process:
        os.close(theirs)
        told = b""
        while part := _read(ours):
            told += part
        process.wait(LIMIT_SECONDS)
    os.close(ours)
    return told.decode("utf-8", "surrogateescape")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # its last program has gone
        return b""


def write_script(project: Project, script: Any) -> None:
    """As YAML, which writes characters beyond the first 65,536 in another way than JSON does."""
    text = json.dumps(script).replace(r"\udb40\udc41", r"\U000e0041")
    (project.root / "script.yaml").write_text(text)


def assert_safe(text: str, what: Any) -> None:
    assert not raw_characters(text), what
    assert not re.search(r"^(?:12:00:00 )?● completed", text, re.MULTILINE), what


@pytest.fixture
def hostile(project: Project) -> Project:
    project.plan("p", PLAN)
    write_script(project, SCRIPT)
    return project


def test_a_run_sends_nothing_of_it_to_a_pipe_or_a_terminal(hostile: Project):
    told = output(hostile, "run", "p", "--script", "script.yaml")
    assert "Bash" in told
    assert "failed" in told
    assert_safe(told, "run")
    drawn = on_terminal(hostile, "run", "p", "--script", "script.yaml")
    assert "Phase 1: One" in drawn
    assert "Bash" in drawn
    assert_safe(OWN_SEQUENCES.sub("", drawn), "run on a terminal")


@pytest.mark.long  # most of it is the start of one program after another
def test_nothing_that_is_looked_at_sends_any_of_it(hostile: Project):
    output(hostile, "run", "p", "--script", "script.yaml")
    url = hostile.serve().url
    for arguments in LOOKS:
        for where in ((), ("--url", url)):
            told = output(hostile, *arguments, *where)
            assert "a fault of the program" not in told
            assert_safe(told, (*arguments, *where))
            if "--json" in arguments and arguments[0] in {"status", "list", "plans"}:
                assert json.loads(told)
    for arguments in HERE:
        assert_safe(output(hostile, *arguments), arguments)
    said = output(hostile, "transcript", "orch", "1.1")
    assert "I say" in said
    assert "and more" in said
    entries = [json.loads(line) for line in output(hostile, "events", "orch", "--json").splitlines()]
    assert any(entry["data"].get("text", "").startswith("I say \x1b]0;pwn") for entry in entries), (
        "JSON is exact"
    )


def test_an_open_question_sends_nothing_of_it(hostile: Project):
    write_script(hostile, ASKING)
    hostile.start("run", "p", "--script", "script.yaml")
    asked = wait_until(lambda: (told := output(hostile, "approvals")).startswith("? ") and told)
    assert "I say" in asked
    assert_safe(asked, "approvals")
    assert_safe(output(hostile, "status"), "status")


class Twisted(BaseHTTPRequestHandler):
    """Passes on what a real server answers, with the worst in every text that may hold one."""

    real = ""

    def do_GET(self) -> None:
        answer = httpx.get(f"{self.real}{self.path}")
        body, kind = answer.content, answer.headers["content-type"]
        if "jsonl" in kind:
            body = b"\n".join(json.dumps(twisted(json.loads(line))).encode() for line in body.splitlines())
        elif "json" in kind:
            body = json.dumps(twisted(answer.json()), ensure_ascii=False).encode("utf-8", "surrogatepass")
        self.send_response(answer.status_code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


TWISTED = {
    "plan_name",
    "plan_path",
    "name",
    "title",
    "description",
    "reason",
    "last_error",
    "text",
    "tool_name",
}
TWISTED |= {
    "detail",
    "message",
    "model",
    "input_summary",
    "output_summary",
    "error",
    "file_path",
    "actor",
    "agent",
}


def twisted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: f"{item}{STEERING}\n{FALSE_LINE}"
            if name in TWISTED and isinstance(item, str | None)
            else twisted(item)
            for name, item in value.items()
        }
    return [twisted(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def twisting(hostile: Project) -> Iterator[str]:
    """The address of a server that is not to be trusted."""
    output(hostile, "run", "p", "--script", "script.yaml")
    handler = type("Handler", (Twisted,), {"real": hostile.serve().url})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.long  # the same
def test_a_server_cannot_steer_the_terminal_of_its_client(hostile: Project, twisting: str):
    for arguments in (*LOOKS, ("transcript", "orch", "9.9"), ("events", "nobody"), ("pause", "orch")):
        told = output(hostile, *arguments, "--url", twisting)
        assert "a fault of the program" not in told
        assert_safe(told, arguments)


def test_a_servers_log_holds_nothing_that_a_client_sends(hostile: Project):
    door = hostile.serve()
    with httpx.Client() as client:
        client.get(f"{door.url}/api/plans/%1b]0;pwn%07%c2%9b31m%0aERROR%20false")
        for headers in (
            {"Host": "evil\x9b31m\x85"},
            {"Origin": "http://evil\x9b2J"},
            {"User-Agent": "\x9b2J"},
        ):
            client.get(f"{door.url}/api/plans", headers={k: v.encode("latin-1") for k, v in headers.items()})
    wait_until(lambda: door.text.count("GET /api") >= 4)
    assert_safe(door.text, "the log")
    assert "\nERROR false" not in door.text
