from __future__ import annotations

import pytest

from orchestrator.codegen.commands_page import PAGE, STALE, Cell, cell, main, tables
from orchestrator.domain.commands import Resume, Shutdown
from orchestrator.domain.task_status import RunStatus, TaskStatus


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "commands.md"
    path.write_text(PAGE.read_text())
    return path


def test_a_stale_page_is_told_and_written_anew(page, capsys) -> None:
    assert main(["--check", "--page", str(page)]) == 0
    page.write_text(page.read_text().replace("409 `blocked`", "200, running"))
    assert main(["--check", "--page", str(page)]) == 1
    assert capsys.readouterr().err.strip() == STALE.format(path=page)
    assert main(["--page", str(page)]) == 0
    assert page.read_text() == PAGE.read_text()


def test_a_page_without_marks_is_left_alone_and_said(page, capsys) -> None:
    page.write_text("# Commands\n")
    assert main(["--page", str(page)]) == 2
    assert "the marks of the table 'run' are missing" in capsys.readouterr().err
    assert page.read_text() == "# Commands\n"


def test_cells_say_what_the_rules_say() -> None:
    assert cell(RunStatus.BLOCKED, TaskStatus.FAILED, Resume()) == Cell(409, "blocked")
    assert cell(RunStatus.STOPPED, TaskStatus.PENDING, Shutdown()) == Cell(200)
    assert cell(RunStatus.CRASHED, TaskStatus.PENDING, Shutdown()) == Cell(503, "orchestrator_crashed")
    assert cell(RunStatus.STARTING, TaskStatus.PENDING, Shutdown()) == Cell(200, becomes="stopping")


def test_every_table_has_a_row_for_each_status_of_the_orchestrator() -> None:
    for table in tables().values():
        assert len(table.splitlines()) == 2 + len(RunStatus)
