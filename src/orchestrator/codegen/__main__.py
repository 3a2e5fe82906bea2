"""Writes the TypeScript kit: `python scripts/generate_api_types.py`, or `python -m orchestrator.codegen`."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from itertools import islice
from pathlib import Path

from orchestrator.api.openapi import Version
from orchestrator.codegen.openapi_file import openapi_document
from orchestrator.codegen.typescript_client import render_client
from orchestrator.codegen.typescript_types import TypesUnavailable, render_types

FOLDER = Path(__file__).parents[3] / "docs" / "plan-outputs" / "orchestrator-api-server"
"""In the checkout, wherever the program is called from."""
TYPES_IMPORT = "../types/api-types"
DIFF_LINES_MAX = 60


class Outcome(IntEnum):
    """The exit codes."""

    DONE = 0
    STALE = 1
    USAGE = 2
    NO_TYPES = 3


def main(arguments: list[str] | None = None) -> Outcome:
    """Write the files, or compare or print them; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.stdout and chosen.check:
        parser.error("--stdout and --check exclude each other")
    if not chosen.types_import.strip():
        parser.error("--types-import names a module, such as ../types/api-types")
    version: Version = chosen.openapi_version
    if chosen.stdout:
        sys.stdout.buffer.write(openapi_document(version))
        return Outcome.DONE
    files = _files(version, chosen.types_import, with_typescript=chosen.typescript)
    deal: Callable[[Path, bytes], bool] = _is_current if chosen.check else _write
    outcome = Outcome.DONE
    for name, render in files.items():
        try:
            if not deal(chosen.output_dir / name, render()):
                outcome = Outcome.STALE
        except TypesUnavailable as error:
            sys.stderr.write(f"{name} is not generated. {error}\n")
            outcome = outcome or Outcome.NO_TYPES
        except OSError as error:
            sys.stderr.write(f"{chosen.output_dir / name} cannot be read or written: {error.strerror}.\n")
            return Outcome.USAGE
    if outcome is Outcome.STALE:
        repair = "make generate"
        if chosen.output_dir != FOLDER:
            repair = f"python scripts/generate_api_types.py --output-dir {chosen.output_dir}"
        sys.stderr.write(f"Generated files are not what the code says. Run `{repair}` and commit them.\n")
    return outcome


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate_api_types.py",
        description="Writes openapi.json, api-types.ts and api-client.ts from the API server's code.",
        epilog="Exit codes: 0 done; 1 stale (--check); 2 wrong usage, or a file cannot be written; "
        "3 node or its package is missing, everything else is done.",
    )
    add = parser.add_argument
    add("--output-dir", type=Path, default=FOLDER, help="where they go (default: %(default)s)")
    add("--stdout", action="store_true", help="print openapi.json, and write nothing")
    add("--check", action="store_true", help="write nothing; exit 1 with a diff when a file is stale")
    add("--no-typescript", dest="typescript", action="store_false", help="openapi.json alone; needs no node")
    add(
        "--types-import", default=TYPES_IMPORT, metavar="MODULE",
        help="where api-client.ts finds its types (default: %(default)s)",
    )  # fmt: skip
    add("--openapi-version", choices=("3.0", "3.1"), default="3.0", help="(default: %(default)s)")
    return parser


def _files(
    version: Version, types_import: str, *, with_typescript: bool
) -> Mapping[str, Callable[[], bytes]]:
    document = openapi_document(version)
    files: dict[str, Callable[[], bytes]] = {"openapi.json": lambda: document}
    if with_typescript:
        # Both come from the same document whichever version of OpenAPI is written.
        plain = document if version == "3.0" else openapi_document()
        files["api-client.ts"] = lambda: render_client(json.loads(plain), types_import)
        files["api-types.ts"] = lambda: render_types(plain)
    return files


def _write(path: Path, content: bytes) -> bool:
    is_new = not path.is_file() or path.read_bytes() != content
    if is_new:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.new")
        half.write_bytes(content)
        half.replace(path)
    sys.stderr.write(f"{path.name:<14} {'written' if is_new else 'unchanged'}\n")
    return True


def _is_current(path: Path, content: bytes) -> bool:
    if not path.exists():
        sys.stderr.write(f"{path} is missing.\n")
        return False
    committed = path.read_bytes()
    if committed == content:
        return True
    lines = difflib.unified_diff(
        committed.decode(errors="replace").splitlines(),
        content.decode().splitlines(),
        str(path),
        "what the code says",
        lineterm="",
    )
    print("\n".join(islice(lines, DIFF_LINES_MAX)))  # noqa: T201 - the diff is what was asked for
    if (left := sum(1 for _ in lines)) > 0:
        print(f"… and {left} more lines")  # noqa: T201 - the same
    return False


if __name__ == "__main__":
    sys.exit(main())
