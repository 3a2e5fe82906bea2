from __future__ import annotations

from datetime import UTC

import pytest

from orchestrator.domain.errors import PlanNotFound, PlanUnreadable


async def test_without_plans_the_list_is_empty(plan_files) -> None:
    assert list(await plan_files.plans.list()) == []


async def test_plans_are_listed_with_their_folders_but_not_archives_hidden_or_other_files(plan_files) -> None:
    for path in (
        "b.md",
        "a.md",
        "team/c.md",
        "team/deep/d.v2.md",
        "archive/old.md",
        "team/archive/older.md",
        ".hidden/e.md",
        ".f.md",
        "notes.txt",
        "README",
    ):
        plan_files.put(path, path.encode())
    listed = await plan_files.plans.list()
    assert [(plan.name, plan.path, plan.data) for plan in listed] == [
        ("a", "docs/plans/a.md", b"a.md"),
        ("b", "docs/plans/b.md", b"b.md"),
        ("c", "docs/plans/team/c.md", b"team/c.md"),
        ("d.v2", "docs/plans/team/deep/d.v2.md", b"team/deep/d.v2.md"),
    ]
    assert all(plan.problem is None and plan.last_modified.tzinfo is UTC for plan in listed)


@pytest.mark.parametrize(
    "name", ["c", "c.md", "team/c.md", "team/c", "docs/plans/team/c.md", "docs/plans/team/c"]
)
async def test_a_plan_is_read_by_its_name_or_its_path(plan_files, name) -> None:
    plan_files.put("team/c.md", b"# C\r\n\xff")
    plan = await plan_files.plans.read(name)
    assert (plan.name, plan.path, plan.data, plan.problem) == (
        "c",
        "docs/plans/team/c.md",
        b"# C\r\n\xff",
        None,
    )


async def test_a_name_with_dots_or_in_another_script_is_just_a_name(plan_files) -> None:
    for path in ("v1.2.md", "план-٣.md", "with space.md"):
        plan_files.put(path, b"x")
    assert (await plan_files.plans.read("v1.2")).path == "docs/plans/v1.2.md"
    assert (await plan_files.plans.read("план-٣")).name == "план-٣"
    assert (await plan_files.plans.read("with space")).name == "with space"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "/",
        "../secret",
        "../secret.md",
        "team/../../secret.md",
        "team/../c.md",
        "./c.md",
        "team//c.md",
        "/etc/passwd",
        "/c",
        "docs/plans/../../secret.md",
        "docs/plans//c.md",
        "docs/plans/",
        "%2e%2e/secret",
        "%2e%2e%2fsecret",
        "..\\secret",
        "team\\c.md",
        "c\0",
        "c.md\0.txt",
        "\ud800",
        "x" * 256,
        "x/" * 100 + "c",
        "٣",
        "archive/old",
        "archive/old.md",
        "old",
        ".hidden",
        ".hidden/e.md",
        "C",
        "team",
        "c.md.md",
        "notes.txt",
        "*",
        "~",
        "~/c",
        "$HOME",
        "c\n",
    ],
)
async def test_no_name_leads_to_anything_but_a_plan(plan_files, name) -> None:
    for path in (
        "team/c.md",
        "archive/old.md",
        ".hidden/e.md",
        "notes.txt",
        "../secret.md",
        "../../secret.md",
    ):
        plan_files.put(path, b"secret")
    with pytest.raises(PlanNotFound):
        await plan_files.plans.read(name)


async def test_two_plans_of_one_name_are_listed_with_the_problem(plan_files) -> None:
    for path in ("a/x.md", "b/x.md", "y.md"):
        plan_files.put(path, path.encode())
    problems = {plan.path: plan.problem for plan in await plan_files.plans.list()}
    assert problems["docs/plans/y.md"] is None
    for path in ("docs/plans/a/x.md", "docs/plans/b/x.md"):
        assert "docs/plans/a/x.md and docs/plans/b/x.md" in problems[path]


@pytest.mark.parametrize("name", ["x", "x.md"])
async def test_an_ambiguous_name_is_refused_naming_both(plan_files, name) -> None:
    for path in ("x.md", "b/x.md"):
        plan_files.put(path, path.encode())
    with pytest.raises(PlanUnreadable, match=r"docs/plans/b/x\.md and docs/plans/x\.md"):
        await plan_files.plans.read(name)


async def test_an_ambiguous_plan_can_be_read_by_its_path_and_says_so(plan_files) -> None:
    for path in ("x.md", "b/x.md"):
        plan_files.put(path, path.encode())
    for path in ("x.md", "b/x.md"):
        plan = await plan_files.plans.read(f"docs/plans/{path}")
        assert plan.data == path.encode()
        assert "ambiguous" in plan.problem


async def test_a_file_that_is_too_large_is_unreadable_and_listed_as_such(plan_files) -> None:
    plan_files.put("fits.md", b"x" * (4 * 1024 * 1024))
    plan_files.put("large.md", b"x" * (4 * 1024 * 1024 + 1))
    with pytest.raises(PlanUnreadable, match=r"large\.md cannot be read: it is larger than 4 MiB"):
        await plan_files.plans.read("large")
    assert len((await plan_files.plans.read("fits")).data) == 4 * 1024 * 1024
    fits, large = await plan_files.plans.list()
    assert fits.problem is None
    assert "larger than 4 MiB" in large.problem
    assert large.data == b""
