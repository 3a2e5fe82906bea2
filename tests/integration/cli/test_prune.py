"""`orchestrator prune` over a real database and real files."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import UTC, datetime

import pytest

from orchestrator.cli.composition import open_services
from orchestrator.cli.prune import PruneRequest, prune, size_text
from orchestrator.domain.errors import UsageError
from orchestrator.domain.events import NewEvent, OrchestratorChanged, PlanLoaded
from orchestrator.domain.task_status import RunStatus
from orchestrator.engine.records import Artifact, NewInstance
from orchestrator.store.state_place import IN_ROOT

OUTPUTS = "docs/plan-outputs/p"


def past_run(root, instance_id, *, ends=True):
    async def write():
        async with open_services(root) as services:
            ports = services.ports
            lease = await ports.registry.claim(
                NewInstance(
                    instance_id, ports.project, "p", "docs/plans/p.md", str(root), "elsewhere", 1, "1"
                )
            )
            said = [
                PlanLoaded(plan_name="p", plan_path="docs/plans/p.md", title="P"),
                OrchestratorChanged(old_status=RunStatus.STARTING, new_status=RunStatus.RUNNING),
            ]
            await ports.log.append(lease, [NewEvent(data, datetime.now(UTC)) for data in said])
            await ports.artifacts.put(lease, Artifact("1.1", 1, "transcript-0001.jsonl", "x", b"x" * 200_000))
            if ends:
                end = OrchestratorChanged(old_status=RunStatus.RUNNING, new_status=RunStatus.COMPLETED)
                await ports.log.append(lease, [NewEvent(end, datetime.now(UTC))])

    asyncio.run(write())


def put(path, text="x" * 1_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path):
    """Three runs: the first two of them were detached, and the second began with --restart."""
    for name in ("orch-a", "orch-b", "orch-c"):
        past_run(tmp_path, name)
    for name in ("orch-a", "orch-b", "orch-c"):
        put(tmp_path / IN_ROOT / "logs" / f"{name}.log")
    for name in ("orch-b", "orch-b-2", "orch-bb", "orch-c"):
        put(tmp_path / OUTPUTS / "archive" / name / "findings" / "1-1.md")
    put(tmp_path / OUTPUTS / "findings" / "1-1.md")
    return tmp_path


def asked(root, **options):
    return PruneRequest(**{"older_than": "0d", "keep": 1, "root": root, **options})


def files(root):
    found = [path.relative_to(root).as_posix() for path in root.rglob("*.*") if path.is_file()]
    return sorted(path for path in found if path.endswith((".log", ".md")))


def listed(root):
    async def look():
        async with open_services(root, create=False) as services:
            return [(r.id, r.pruned_at is not None) for r in await services.ports.registry.list()]

    return asyncio.run(look())


STAYING = [
    f"{IN_ROOT}/logs/orch-c.log",
    f"{OUTPUTS}/archive/orch-bb/findings/1-1.md",
    f"{OUTPUTS}/archive/orch-c/findings/1-1.md",
    f"{OUTPUTS}/findings/1-1.md",
]


def test_old_runs_go_with_their_files_and_stay_lines_in_the_list(root, capsys):
    database = root / IN_ROOT / "orchestrator.db"
    before = database.stat().st_size
    assert prune(asked(root)) == 0
    told = capsys.readouterr().out
    assert re.search(r"  p +2 runs +4\d\d\.\d kB in the database, 4\.0 kB in 4 files\n", told)
    assert re.search(r"Pruned 2 runs, 4\d\d\.\d kB\. The database's file is \d{3}\.\d kB smaller\.\n", told)
    assert files(root) == sorted(STAYING)
    assert listed(root) == [("orch-c", False), ("orch-b", True), ("orch-a", True)]
    assert database.stat().st_size < before - 300_000
    assert prune(asked(root)) == 0
    assert capsys.readouterr().out.startswith("Nothing to prune. A run is pruned if it has ended and is not")


def test_a_dry_run_only_says_what_would_go(root, capsys):
    before = files(root)
    assert prune(asked(root, dry_run=True)) == 0
    assert "In all 2 runs, 40" in capsys.readouterr().out
    assert files(root) == before
    assert not any(is_pruned for _, is_pruned in listed(root))


def test_by_default_nothing_of_this_goes(root, capsys):
    assert prune(PruneRequest("90d", 20, root=root)) == 0
    assert capsys.readouterr().out == (
        "Nothing to prune. A run is pruned if it ended at least 90 days ago and is not among the last 20 of "
        "its plan.\n"
    )


def test_programs_get_json(root, capsys):
    assert prune(asked(root, json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert [run["id"] for run in told["runs"]] == ["orch-b", "orch-a"]
    assert told["freed_bytes"] == told["total_bytes"] > 400_000
    assert told["given_back_bytes"] > 300_000


def test_a_live_run_stays(root):
    past_run(root, "orch-d", ends=False)
    assert prune(asked(root, keep=0)) == 0
    assert listed(root)[0] == ("orch-d", False)
    assert sum(is_pruned for _, is_pruned in listed(root)) == 3


def test_crash_reports_go_when_they_are_old(root):
    put(root / IN_ROOT / "crashes" / "old.log")
    put(root / IN_ROOT / "crashes" / "new.log")
    os.utime(root / IN_ROOT / "crashes" / "old.log", (1, 1))
    assert prune(asked(root, older_than="1d")) == 0
    assert [path.name for path in (root / IN_ROOT / "crashes").iterdir()] == ["new.log"]


def test_no_link_of_the_repository_leads_to_what_is_deleted(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    put(outside / "orch-a" / "keep.md")
    archive = root / OUTPUTS / "archive"
    (archive / "orch-a").symlink_to(outside / "orch-a")
    archive.rename(root / "moved")
    archive.symlink_to(root / "moved")
    assert prune(asked(root)) == 0
    assert (outside / "orch-a" / "keep.md").exists()
    assert (root / "moved" / "orch-b").exists()


def test_a_project_that_never_ran_is_left_as_it_is(tmp_path, capsys):
    assert prune(asked(tmp_path)) == 0
    assert "Nothing to prune." in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("age", ["", "90", "3x", "-1d", "soon"])
def test_an_age_that_makes_no_sense_is_refused(tmp_path, age):
    with pytest.raises(UsageError, match="is no duration: write 90d, 2w, 12h or 30m"):
        prune(asked(tmp_path, older_than=age))


class TestOnATerminal:
    @pytest.fixture
    def answers(self, monkeypatch):
        """Says what is typed."""

        def answer(line):
            monkeypatch.setattr("sys.stdin.isatty", lambda: True)
            monkeypatch.setattr("sys.stdin.readline", lambda: line)

        return answer

    @pytest.mark.parametrize("line", ["\n", "n\n", "yep\n", ""])
    def test_it_asks_and_only_yes_means_yes(self, root, answers, line, capsys):
        answers(line)
        assert prune(asked(root)) == 0
        asked_for = r"Delete 2 runs, 4\d\d\.\d kB\? \[y/N\] Nothing was pruned\."
        assert re.search(asked_for, capsys.readouterr().err)
        assert not any(is_pruned for _, is_pruned in listed(root))

    @pytest.mark.parametrize("line", ["y\n", "YES\n"])
    def test_yes_deletes(self, root, answers, line):
        answers(line)
        assert prune(asked(root)) == 0
        assert sum(is_pruned for _, is_pruned in listed(root)) == 2

    def test_yes_as_an_option_asks_nothing(self, root, answers, capsys):
        answers("n\n")
        assert prune(asked(root, yes=True)) == 0
        assert "[y/N]" not in capsys.readouterr().err
        assert sum(is_pruned for _, is_pruned in listed(root)) == 2


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (12_345_678, "12.3 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_for_people(count, text):
    assert size_text(count) == text
