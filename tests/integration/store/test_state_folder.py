"""Where state is kept and whose it is, with every kind of repository that git makes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from git_repositories import committed, git, repository, root_commit

from orchestrator.domain.errors import StorageError, UsageError
from orchestrator.store import filesystems, project_identity
from orchestrator.store.git_folder import find_repository
from orchestrator.store.state_folder import ProjectState, open_state
from orchestrator.store.state_place import find_place

NOBODY = 65534


@pytest.fixture
def user_state(monkeypatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "plan-orchestrator"


@pytest.fixture(autouse=True)
def _no_other_state(user_state) -> None:
    """Every test has a user of its own."""


def use(root: Path) -> ProjectState:
    """Open the state as one that has a database."""
    state = open_state(root)
    (state.folder / "orchestrator.db").touch()
    return state


def test_a_plain_repository_keeps_it_in_its_git_folder_for_its_user_alone(tmp_path) -> None:
    root = repository(tmp_path / "p")
    state = open_state(root)
    assert state.folder == root / ".git/orchestrator"
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in state.folder.iterdir()} == {0o600}
    assert (state.project, state.checkout, state.notices) == (f"commit:{root_commit(root)}", "", ())
    assert git(root, "status", "--porcelain", "--ignored") == ""
    git(root, "gc", "-q", "--prune=now")
    git(root, "clean", "-fdxq")
    assert open_state(root).project == state.project


def test_a_folder_of_a_repository_is_a_project_of_its_own_in_the_same_place(tmp_path) -> None:
    root = repository(tmp_path / "p")
    (root / "packages/app").mkdir(parents=True)
    top, app = open_state(root), open_state(root / "packages/app")
    assert app.folder == top.folder
    assert app.project == f"{top.project}/packages/app"
    assert app.chosen_plan != top.chosen_plan
    assert not (root / "packages/app/.orchestrator").exists()


def test_a_linked_worktree_shares_the_folder_and_is_another_checkout(tmp_path) -> None:
    root = repository(tmp_path / "p")
    git(root, "worktree", "add", "-q", str(tmp_path / "deep/feature"), "-b", "feature")
    main, linked = open_state(root), open_state(tmp_path / "deep/feature")
    assert (linked.folder, linked.project) == (main.folder, main.project)
    assert (main.checkout, linked.checkout) == ("", "feature")
    assert linked.chosen_plan != main.chosen_plan
    git(root, "worktree", "remove", str(tmp_path / "deep/feature"))
    assert open_state(root).project == main.project


def test_a_submodule_keeps_it_in_the_git_folder_that_its_file_names(tmp_path) -> None:
    library = repository(tmp_path / "library", "library")
    root = repository(tmp_path / "p")
    git(root, "submodule", "add", "-q", str(library), "lib")
    state = open_state(root / "lib")
    assert (root / "lib/.git").is_file()
    assert state.folder == root / ".git/modules/lib/orchestrator"
    assert state.project == f"commit:{root_commit(library)}"
    git(root / "lib", "clean", "-fdxq")
    assert open_state(root / "lib").project == state.project


def test_a_bare_repository_and_its_worktrees_keep_it_in_the_bare_one(tmp_path) -> None:
    source = repository(tmp_path / "source")
    (tmp_path / "p").mkdir()
    git(tmp_path / "p", "clone", "-q", "--bare", str(source), ".bare")
    (tmp_path / "p/.git").write_text("gitdir: ./.bare\n")
    git(tmp_path / "p", "worktree", "add", "-q", "work", "main")
    states = [open_state(tmp_path / "p" / name) for name in ("", ".bare", "work")]
    assert {state.folder for state in states} == {tmp_path / "p/.bare/orchestrator"}
    assert {state.project for state in states} == {f"commit:{root_commit(source)}"}
    assert [state.checkout for state in states] == ["", "", "work"]


def test_a_git_folder_that_lies_elsewhere_is_found(tmp_path) -> None:
    (tmp_path / "p").mkdir()
    git(tmp_path / "p", "init", "-q", f"--separate-git-dir={tmp_path / 'far'}")
    assert open_state(tmp_path / "p").folder == tmp_path / "far/orchestrator"


def test_without_a_repository_it_is_in_the_root_and_ignored_by_one_that_comes_later(tmp_path) -> None:
    (tmp_path / "p/.git").mkdir(parents=True)
    state = open_state(tmp_path / "p")
    assert state.folder == tmp_path / "p/.orchestrator"
    assert state.project.startswith("made:")
    assert open_state(tmp_path / "p").project == state.project
    git(tmp_path / "p", "init", "-q")
    assert git(tmp_path / "p", "status", "--porcelain") == ""


def test_one_repository_at_two_paths_is_one_project_in_one_folder(tmp_path) -> None:
    root = repository(tmp_path / "p")
    (tmp_path / "link").symlink_to(root)
    assert open_state(tmp_path / "link").folder == open_state(root).folder


def test_clones_are_one_project_and_another_repository_at_the_same_path_is_another(tmp_path) -> None:
    root = repository(tmp_path / "p")
    git(tmp_path, "clone", "-q", str(root), "clone")
    first = open_state(root)
    assert open_state(tmp_path / "clone").project == first.project
    shutil.rmtree(root)
    assert open_state(repository(tmp_path / "p", "two")).project != first.project


def test_the_id_that_was_found_first_stays(tmp_path) -> None:
    (tmp_path / "p").mkdir()
    git(tmp_path / "p", "init", "-q")
    before = open_state(tmp_path / "p")
    assert before.project.startswith("made:")
    assert open_state(repository(tmp_path / "p")).project == before.project


@pytest.mark.parametrize("is_shallow", [True, False])
def test_without_its_first_commit_a_repository_has_the_address_of_its_remote(tmp_path, is_shallow) -> None:
    root = tmp_path / "p"
    if is_shallow:
        (repository(tmp_path / "source") / "b.txt").write_text("b")
        committed(tmp_path / "source")
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path / 'source'}", "p")
        git(root, "remote", "set-url", "origin", "git@example.org:me/it.git")
    else:
        root.mkdir()
        git(root, "init", "-q")
        git(root, "remote", "add", "other", "https://example.org/other.git")
        git(root, "remote", "add", "origin", "https://me:secret@Example.org/me/it.git")
    assert open_state(root).project == "remote:example.org/me/it"


def test_a_missing_git_is_no_obstacle(tmp_path, monkeypatch) -> None:
    root = repository(tmp_path / "p")
    git(root, "remote", "add", "origin", "https://example.org/me/it.git")
    monkeypatch.setenv("PATH", str(tmp_path))
    state = open_state(root)
    assert (state.folder, state.project) == (root / ".git/orchestrator", "remote:example.org/me/it")


def test_git_is_asked_once(tmp_path, monkeypatch) -> None:
    root = repository(tmp_path / "p")
    open_state(root)
    monkeypatch.setattr(project_identity, "_root_commit", None)
    open_state(root)


def test_nothing_that_the_repository_configures_is_run(tmp_path) -> None:
    """A promisor remote is asked for objects that are missing, over a transport that can be any program."""
    root = repository(tmp_path / "p")
    for number in range(2):
        (root / "a.txt").write_text(str(number))
        committed(root)
    first = root_commit(root)
    trap = f"touch {tmp_path / 'trapped'}"
    for name, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{trap}",
        "protocol.ext.allow": "always",
        "core.fsmonitor": trap,
        "core.pager": trap,
        "core.sshCommand": trap,
    }.items():
        git(root, "config", name, value)
    (root / ".git/objects" / first[:2] / first[2:]).unlink()
    state = open_state(root)
    assert state.project.startswith("made:")
    assert not (tmp_path / "trapped").exists()
    # It would have been: the same question without our precautions.
    subprocess.run(["git", "-C", root, "rev-list", "HEAD"], check=False, capture_output=True)
    assert (tmp_path / "trapped").exists()


@pytest.mark.needs_root
def test_a_git_folder_of_another_owner_is_not_used(tmp_path, user_state) -> None:
    root = repository(tmp_path / "p")
    os.chown(root / ".git", NOBODY, NOBODY)
    state = open_state(root)
    assert state.folder.parent == user_state
    assert state.project == f"commit:{root_commit_of_foreign(root)}"
    assert state.notices == (f"State is kept in {state.folder}, because {root}/.git belongs to nobody.",)
    assert not (root / ".git/orchestrator").exists()
    assert open_state(root).folder == state.folder


def root_commit_of_foreign(root: Path) -> str:
    return git(
        root, "-c", "safe.directory=*", f"--git-dir={root}/.git", "rev-list", "--max-parents=0", "HEAD"
    )


@pytest.fixture
def read_only(monkeypatch):
    """Makes folders look read-only, also to root."""
    folders: set[Path] = set()
    access = os.access

    def refuse(path, mode, **options) -> bool:
        return not (mode & os.W_OK and Path(path) in folders) and access(path, mode, **options)

    monkeypatch.setattr(os, "access", refuse)
    return folders.add


def test_a_read_only_git_folder_is_not_used(tmp_path, user_state, read_only) -> None:
    root = repository(tmp_path / "p")
    read_only(root / ".git")
    state = open_state(root)
    assert state.folder.parent == user_state
    assert "cannot be written" in state.notices[0]
    assert not (root / ".orchestrator").exists()


def test_a_history_that_cannot_be_written_is_not_begun_anew_elsewhere(tmp_path, read_only) -> None:
    root = repository(tmp_path / "p")
    use(root)
    read_only(root / ".git")
    with pytest.raises(StorageError, match=r"\.git cannot be written\. Make it writable"):
        open_state(root)


def test_a_network_file_system_is_not_used(tmp_path, user_state, monkeypatch) -> None:
    root = repository(tmp_path / "p")
    table = tmp_path / "mountinfo"
    table.write_text(f"2 1 0:2 / {root} rw - nfs4 server:/x rw\n")
    monkeypatch.setattr(filesystems, "MOUNT_TABLE", table)
    state = open_state(root)
    assert state.folder.parent == user_state
    assert "network file system (nfs4)" in state.notices[0]


def test_a_worktree_alone_in_a_container_has_its_state_with_the_user(tmp_path, user_state) -> None:
    root = repository(tmp_path / "p")
    git(root, "worktree", "add", "-q", str(tmp_path / "work"))
    root.rename(tmp_path / "not-mounted")
    state = open_state(tmp_path / "work")
    assert state.folder.parent == user_state
    assert f"{root}/.git/worktrees/work, which" in state.notices[0]
    assert open_state(tmp_path / "work").project == state.project
    # Another project that is mounted at the same path is another one.
    shutil.rmtree(tmp_path / "work")
    (tmp_path / "kept-number").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/.git").write_text("gitdir: /nowhere/.git/worktrees/work\n")
    assert open_state(tmp_path / "work").project != state.project


def test_a_repository_that_was_moved_keeps_its_state(tmp_path) -> None:
    state = use(repository(tmp_path / "p"))
    (tmp_path / "p").rename(tmp_path / "moved")
    moved = open_state(tmp_path / "moved")
    assert (moved.folder, moved.project) == (tmp_path / "moved/.git/orchestrator", state.project)
    assert moved.notices == ()


def test_a_copy_of_ones_own_keeps_it_too(tmp_path) -> None:
    state = use(repository(tmp_path / "p"))
    shutil.copytree(tmp_path / "p", tmp_path / "copy")
    copied = open_state(tmp_path / "copy")
    assert (copied.project, copied.notices) == (state.project, ())
    assert (copied.folder / "orchestrator.db").exists()


def test_a_container_with_a_home_of_its_own_keeps_it_too(tmp_path, monkeypatch) -> None:
    state = use(repository(tmp_path / "p"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "fresh"))
    assert (open_state(tmp_path / "p").project, (state.folder / "orchestrator.db").exists()) == (
        state.project,
        True,
    )


def from_an_archive(root: Path, tmp_path: Path, monkeypatch) -> Path:
    """What unpacking somebody else's archive of the project leaves."""
    shutil.copytree(root, tmp_path / "unpacked", symlinks=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "somebody-else"))
    return tmp_path / "unpacked"


@pytest.mark.parametrize("has_git", [True, False])
def test_state_that_came_with_an_archive_is_set_aside(tmp_path, monkeypatch, has_git) -> None:
    root = tmp_path / "p"
    if has_git:
        repository(root)
    else:
        root.mkdir()
    name = use(root).folder.name
    unpacked = from_an_archive(root, tmp_path, monkeypatch)
    state = open_state(unpacked)
    [notice] = state.notices
    assert "was not made by this user on this machine" in notice
    assert not (state.folder / "orchestrator.db").exists()
    [aside] = state.folder.parent.glob(f"{name}.set-aside-*")
    assert (aside / "orchestrator.db").exists()
    assert open_state(unpacked).notices == ()


@pytest.mark.parametrize("mark", ["{", "[]", '{"id": 1}', ""])
def test_state_without_a_mark_is_set_aside(tmp_path, mark) -> None:
    folder = use(repository(tmp_path / "p")).folder
    (folder / "project.json").write_text(mark)
    assert "set aside" in open_state(tmp_path / "p").notices[0]


def test_a_state_folder_that_is_a_link_leads_nowhere(tmp_path) -> None:
    other, root = use(repository(tmp_path / "other")), repository(tmp_path / "p", "p")
    (root / ".git/orchestrator").symlink_to(other.folder)
    state = open_state(root)
    assert state.project != other.project
    assert not state.folder.is_symlink()


@pytest.mark.parametrize(
    "text", ["", "gitdir:", "something else", "gitdir: \0", "gitdir: /nowhere\n", "\xff"]
)
def test_a_git_file_that_names_no_git_folder_is_a_repository_that_cannot_be_reached(tmp_path, text) -> None:
    (tmp_path / ".git").write_text(text, encoding="latin-1")
    found = find_repository(tmp_path)
    assert found is not None
    assert found.problem is not None
    assert find_place(tmp_path).folder.name != ".orchestrator"


@pytest.mark.parametrize("name", ["", "-x", "a/b", "..", "a b", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(tmp_path, name) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a checkout"):
        open_state(tmp_path, name)


def test_a_checkout_can_be_given_a_name(tmp_path) -> None:
    assert open_state(repository(tmp_path / "p"), "second").checkout == "second"
