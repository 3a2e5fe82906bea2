"""SARIF 2.1.0: what the standard requires, and where a viewer looks."""

from __future__ import annotations

import json

from orchestrator.domain.plan_parser import parse_plan
from orchestrator.domain.plan_problems import PROBLEM_KINDS
from orchestrator.domain.plan_sarif import sarif_log

BAD = "## Phase 1: Ä\n\n- [ ] 1.1 ä (depends: 9.9)\n- [ ] 1.1 b\n"


def log_of(*plans: tuple[str, str]) -> dict:
    log = sarif_log([(path, parse_plan(text)) for path, text in plans], "1.2.3")
    return json.loads(json.dumps(log))


def test_the_log_has_what_the_standard_requires() -> None:
    log = log_of(("docs/plans/bad.md", BAD))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("Plan Orchestrator", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == list(PROBLEM_KINDS)
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] == PROBLEM_KINDS[rule["id"]].severity
        assert rule["shortDescription"]["text"].endswith(".")
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result_leads_to_its_rule_and_its_place() -> None:
    [run] = log_of(("docs/plans/bad.md", BAD))["runs"]
    rules = run["tool"]["driver"]["rules"]
    found = {}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == PROBLEM_KINDS[result["ruleId"]].severity
        assert result["message"]["text"]
        [location] = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "docs/plans/bad.md", "uriBaseId": "SRCROOT"}
        assert "SRCROOT" in run["originalUriBaseIds"]
        found[result["ruleId"]] = place["region"]
    assert found == {
        "unknown_dependency": {"startLine": 3, "startColumn": 13},
        "duplicate_id": {"startLine": 4, "startColumn": 3},
    }


def test_a_path_becomes_a_relative_reference() -> None:
    [run] = log_of(("docs/plans/ä b:c#d.md", BAD))["runs"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert uris == {"docs/plans/%C3%A4%20b%3Ac%23d.md"}


def test_plans_without_problems_leave_an_empty_list() -> None:
    [run] = log_of(("a.md", "## Phase 1: A\n\n- [ ] 1.1 a\n"))["runs"]
    assert run["results"] == []
