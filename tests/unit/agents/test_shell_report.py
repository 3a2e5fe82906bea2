"""The finding and the error of a shell job."""

import pytest

from orchestrator.agents.shell_report import (
    ERROR_LENGTH_MAX,
    FINDING_LENGTH_MAX,
    BlockReport,
    error_sentence,
    fenced,
    finding,
)
from orchestrator.domain.plan import CodeBlock


def report(number=1, total=1, text="make", output="", **fields):
    made = BlockReport(CodeBlock("bash", text, 1), number, total, **fields)
    made.output.add(output)
    return made


def test_a_finding_tells_command_exit_code_duration_and_output():
    text = finding(
        [report(text="make test", output="12 passed\n", exit_code=0, duration_seconds=1.234)], None
    )
    assert text == (
        "## Block 1 of 1\n\n```bash\nmake test\n```\n\n"
        "Block 1 ended with exit code 0, after 1.23 s.\n\n```text\n12 passed\n```\n"
    )


def test_a_block_without_output_says_so():
    assert "No output." in finding([report(exit_code=0)], None)


def test_a_fence_is_longer_than_any_in_the_text():
    assert fenced("a\n````\nb", "text") == "`````text\na\n````\nb\n`````\n"
    assert fenced("`x`", "").startswith("```\n")


@pytest.mark.parametrize("total", [1, 2, 7, 81, 200, 1000])
def test_a_finding_is_bounded_however_many_blocks_and_however_long(total):
    reports = [
        report(n, total, "echo x\n" * 10_000, "y" * 200_000, exit_code=0, leftovers=1)
        for n in range(1, total + 1)
    ]
    text = finding(reports, None)
    assert FINDING_LENGTH_MAX // 2 < len(text) <= FINDING_LENGTH_MAX
    assert f"## Block {total} of {total}" in text
    assert "## Block 1 of" in text
    assert ("blocks that ended well are left out" in text) == (total > 81)


def test_the_error_names_the_block_its_end_and_the_last_lines():
    failed = report(2, 3, output="\n".join(f"line {n}" for n in range(50)) + "\n", exit_code=1)
    sentence = error_sentence(failed)
    assert sentence.startswith("block 2 of 3 ended with exit code 1: ")
    assert sentence.endswith("line 48\nline 49")
    assert "line 10" not in sentence


def test_the_error_is_bounded():
    assert len(error_sentence(report(output="x" * 50_000, exit_code=1))) <= ERROR_LENGTH_MAX


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"exit_code": -9}, "was ended by SIGKILL"),
        ({"exit_code": None}, "was lost"),
        ({"problem": "could not be started: no more processes"}, "could not be started: no more processes"),
        ({"exit_code": 0, "survivors": 2}, "not all of it could be ended (processes left: 2)"),
    ],
)
def test_other_ends_are_told_too(fields, says):
    made = report(**fields)
    assert not made.is_ok
    assert says in error_sentence(made)


def test_an_exit_code_by_signal_is_told_as_shells_do():
    assert report(exit_code=-15).shell_exit_code == 143
    assert report(exit_code=3).shell_exit_code == 3
    assert report().shell_exit_code is None


def test_a_block_that_waited_for_input_names_the_program():
    report = BlockReport(CodeBlock("bash", "less log.txt", 1), 1, 2, exit_code=-15, waiting_program="less")
    assert not report.is_ok
    assert error_sentence(report) == (
        "block 1 of 2 was ended because it waited for input: `less` was reading the terminal, where nobody is"
    )


def test_a_block_that_was_ended_for_waiting_has_failed_whatever_its_exit_code():
    report = BlockReport(CodeBlock("bash", "more log.txt", 1), 1, 1, exit_code=0, waiting_program="more")
    assert not report.is_ok
