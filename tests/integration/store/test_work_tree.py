"""What an attempt leaves changed in its tree, found out with real files and real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.domain.evidence import AttemptFacts, TreeLook, remarks_on
from orchestrator.store import declared_files, work_tree
from orchestrator.store.work_tree import DiskWorkTree

GIT = shutil.which("git")
PLAN = "docs/plans/p.md"

pytestmark = pytest.mark.skipif(GIT is None, reason="git is not installed")


def git(root: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def root(tmp_path) -> Path:
    root = tmp_path / "work"
    write(root / "src/app.py", "a = 1\n")
    write(root / PLAN, "- [ ] 1.1 d\n")
    write(root / ".gitignore", "build/\n")
    git(tmp_path, "init", "-q", str(root))
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    write(root / "notes.txt", "untracked\n")
    return root


def make_tree(program: str | None = GIT) -> DiskWorkTree:
    return DiskWorkTree(lambda: program, {**os.environ, "GIT_DIR": "/nowhere"})


async def look(root: Path, *files: str, tree: DiskWorkTree | None = None) -> TreeLook:
    return await (tree or make_tree()).look(root, files, (PLAN,), whole=True)


async def remarks(root: Path, deed, *files: str) -> list[str]:
    """The kinds of the remarks on an attempt that did this."""
    before = await look(root, *files)
    deed(root)
    facts = AttemptFacts(calls=None, files=files, before=before, after=await look(root, *files))
    return [remark.kind for remark in remarks_on(facts)]


def same_bytes(path: str):
    def deed(root: Path) -> None:
        (root / path).write_bytes((root / path).read_bytes())
        os.utime(root / path, ns=(1, 1))

    return deed


CHANGES = {
    "a tracked file is edited": lambda root: write(root / "src/app.py", "a = 2\n"),
    "a file is new": lambda root: write(root / "src/more.py", "b = 1\n"),
    "an untracked file is edited": lambda root: write(root / "notes.txt", "other\n"),
    "a file is removed": lambda root: (root / "src/app.py").unlink(),
    "a file becomes executable": lambda root: (root / "src/app.py").chmod(0o755),
    "a commit": lambda root: git(root, "commit", "--allow-empty", "-qm", "work"),
    "a tag": lambda root: git(root, "tag", "v1"),
    "a branch": lambda root: git(root, "switch", "-qc", "other"),
    "a file is staged": lambda root: git(root, "add", "notes.txt"),
}
NO_CHANGES = {
    "nothing": lambda _root: None,
    "the same bytes": same_bytes("src/app.py"),
    "the same bytes of an untracked file": same_bytes("notes.txt"),
    "the box of its own plan": lambda root: write(root / PLAN, "- [x] 1.1 d\n"),
    "an ignored file": lambda root: write(root / "build/out", "x"),
    "our own outputs": lambda root: [
        write(root / f"docs/plan-outputs/p/{name}", "x") for name in ("status.json", "findings/1-1.md")
    ],
    "a change that is taken back": lambda root: (write(root / "new", "x"), (root / "new").unlink()),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_is_changed_in_a_repository_is_seen(root, change):
    assert await remarks(root, CHANGES[change]) == []


@pytest.mark.parametrize("change", NO_CHANGES)
async def test_what_changes_nothing_in_it_is_seen_too(root, change):
    assert await remarks(root, NO_CHANGES[change]) == ["nothing_changed"]


@pytest.mark.parametrize(
    ("files", "deed", "expected"),
    [
        (("hello.txt",), lambda root: write(root / "other.txt", "x"), ["no_declared_file"]),
        (("hello.txt",), lambda root: write(root / "hello.txt", "x"), []),
        (("hello.txt",), lambda _root: None, ["no_declared_file", "nothing_changed"]),
        (("`src/app.py:3-9` (the loop)",), lambda root: write(root / "src/app.py", "x"), []),
        (("src/app.py",), same_bytes("src/app.py"), ["nothing_changed"]),
        (("src/app.py", "docs/"), lambda root: write(root / "docs/a/b.md", "x"), []),
        (("src/",), lambda root: write(root / "docs/b.md", "x"), ["no_declared_file"]),
        (("src/*.py",), lambda root: write(root / "src/new.py", "x"), []),
        (("src/**/*.ts",), lambda root: write(root / "src/deep/er/new.ts", "x"), []),
        (("src/**/*.ts",), lambda root: write(root / "src/app.py", "x"), ["no_declared_file"]),
        (("app.py",), lambda root: write(root / "src/app.py", "x"), []),
        (("build/out",), lambda root: write(root / "build/out", "x"), []),
        (("the parser and its tests",), lambda root: write(root / "src/app.py", "x"), []),
        (("everything",), lambda root: write(root / "src/app.py", "x"), []),
        (("../outside.txt",), lambda root: write(root.parent / "outside.txt", "x"), []),
    ],
)
async def test_whether_a_declared_file_was_touched(root, files, deed, expected):
    assert await remarks(root, deed, *files) == expected


async def test_what_git_cannot_say_is_not_known(root, tmp_path, monkeypatch):
    assert (await look(root)).tree is not None
    assert (await look(root, tree=make_tree(None))).tree is None
    (tmp_path / "plain").mkdir()
    assert (await look(tmp_path / "plain")).tree is None
    git(root, "init", "-q", "inner")
    write(root / "inner/file", "x")
    assert (await look(root)).tree is None
    shutil.rmtree(root / "inner")
    write(root / ".gitmodules", "")
    assert (await look(root)).tree is None


async def test_a_tree_that_is_too_large_is_not_looked_at_again(root, monkeypatch):
    tree = make_tree()
    monkeypatch.setattr(work_tree, "OUTPUT_BYTES_MAX", 10)
    assert (await look(root, tree=tree)).tree is None
    monkeypatch.undo()
    assert (await look(root, tree=tree)).tree is None
    monkeypatch.setattr(declared_files, "ENTRIES_MAX", 2)
    assert (await look(root, "src/")).files is None


async def test_git_does_not_hang_the_run(root, tmp_path, monkeypatch):
    slow = write(tmp_path / "git", "#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(work_tree, "LOOK_SECONDS", 0.2)
    assert (await look(root, tree=make_tree(str(slow)))).tree is None


async def test_nothing_that_the_repository_names_is_run(root, tmp_path):
    trap = write(tmp_path / "trap", f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in (
        *(
            "core.fsmonitor",
            "filter.a.b=c.clean",
            "filter.a.b=c.process",
            "filter.x.clean",
            "core.sshCommand",
        ),
        *("diff.external", "core.pager", "core.editor", "core.askPass", "credential.helper"),
    ):
        git(root, "config", key, str(trap))
    git(root, "config", "filter.x.required", "true")
    git(root, "config", "core.hooksPath", str(tmp_path / "hooks"))
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        write(tmp_path / "hooks" / hook, trap.read_text()).chmod(0o755)
    write(root / ".gitattributes", "*.py filter=x\n*.txt filter=a.b=c\n")
    # As if its time had not been looked at: git must read it again.
    os.utime(root / "src/app.py", ns=(5, 5))
    first, second = await look(root), await look(root)
    assert first.tree is not None
    assert first == second
    assert not (tmp_path / "sprung").exists()
    git(root, "status")
    assert (tmp_path / "sprung").exists(), "the trap would have been sprung"


async def test_a_look_leaves_the_index_as_it_is(root):
    os.utime(root / "src/app.py", ns=(5, 5))
    before = (root / ".git/index").read_bytes()
    await look(root)
    assert (root / ".git/index").read_bytes() == before
