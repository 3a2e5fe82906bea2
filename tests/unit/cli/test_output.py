"""What is printed cannot steer the terminal, and nothing is printed past what sees to that."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_text import STEERING, raw_characters
from rich.console import Console
from rich.text import Text

import orchestrator.cli
from orchestrator.cli import output
from orchestrator.cli.safe_view import live, write_above

FOLDER = Path(orchestrator.cli.__file__).parent
PRINTERS = {"output.py", "safe_view.py"}
STREAMS = {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
FORBIDDEN = {
    "print",
    "pprint",
    "Console",
    "Live",
    "StreamHandler",
    "basicConfig",
    "echo",
    "secho",
    "print_exc",
}


def writes(source: str) -> Iterator[str]:
    """The calls in a module that could write to the terminal."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        of_stream = name in {"write", "writelines"} and owner.removesuffix(".buffer") in STREAMS
        handed_on = any(ast.unparse(k.value) in STREAMS for k in node.keywords if k.arg in {"file", "stream"})
        if name in FORBIDDEN or of_stream or handed_on or called == "os.write":
            yield f"line {node.lineno}: {called}"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("**/*.py")), ids=lambda path: path.stem)
def test_no_other_module_writes_to_the_terminal(path):
    if path.name not in PRINTERS:
        assert not list(writes(path.read_text())), "use orchestrator.cli.output"


@pytest.mark.parametrize(
    "call",
    [
        "print(x)",
        "sys.stderr.write(x)",
        "sys.stdout.buffer.write(x)",
        "Console()",
        "live.console.print(x)",
        "f(file=sys.stderr)",
        "typer.echo(x)",
    ],
)
def test_each_way_to_write_is_known(call):
    assert list(writes(call))


def test_a_text_a_document_and_an_error_are_safe(capsys):
    output.write(STEERING)
    output.write_json(json.dumps([STEERING], ensure_ascii=False))
    output.write_error(STEERING)
    told = capsys.readouterr()
    assert not raw_characters(told.out + told.err)
    assert json.loads(told.out.splitlines()[-1]) == [STEERING]


def test_halves_of_characters_can_be_printed(capsys):
    output.write("half \ud800")
    output.write_error("half \udfff")
    assert capsys.readouterr().out == "half \ufffd\n"


def test_a_view_is_safe_whatever_it_draws():
    console = Console(file=io.StringIO(), width=60, force_terminal=True)
    shown = live(Text(f"a {STEERING} b\nnext", style="red"), 8)
    console.print(shown.renderable)
    shown.console = console
    write_above(shown, f"x {STEERING} y\nz")
    told = console.file.getvalue()
    assert raw_characters(told) <= {"\x1b"}, "the view's own colours need it"
    for sequence in ("]0;", "]52;", "[2J", "P1$", "c\x9b"):
        assert f"\x1b{sequence}" not in told
    assert "\x1b[31m" in told


def test_a_warning_without_a_log_is_safe(capsys, monkeypatch):
    monkeypatch.setattr(logging, "lastResort", logging._StderrHandler(logging.WARNING))
    output.keep_warnings_safe()
    logging.lastResort.handle(logging.LogRecord("a", logging.ERROR, __file__, 1, STEERING, (), None))
    assert not raw_characters(capsys.readouterr().err)


def test_a_record_of_the_log_is_one_safe_line():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(output.SafeFormatter("%(levelname)s %(message)s"))
    error = ValueError(STEERING)
    for message, exc_info in (
        (f"GET /a{STEERING}\nERROR false", None),
        ("failed", (ValueError, error, None)),
    ):
        handler.handle(logging.LogRecord("a", logging.ERROR, __file__, 1, message, (), exc_info))
    told = stream.getvalue()
    assert not raw_characters(told)
    assert told.splitlines()[0].startswith("ERROR GET /a")
    assert told.splitlines()[1] == "ERROR failed"
