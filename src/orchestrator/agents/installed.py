"""Whether an agent's program is there and runs: it is asked for its version, which spends nothing."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from orchestrator.domain.events import clip
from orchestrator.engine.records import Abilities, AgentCheck

VERSION_LIMIT_SECONDS = 30.0
"""Some need seconds to start on a busy machine."""

NO_ABILITIES = Abilities()
_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")


async def installed(
    command: str,
    version_arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    install: str = "",
    abilities: Abilities = NO_ABILITIES,
) -> AgentCheck:
    """Ready when the command is on the PATH and tells a version in time. Never raises."""
    program = shutil.which(command, path=environment.get("PATH"))
    if program is None:
        advice = (
            f"; install it with `{install}`" if install else "; install it, or name its path in agents.toml"
        )
        return AgentCheck(is_ready=False, problem=f"{command} is not on the PATH{advice}")
    if not version_arguments:
        return AgentCheck(is_ready=True, abilities=abilities)
    try:
        version = await asyncio.to_thread(told_version, program, environment, *version_arguments)
    except subprocess.TimeoutExpired:
        return AgentCheck(
            is_ready=False, problem=f"{program} told no version within {VERSION_LIMIT_SECONDS:g} s"
        )
    except subprocess.CalledProcessError as error:
        said = clip((error.stderr or error.stdout or b"").decode(errors="replace").strip(), 300)
        return AgentCheck(
            is_ready=False, problem=f"{program} does not run (exit code {error.returncode}): {said}"
        )
    except (OSError, ValueError) as error:
        return AgentCheck(is_ready=False, problem=f"{program} does not run: {error}")
    return AgentCheck(is_ready=True, version=version, abilities=abilities)


def told_version(program: str, environment: Mapping[str, str], *arguments: str) -> str | None:
    """The version that the program tells, asked by `--version` unless otherwise; None where it tells none.

    OSError, ValueError or SubprocessError where it does not run.
    """
    done = subprocess.run(  # noqa: S603 (the agent's program, found on the PATH or named to us)
        [program, *(arguments or ("--version",))],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=VERSION_LIMIT_SECONDS,
        check=True,
        env=dict(environment),
    )
    said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    found = _VERSION.search(said)
    return found[0] if found else (clip(said.strip().splitlines()[0], 60) if said.strip() else None)
