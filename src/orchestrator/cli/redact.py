"""What `orchestrator redact` does: a text without its secrets, or where in it they are."""

from __future__ import annotations

import json as json_module
import os
import sys
from pathlib import Path

from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.output import write, write_error, write_json
from orchestrator.domain.errors import UsageError
from orchestrator.domain.redaction import Found, redactor

BYTES_MAX = 64 * 1024 * 1024


def show_redacted(file: str) -> int:
    """Print the text without its secrets."""
    text = _text(file)
    clean = redactor(os.environ)(text)
    write(clean.removesuffix("\n"))
    return ExitCode.COMPLETED


def show_secrets(file: str, *, json: bool) -> int:
    """Print where secrets are and of which kind, never what they are; FAILED where there is one."""
    text = _text(file)
    hits = redactor(os.environ).found(text)
    places = [(*_place(text, hit), hit) for hit in hits]
    name = "stdin" if file == "-" else file
    if json:
        told = [
            {"line": line, "column": column, "length": hit.end - hit.start, "kind": hit.kind}
            for line, column, hit in places
        ]
        write_json(json_module.dumps({"file": name, "found": told}, ensure_ascii=False))
    else:
        for line, column, hit in places:
            write(f"{name}:{line}:{column}: {hit.kind}, {hit.end - hit.start} characters")
        write_error(f"{len(hits) or 'No'} secret{'' if len(hits) == 1 else 's'} found.")
    return ExitCode.FAILED if hits else ExitCode.COMPLETED


def _place(text: str, hit: Found) -> tuple[int, int]:
    """Its line and column, from 1."""
    return text.count("\n", 0, hit.start) + 1, hit.start - text.rfind("\n", 0, hit.start)


def _text(file: str) -> str:
    """The file's text, or what stdin has; raises UsageError."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from error
    if len(data) > BYTES_MAX:
        raise UsageError(f"{file} is larger than {BYTES_MAX // 2**20} MiB.")
    return data.decode(errors="replace")
