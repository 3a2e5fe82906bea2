"""`python -m orchestrator.codegen`: the files of the kit, written, compared and printed."""

from __future__ import annotations

import json
import shutil

import pytest

from orchestrator.codegen import __main__ as door
from orchestrator.codegen import typescript_types
from orchestrator.codegen.openapi_file import openapi_document

KIT = door.FOLDER
FILES = ("openapi.json", "api-client.ts", "api-types.ts")


@pytest.fixture
def no_node(monkeypatch):
    monkeypatch.setattr(typescript_types.shutil, "which", lambda _name: None)


@pytest.mark.needs_node
def test_the_committed_files_are_what_the_code_says(capsys):
    assert door.main(["--check"]) == door.Outcome.DONE, capsys.readouterr().out


@pytest.mark.needs_node
def test_writing_again_changes_nothing(tmp_path, capsys):
    assert door.main(["--output-dir", str(tmp_path / "deep" / "kit")]) == door.Outcome.DONE
    before = {name: (tmp_path / "deep/kit" / name).stat().st_ino for name in FILES}
    assert [(tmp_path / "deep/kit" / name).read_bytes() for name in FILES] == [
        (KIT / name).read_bytes() for name in FILES
    ]
    capsys.readouterr()
    assert door.main(["--output-dir", str(tmp_path / "deep" / "kit")]) == door.Outcome.DONE
    assert capsys.readouterr().err.split() == [word for name in FILES for word in (name, "unchanged")]
    assert {name: (tmp_path / "deep/kit" / name).stat().st_ino for name in FILES} == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.needs_node
def test_a_stale_file_is_shown_and_what_to_run_is_said(tmp_path, capsys, name):
    for file in FILES:
        shutil.copy(KIT / file, tmp_path)
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace("skipTask", "leaveTask"))
    assert door.main(["--check", "--output-dir", str(tmp_path)]) == door.Outcome.STALE
    said = capsys.readouterr()
    assert "leaveTask" in said.out
    assert "skipTask" in said.out
    assert f"python scripts/generate_api_types.py --output-dir {tmp_path}" in said.err
    assert (tmp_path / name).read_text() == text.replace("skipTask", "leaveTask")


def test_a_file_that_is_missing_is_stale(tmp_path, capsys):
    assert door.main(["--check", "--no-typescript", "--output-dir", str(tmp_path)]) == door.Outcome.STALE
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{tmp_path / 'openapi.json'} is missing." in said.err
    assert f"--output-dir {tmp_path}" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_node")
def test_without_node_the_other_files_are_written_and_what_to_do_is_said(tmp_path, capsys):
    assert door.main(["--output-dir", str(tmp_path)]) == door.Outcome.NO_TYPES
    said = capsys.readouterr().err
    assert "api-types.ts is not generated. node and npm are not installed." in said
    assert "--no-typescript" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api-client.ts", "openapi.json"]


@pytest.mark.needs_node
def test_a_package_that_cannot_be_installed_is_said(tmp_path, capsys, monkeypatch):
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "package-lock.json").write_text("no lock")
    monkeypatch.setattr(typescript_types, "PACKAGE", tmp_path)
    assert door.main(["--output-dir", str(tmp_path / "kit")]) == door.Outcome.NO_TYPES
    assert "npm ci failed with exit code" in capsys.readouterr().err


def test_an_installed_program_says_that_types_need_a_checkout(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(typescript_types, "PACKAGE", tmp_path / "nowhere")
    monkeypatch.setattr(typescript_types, "_node", lambda: "node")
    assert door.main(["--output-dir", str(tmp_path)]) == door.Outcome.NO_TYPES
    assert "in a checkout only" in capsys.readouterr().err


def test_the_document_alone_is_printed(tmp_path, capsysbinary):
    assert (
        door.main(["--stdout", "--openapi-version", "3.1", "--output-dir", str(tmp_path)])
        == door.Outcome.DONE
    )
    printed = capsysbinary.readouterr().out
    assert printed == openapi_document("3.1")
    assert json.loads(printed)["openapi"] == "3.1.0"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert (
        door.main(["--no-typescript", "--output-dir", str(tmp_path / "file" / "kit")]) == door.Outcome.USAGE
    )
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("--stdout", "--check"), ("--types-import", ""), ("--openapi-version", "2.0")]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        door.main(list(arguments))
    assert ended.value.code == door.Outcome.USAGE
    assert arguments[0] in capsys.readouterr().err
