"""openapi.json as a file, without a server or a database: `python -m orchestrator.codegen.openapi_file`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestrator.api.app import bare_app
from orchestrator.api.metrics import Metrics
from orchestrator.api.openapi import document_bytes
from orchestrator.api.settings import ApiSettings

PATH = Path("docs/plan-outputs/orchestrator-api-server/openapi.json")
STALE = "{path} is not what the code says. Run `make generate` and commit the result."


def openapi_document() -> bytes:
    """The bytes of openapi.json; the same code always gives the same ones."""
    return document_bytes(bare_app(ApiSettings.model_construct(), Metrics()))


def is_stale(path: Path) -> bool:
    """Whether the file is missing or differs from the document."""
    return not path.is_file() or path.read_bytes() != openapi_document()


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or with --check only compare it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.codegen.openapi_file", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the file is stale")
    parser.add_argument("--output", type=Path, default=PATH, help="the file (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    path: Path = chosen.output
    if chosen.check:
        if is_stale(path):
            sys.stderr.write(STALE.format(path=path) + "\n")
            return 1
        return 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(openapi_document())
    except OSError as error:
        sys.stderr.write(f"Cannot write {path}: {error.strerror}.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
