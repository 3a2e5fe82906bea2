from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from orchestrator.domain.errors import PlanNotFound, PlanUnreadable
from orchestrator.store import plan_files
from orchestrator.store.plan_files import DiskPlanFiles


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "project/docs/plans/team").mkdir(parents=True)
    (tmp_path / "project/docs/plans/a.md").write_text("# A")
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/far.md").write_text("secret")
    return tmp_path / "project"


async def names(root: Path) -> list[str]:
    return [plan.path.removeprefix("docs/plans/") for plan in await DiskPlanFiles(root).list()]


async def test_links_that_lead_out_are_neither_listed_nor_read(root, tmp_path) -> None:
    plans = root / "docs/plans"
    (plans / "out.md").symlink_to(tmp_path / "secret.md")
    (plans / "team/out2.md").symlink_to("../../../../secret.md")
    (plans / "folder").symlink_to(tmp_path / "outside")
    (plans / "dangling.md").symlink_to(plans / "nowhere.md")
    (plans / "circle.md").symlink_to(plans / "circle.md")
    assert "a.md" in await names(root)
    for name in (
        "out",
        "team/out2.md",
        "folder/far.md",
        "far",
        "docs/plans/folder/far.md",
        "dangling",
        "circle",
    ):
        with pytest.raises((PlanNotFound, PlanUnreadable)):
            await DiskPlanFiles(root).read(name)
    assert not any(plan.data == b"secret" for plan in await DiskPlanFiles(root).list())


async def test_a_link_inside_the_folder_is_a_plan_of_its_own(root) -> None:
    (root / "docs/plans/team/b.md").symlink_to("../a.md")
    assert (await DiskPlanFiles(root).read("b")).data == b"# A"
    assert await names(root) == ["a.md", "team/b.md"]


async def test_the_folder_of_plans_itself_may_be_a_link(root, tmp_path) -> None:
    other = tmp_path / "other"
    (other / "docs").mkdir(parents=True)
    (other / "docs/plans").symlink_to(root / "docs/plans")
    assert await names(other) == ["a.md"]
    assert (await DiskPlanFiles(other).read("a")).path == "docs/plans/a.md"


async def test_a_pipe_or_a_folder_is_unreadable_and_nothing_hangs(root) -> None:
    os.mkfifo(root / "docs/plans/pipe.md")
    (root / "docs/plans/folder.md").mkdir()
    with pytest.raises(PlanUnreadable, match="not a plain file"):
        await DiskPlanFiles(root).read("pipe")
    with pytest.raises(PlanNotFound):
        await DiskPlanFiles(root).read("folder")
    problems = {plan.name: plan.problem for plan in await DiskPlanFiles(root).list()}
    assert "not a plain file" in problems["pipe"]
    assert problems["a"] is None


async def test_a_file_that_may_not_be_read_is_listed_with_its_problem(root, monkeypatch) -> None:
    real = plan_files.read_regular

    def denied(path, *args, **options):
        if path.name == "a.md":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(plan_files, "read_regular", denied)
    [listed] = await DiskPlanFiles(root).list()
    assert (listed.name, listed.data) == ("a", b"")
    assert listed.problem == "docs/plans/a.md cannot be read: Permission denied."
    with pytest.raises(PlanUnreadable, match="Permission denied"):
        await DiskPlanFiles(root).read("a")


async def test_a_folder_that_may_not_be_read_is_listed_with_its_problem(root, monkeypatch) -> None:
    real = os.scandir

    def denied(path):
        if str(path).endswith("team"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", denied)
    listed = {plan.path: plan.problem for plan in await DiskPlanFiles(root).list()}
    assert listed["docs/plans/a.md"] is None
    assert "docs/plans/team cannot be read" in listed["docs/plans/team"]


async def test_a_root_without_plans_has_none(tmp_path) -> None:
    assert list(await DiskPlanFiles(tmp_path).list()) == []
    with pytest.raises(PlanNotFound):
        await DiskPlanFiles(tmp_path).read("a")
    (tmp_path / "docs").write_text("a file")
    assert list(await DiskPlanFiles(tmp_path).list()) == []


async def test_the_command_line_may_read_a_plan_anywhere(root, tmp_path, monkeypatch) -> None:
    files = DiskPlanFiles(root)
    outside = await files.read_path(tmp_path / "secret.md")
    assert (outside.name, outside.path, outside.data) == ("secret", str(tmp_path / "secret.md"), b"secret")
    monkeypatch.chdir(root)
    assert (await files.read_path(Path("../secret.md"))).path == str(tmp_path / "secret.md")
    assert (await files.read_path(Path("docs/plans/a.md"))).path == "docs/plans/a.md"
    assert (await files.read_path(root / "docs/plans/team/../a.md")).path == "docs/plans/a.md"


@pytest.mark.parametrize(
    "path", ["nowhere.md", "docs/plans", "docs/plans/a", "a\0.md", "docs/plans/a.md/x.md"]
)
async def test_a_path_without_a_plan_is_said(root, monkeypatch, path) -> None:
    monkeypatch.chdir(root)
    with pytest.raises((PlanNotFound, PlanUnreadable)):
        await DiskPlanFiles(root).read_path(Path(path))
