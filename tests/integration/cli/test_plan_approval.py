"""`orchestrator approve-plan` over a real database: what it shows, asks, and answers a second time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from orchestrator.cli import plan_approval
from orchestrator.cli.composition import open_services
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.inspect import show_status
from orchestrator.cli.plan_approval import approve_plan
from orchestrator.domain.errors import InstanceNotFound
from orchestrator.domain.events import NewEvent, OrchestratorChanged, PlanLoaded
from orchestrator.domain.plan_parts import UnapprovedPart
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import NewInstance

CHECK = UnapprovedPart(
    task_id="1.2",
    description="Build",
    wording="w",
    kind="verify",
    digest="d",
    before="make test",
    after="true \x1b[31m",
)


@pytest.fixture
def ended(tmp_path):
    """Makes a run that has ended and left these parts unapproved; returns its root."""

    def make(*parts: UnapprovedPart):
        async def write():
            async with open_services(tmp_path) as services:
                ports = services.ports
                new = NewInstance(
                    "orch-1", ports.project, "p", "docs/plans/p.md", str(tmp_path), "elsewhere", 1, "1"
                )
                lease = await ports.registry.claim(new)
                said = [
                    PlanLoaded(plan_name="p", plan_path="docs/plans/p.md", title="P", unapproved=parts),
                    OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.FAILED),
                ]
                await ports.log.append(lease, [NewEvent(data, datetime.now(UTC)) for data in said])

        asyncio.run(write())
        return tmp_path

    return make


@pytest.fixture
def on_terminal(monkeypatch):
    """A person is there, who gives this answer."""

    def answer(is_yes):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        monkeypatch.setattr(plan_approval, "says_yes", lambda _question: is_yes)

    return answer


def test_what_is_shown_is_approved_once_and_the_status_says_so(ended, capsys):
    root = ended(CHECK)
    assert approve_plan("p", root, None, is_yes=False) is ExitCode.USAGE
    shown = capsys.readouterr()
    assert "    -make test\n    +true ␛[31m" in shown.out
    assert "Nobody can be asked here" in shown.err
    show_status("p", root, None, at_seq=None, json=False)
    assert "Not approved: task 1.2 (check)." in capsys.readouterr().out
    assert approve_plan("p", root, None, is_yes=True) is ExitCode.COMPLETED
    assert "Kept: the plan's next run begins with it." in capsys.readouterr().out
    show_status("p", root, None, at_seq=None, json=False)
    told = capsys.readouterr().out
    assert "Approved since: task 1.2 (check). The plan's next run begins with it." in told
    assert "Not approved" not in told
    # Nothing is asked that is answered already.
    assert approve_plan("p", root, None, is_yes=False) is ExitCode.COMPLETED
    assert "Approved already; the plan's next run begins with it." in capsys.readouterr().out


def test_a_person_who_says_no_has_approved_nothing(ended, on_terminal, capsys):
    root = ended(CHECK)
    on_terminal(False)
    assert approve_plan("p", root, None, is_yes=False) is ExitCode.FAILED
    assert "Not approved: the tasks stay as they are." in capsys.readouterr().out
    show_status("p", root, None, at_seq=None, json=False)
    assert "Not approved: task 1.2 (check)." in capsys.readouterr().out


def test_where_nothing_waits_it_says_so_and_an_unknown_plan_is_named_with_those_there_are(ended, capsys):
    root = ended()
    assert approve_plan("p", root, None, is_yes=False) is ExitCode.COMPLETED
    assert "Nothing in p waits for an approval." in capsys.readouterr().out
    with pytest.raises(InstanceNotFound, match="no run of a plan 'nope' here"):
        approve_plan("nope", root, None, is_yes=False)
