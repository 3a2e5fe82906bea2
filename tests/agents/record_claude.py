"""The same as record_transcripts.py for Claude Code, whose SDK is asynchronous: `record_claude.py [SCENARIO…]`."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import claude_agent_sdk as sdk
import transcripts
from claude_talk import ClaudeTalk
from fake_model import FakeModel


async def _allow(tool: str, given: dict[str, Any], context: Any) -> Any:
    return sdk.PermissionResultAllow()


async def _refuse(tool: str, given: dict[str, Any], context: Any) -> Any:
    return sdk.PermissionResultDeny(message="The project says no.")


async def _interrupt(client: Any) -> None:
    await asyncio.sleep(1)
    await client.interrupt()


WITHOUT_WRITE = ["Bash(echo:*)"]
PLOTS: dict[str, tuple[str, dict[str, Any]]] = {
    "three_tools": ("three_tools", {}),
    "partial_messages": ("three_tools", {"include_partial_messages": True}),
    "sub_agent": ("sub_agent", {}),
    "failing_tool": ("failing_tool", {}),
    "slow": ("slow", {}),
    "ticks": ("ticks", {}),
    "interrupted": ("slow_tool", {"at_first_tool": _interrupt}),
    "hang": ("hang", {"at_first_tool": _interrupt}),
    "loop": ("loop", {"max_turns": 3}),
    "many": ("many:5", {}),
    "cut": ("cut", {}),
    "cut_once": ("cut:1", {}),
    "unauthorised": ("unauthorised", {}),
    "rate_limited": ("rate_limited", {}),
    "quota": ("quota", {}),
    "quota_of_subscription": ("quota", {"token": "sk-ant-oat01-made-up"}),
    "overloaded": ("overloaded", {}),
    "context_full": ("context_full", {}),
    "huge_output": ("huge_output", {}),
    "budget": ("budget", {"max_budget_usd": 1.0}),
    "permission_asked": ("denied", {"allowed_tools": WITHOUT_WRITE, "can_use_tool": _allow}),
    "permission_denied": ("denied", {"allowed_tools": WITHOUT_WRITE, "can_use_tool": _refuse}),
    "permission_never": ("denied", {"allowed_tools": WITHOUT_WRITE}),
}


async def record(name: str, scenario: str, options: dict[str, Any]) -> None:
    folder, places = _places()
    at_first_tool = options.pop("at_first_tool", None)
    with FakeModel() as model:
        talk = ClaudeTalk(home=folder / "home", work=folder / "work", url=model.url, **options)
        began = time.monotonic()
        await asyncio.wait_for(talk.ask(f"Do it. [[scenario:{scenario}]]", at_first_tool), 60)
        _say(name, talk, began, f"{len(model.requests)} requests, strays {model.strays}")
    transcripts.write("claude", name, talk.record, places)
    shutil.rmtree(folder, ignore_errors=True)


async def record_resume() -> None:
    """Killed while its tool is at work; a new process goes on with the session."""
    folder, places = _places()
    with FakeModel() as model:
        talk = ClaudeTalk(home=folder / "home", work=folder / "work", url=model.url)

        async def kill(_: Any) -> None:
            await asyncio.sleep(1)
            talk.kill()

        began = time.monotonic()
        await talk.ask("Do it. [[scenario:slow_tool:20]]", kill)
        _say("killed", talk, began, "")
        transcripts.write("claude", "killed", talk.record, places)
        began, talk.error = time.monotonic(), None
        await talk.ask("Go on. [[scenario:three_tools]]", resume=talk.session)
        _say("resumed", talk, began, f"{len(model.asked('three_tools')[0].body['messages'])} messages")
    transcripts.write("claude", "resumed", talk.record, places)
    shutil.rmtree(folder, ignore_errors=True)


def _places() -> tuple[Path, dict[Path, str]]:
    folder = Path(tempfile.mkdtemp(prefix="agents-"))
    (folder / "work").mkdir()
    return folder, {folder / "work": "/project", folder / "home": "/home/agent", folder: "/tmp/agents"}


def _say(name: str, talk: ClaudeTalk, began: float, text: str) -> None:
    took = time.monotonic() - began
    result = talk.result
    last = result and {
        field: getattr(result, field, None)
        for field in (
            "subtype",
            "is_error",
            "num_turns",
            "total_cost_usd",
            "result",
            "errors",
            "api_error_status",
            "terminal_reason",
            "permission_denials",
        )
    }
    print(f"{name}: {took:.1f} s, {text}, raised {talk.error!r}: {last}", flush=True)  # noqa: T201


async def main(*names: str) -> None:
    for name, (scenario, options) in PLOTS.items():
        if not names or name in names:
            try:
                await record(name, scenario, dict(options))
            except Exception as error:  # noqa: BLE001 - the other talks are worth recording all the same
                print(f"{name}: {error!r}", flush=True)  # noqa: T201
    if not names or "resumed" in names:
        await record_resume()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
