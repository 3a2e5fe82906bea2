"""Whether an agent's program is there and runs: it is asked for its version, which spends nothing."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Mapping, Sequence

from orchestrator.agents.programs import EVERY_PROGRAM, VERSION_LIMIT_SECONDS, Programs
from orchestrator.domain.events import clip
from orchestrator.domain.redaction import redact_known
from orchestrator.engine.records import NO_ABILITIES, Abilities, AgentCheck

_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")


async def installed(
    command: str,
    version_arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    install: str = "",
    abilities: Abilities = NO_ABILITIES,
    programs: Programs = EVERY_PROGRAM,
) -> AgentCheck:
    """Ready when the command is on the PATH and tells a version in time. Never raises."""
    program = programs.find(command, environment)
    if program is None:
        advice = (
            f"; install it with `{install}`" if install else "; install it, or name its path in agents.toml"
        )
        return not_found(command, environment, programs, f"{command} is not on the PATH{advice}", abilities)
    if not version_arguments:
        return AgentCheck(is_ready=True, abilities=abilities)
    try:
        version = await asyncio.to_thread(
            told_version, program, environment, *version_arguments, programs=programs
        )
    except subprocess.TimeoutExpired:
        return AgentCheck(
            is_ready=False, problem=f"{program} told no version within {VERSION_LIMIT_SECONDS:g} s"
        )
    except subprocess.CalledProcessError as error:
        told = (error.stderr or error.stdout or b"").decode(errors="replace").strip()
        said = clip(redact_known(told), 300)
        return AgentCheck(
            is_ready=False, problem=f"{program} does not run (exit code {error.returncode}): {said}"
        )
    except (OSError, ValueError) as error:
        return AgentCheck(is_ready=False, problem=f"{program} does not run: {error}")
    return AgentCheck(is_ready=True, version=version, abilities=abilities)


def not_found(
    command: str,
    environment: Mapping[str, str],
    programs: Programs,
    problem: str,
    abilities: Abilities = NO_ABILITIES,
) -> AgentCheck:
    """The check of an agent whose program is not there, or is there only in the repository."""
    withheld = programs.withheld(command, environment)
    if withheld is not None:
        problem = f"{command} is on the PATH only in this repository ({withheld}); not run"
    return AgentCheck(
        is_ready=False, problem=problem, abilities=abilities, named_by_repository=withheld is not None
    )


def told_version(
    program: str, environment: Mapping[str, str], *arguments: str, programs: Programs = EVERY_PROGRAM
) -> str | None:
    """The version that the program tells, asked by `--version` unless otherwise; None where it tells none.

    OSError, ValueError or SubprocessError where it does not run.
    """
    output = programs.version_output(program, environment, *(arguments or ("--version",)))
    said = redact_known(output.decode(errors="replace"))
    found = _VERSION.search(said)
    return found[0] if found else (clip(said.strip().splitlines()[0], 60) if said.strip() else None)
