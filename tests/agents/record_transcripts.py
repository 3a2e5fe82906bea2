"""Writes tests/fixtures/agents anew from talks with the real agents: `record_transcripts.py codex [SCENARIO…]`.

In the checkout's environment. Do so when a pin in tests/support/real_agents.py has changed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import transcripts
from agent_talks import AcpTalk, CodexTalk
from fake_model import FakeModel

PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Plot:
    """One talk: what is asked, how the agent is set up, and what happens to it in the middle."""

    scenario: str
    settings: dict[str, str] = field(default_factory=dict)
    decision: str = ""
    interrupt: bool = False
    """When its first tool is at work."""


EVERY = {
    "three_tools": Plot("three_tools"),
    "failing_tool": Plot("failing_tool"),
    "slow": Plot("slow"),
    "ticks": Plot("ticks"),
    "interrupted": Plot("slow_tool", interrupt=True),
    "hang": Plot("hang", interrupt=True),
    "loop": Plot("loop", interrupt=True),
    "many": Plot("many:5"),
    "cut": Plot("cut"),
    "cut_once": Plot("cut:1"),
    "unauthorised": Plot("unauthorised"),
    "rate_limited": Plot("rate_limited"),
    "quota": Plot("quota"),
    "overloaded": Plot("overloaded"),
    "context_full": Plot("context_full"),
    "huge_output": Plot("huge_output"),
    "budget": Plot("budget:3"),
}
OPENCODE_ASKS = {"permission": "ask"}
CODEX_ASKS = {"approval": "on-request", "sandbox": "read-only"}
PLOTS = {
    "codex": EVERY
    | {
        "outlived": Plot("slow_tool:15"),
        "permission_asked": Plot("denied_shell", CODEX_ASKS, "accept"),
        "permission_denied": Plot("denied_shell", CODEX_ASKS, "decline"),
        "permission_cancelled": Plot("denied_shell", CODEX_ASKS, "cancel"),
        "permission_never": Plot("denied_shell", {"approval": "never", "sandbox": "read-only"}),
    },
    "opencode": EVERY
    | {
        "permission_asked": Plot("denied", OPENCODE_ASKS, "allow_once"),
        "permission_denied": Plot("denied", OPENCODE_ASKS, "reject_once"),
        "permission_never": Plot("denied", {"permission": "deny"}),
        "sub_agent": Plot("sub_agent"),
    },
}
TALKS = {"codex": CodexTalk, "opencode": AcpTalk}


def record(agent: str, name: str, plot: Plot) -> None:
    folder = Path(tempfile.mkdtemp(prefix="agents-"))
    places = _places(folder)
    with FakeModel() as model:
        with TALKS[agent](home=folder / "home", work=folder / "work", url=model.url, **plot.settings) as talk:
            talk.decision = plot.decision
            talk.open()
            talk.prompt(f"Do it. [[scenario:{plot.scenario}]]")
            if plot.interrupt:
                talk.wait_for_tool()
                time.sleep(1)
                talk.interrupt()
            try:
                end = talk.wait_for_end(PATIENCE_SECONDS)
            except AssertionError:
                talk.interrupt()
                end = talk.wait_for_end(PATIENCE_SECONDS)
            code = talk.end_input()
        _say(agent, name, talk, f"exit {code}, {len(model.requests)} requests, strays {model.strays}: {end}")
    transcripts.write(agent, name, talk.record, places)
    shutil.rmtree(folder, ignore_errors=True)


def record_resume(agent: str) -> None:
    """Killed while its tool is at work; a new process goes on with the session."""
    folder = Path(tempfile.mkdtemp(prefix="agents-"))
    places = _places(folder)
    with FakeModel() as model:
        make = {"home": folder / "home", "work": folder / "work", "url": model.url}
        with TALKS[agent](**make) as talk:
            talk.open()
            talk.prompt("Do it. [[scenario:slow_tool:20]]")
            talk.wait_for_tool()
            time.sleep(1)
            session = talk.session
        transcripts.write(agent, "killed", talk.record, places)
        with TALKS[agent](**make) as talk:
            talk.open(session)
            talk.prompt("Go on. [[scenario:three_tools]]")
            end = talk.wait_for_end()
        heard = len(str(model.asked("three_tools")[0].body))
        _say(agent, "resumed", talk, f"{heard} bytes of conversation: {end}")
    transcripts.write(agent, "resumed", talk.record, places)
    shutil.rmtree(folder, ignore_errors=True)


def _places(folder: Path) -> dict[Path, str]:
    (folder / "work").mkdir()
    return {folder / "work": "/project", folder / "home": "/home/agent", folder: "/tmp/agents"}


def _say(agent: str, name: str, talk: CodexTalk | AcpTalk, text: str) -> None:
    took = talk.record[-1]["at"]
    print(f"{agent} {name}: {took:.1f} s, {text[:600]}", flush=True)  # noqa: T201 - a script's output


def main(agent: str, *names: str) -> None:
    for name, plot in PLOTS[agent].items():
        if not names or name in names:
            try:
                record(agent, name, plot)
            except Exception as error:  # noqa: BLE001 - the other talks are worth recording all the same
                print(f"{agent} {name}: {error!r}", flush=True)  # noqa: T201
    if not names or "resumed" in names:
        record_resume(agent)


if __name__ == "__main__":
    main(*sys.argv[1:])
