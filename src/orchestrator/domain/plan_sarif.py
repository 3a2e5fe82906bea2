"""The problems of plans as SARIF 2.1.0, the format that code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from orchestrator.domain.plan import Plan, Problem, Severity
from orchestrator.domain.plan_problems import PROBLEM_KINDS

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SOURCE_ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_INDEX = {code: index for index, code in enumerate(PROBLEM_KINDS)}


def sarif_log(plans: Sequence[tuple[str, Plan]], version: str) -> dict[str, Any]:
    """The log of one run over these plans, each with its path relative to the project's root."""
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(version)},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {SOURCE_ROOT: {"description": {"text": "The project's root folder."}}},
                "results": [_result(path, problem) for path, plan in plans for problem in plan.problems],
            }
        ],
    }


def _driver(version: str) -> dict[str, Any]:
    return {
        "name": "Plan Orchestrator",
        "semanticVersion": version,
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": kind.meaning},
                "help": {"text": f"{kind.meaning} See docs/plan-problems.md, {code}."},
                "defaultConfiguration": {"level": _LEVELS[kind.severity]},
            }
            for code, kind in PROBLEM_KINDS.items()
        ],
    }


def _result(path: str, problem: Problem) -> dict[str, Any]:
    return {
        "ruleId": problem.code,
        "ruleIndex": _INDEX[problem.code],
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path, errors="replace"), "uriBaseId": SOURCE_ROOT},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
    }
