"""A shell task and an agent print every kind of secret: none is in the database, a stream, a file or a terminal."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import websockets.sync.client
from doors import Project, wait_until
from planted_secrets import KEYS, NAMED, PASSWORD, PGP_KEY, PRIVATE_KEY

TOKEN = "zq7-planted-81f3-value"
VARIABLES = {"PLANTED_TOKEN": TOKEN, "PLANTED_PASSWORD": PASSWORD}
KEY = "ghp_" + "Zk8Wq1" * 6
SHAPES = {
    **KEYS,
    **NAMED,
    "PEM": PRIVATE_KEY,
    "PGP": PGP_KEY,
    "value": TOKEN,
    "value in JSON": json.dumps({"p": PASSWORD}),
    "value in a URL": f"https://example.org/?p={quote(PASSWORD)}",
    "value in Base64": base64.b64encode(f"u:{TOKEN}".encode()).decode(),
    "coloured": f"{KEY[:9]}\x1b[31m{KEY[9:]}",
}
TAILS = (
    *(key[-9:] for key in KEYS.values()),
    *("9f8e7d6c5b", "hunter2", "horse-7", "YWxhZGRpbj", "a1B2c3D4e5", "a1b2c3d4", "s3cr3t", "abcdefghijklmnop", "wJalrXUtn"),
    *("b3BlbnNzaC1rZXk", "lQOYBGPaAbc", "planted-81f3", "of two lines", quote(PASSWORD)[3:20], "bnRlZC04MWYz", KEY[-9:]),
)  # fmt: skip
PLAN = """\
# Secrets

## Phase 1: One

- [ ] 1.1 A shell block prints them

  ```sh
  cat shapes.txt
  head -c 12 half.txt; touch waits; until test -e go; do sleep 0.05; done; tail -c +13 half.txt; echo
  ```

- [ ] 1.2 An agent says them
- [ ] 1.3 An agent fails with them
  - attempts: 1
"""


def script() -> dict[str, object]:
    whole = "\n".join(SHAPES.values())
    say = [
        {"say": half}
        for text in SHAPES.values()
        for half in (text[: len(text) // 2], f"{text[len(text) // 2 :]}\n")
    ]
    tool = {
        "tool": "Write",
        "input": json.dumps({"content": whole}),
        "output": whole,
        "chunks": [whole[:500], whole[500:]],
    }
    return {"tasks": {"1.2": [*say, tool, {"finish": whole}], "1.3": [{"fail": whole, "finding": whole}]}}


@pytest.fixture
def planted(project: Project) -> Project:
    project.plan("p", PLAN)
    (project.root / "shapes.txt").write_text("\n".join(SHAPES.values()) + "\n")
    (project.root / "half.txt").write_text(KEY)
    (project.root / "script.json").write_text(json.dumps(script()))
    return project


def kept(root: Path) -> str:
    """All that lies in files, and all that the database holds."""
    files = [path for path in root.rglob("*") if path.is_file() and path.parent != root]
    texts = [path.read_bytes().decode(errors="replace") for path in files]
    for path in (path for path in files if path.suffix == ".db"):
        with sqlite3.connect(path) as database:
            texts += [repr(row) for row in database.iterdump()]
    return "\n".join(texts)


def streamed(url: str, events: int) -> str:
    """What a WebSocket and the server-sent events give from the first event on."""
    address = f"{url.replace('http', 'ws')}/events?after=0"
    with websockets.sync.client.connect(address) as socket:
        told = "".join(str(socket.recv(timeout=30)) for _ in range(events))
    with httpx.stream("GET", f"{url}/events-sse?after=0", timeout=30) as answer:
        lines = answer.iter_lines()
        for _ in range(events):
            told += next(line for line in lines if line.startswith("data"))
    return told


@pytest.mark.long  # most of it is the start of one program after another
def test_no_secret_leaves_by_any_exit(planted: Project):
    run = planted.open(
        "plan_orchestrator.py",
        "--plan",
        "p",
        "--script",
        str(planted.root / "script.json"),
        environment=VARIABLES,
    )
    wait_until((planted.root / "waits").exists)
    run_id = planted.only_id()
    wait_until(lambda: "[redacted]" in planted.command("transcript", run_id, "1.1"))
    before = kept(planted.root) + planted.command("transcript", run_id, "1.1", "--json")
    assert KEY[:6] not in before, "the pause in the middle of a key showed its beginning"
    (planted.root / "go").touch()
    assert run.wait() == 1
    server = planted.open("run_api_server.py", "--port", "0", environment=VARIABLES)
    url = f"{server.url}/api/orchestrators/{run_id}"
    exits = {
        "files and database": kept(planted.root),
        "terminal": run.text,
        "streams": streamed(url, len(planted.events(run_id))),
    }
    for path in ("status", "events?limit=1000", *(f"tasks/1.{n}/transcript" for n in (1, 2, 3))):
        exits[f"GET {path}"] = httpx.get(f"{url}/{path}").raise_for_status().text
    for number in (1, 2, 3):
        answer = httpx.get(f"{server.url}/api/plans/p/findings/1.{number}")
        exits[f"finding 1.{number}"] = answer.raise_for_status().text
        exits[f"transcript 1.{number}"] = planted.command("transcript", run_id, f"1.{number}")
    for arguments in (("status",), ("status", "--json"), ("events", run_id), ("events", run_id, "--json")):
        exits[" ".join(arguments)] = planted.command(*arguments)
    exits["log"] = server.text
    leaks = {(name, tail) for name, text in exits.items() for tail in TAILS if tail in text}
    assert not leaks
    assert all(
        "[redacted]" in exits[name]
        for name in ("files and database", "streams", "finding 1.1", "finding 1.2", "transcript 1.1")
    )
