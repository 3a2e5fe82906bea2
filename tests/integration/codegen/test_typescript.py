"""The TypeScript kit in node: its types under every strict option, its calls, and its watch."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import node
import pytest

from orchestrator.codegen.__main__ import FOLDER

SOURCES = node.TYPESCRIPT
GZIP_BYTES_MAX = 4_096
pytestmark = [pytest.mark.needs_node, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def tools() -> Path:
    return node.installed(SOURCES) / "node_modules"


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("compiler", ["typescript-7", pytest.param("typescript", marks=pytest.mark.long)])
def test_the_types_hold_under_every_strict_option(tmp_path, tools, strict_options, compiler):
    (tmp_path / "types").mkdir()
    (tmp_path / "lib").mkdir()
    shutil.copy(FOLDER / "api-types.ts", tmp_path / "types")
    shutil.copy(FOLDER / "api-client.ts", tmp_path / "lib")
    text = (SOURCES / "src" / "types.test-d.ts").read_text()
    (tmp_path / "types.test-d.ts").write_text(text.replace(
        "../../../docs/plan-outputs/orchestrator-api-server/api-client", "./lib/api-client"
    ))  # fmt: skip
    options = {
        **strict_options, "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "types": [],
        "lib": ["es2023", "dom", "dom.iterable"],
    }  # fmt: skip
    config = {"compilerOptions": options, "files": ["types.test-d.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    run("node", tools / compiler / "bin" / "tsc", "--project", tmp_path, cwd=tmp_path)


@pytest.mark.parametrize("name", ["calls", "watch"])
def test_in_node(tmp_path, tools, name):
    bundle = tmp_path / f"{name}.test.mjs"
    run(
        tools / ".bin" / "esbuild", SOURCES / "src" / f"{name}.test.ts",
        "--bundle", "--platform=node", "--format=esm", "--sourcemap=inline", f"--outfile={bundle}", cwd=tmp_path,
    )  # fmt: skip
    said = run("node", "--enable-source-maps", "--test", "--test-reporter=tap", bundle, cwd=tmp_path)
    assert "# fail 0" in said
    assert "# pass 0" not in said


def test_its_size_is_what_the_readme_says_and_small(tmp_path, tools):
    def sizes(code: str) -> tuple[int, int]:
        (tmp_path / "used.ts").write_text(code)
        bundle = tmp_path / "used.js"
        run(
            tools / ".bin" / "esbuild", "used.ts", "--bundle", "--format=esm", "--minify", f"--outfile={bundle}",
            f"--alias:@={FOLDER}", cwd=tmp_path,
        )  # fmt: skip
        return bundle.stat().st_size, len(gzip.compress(bundle.read_bytes(), 9))

    client = sizes("import { createApiClient } from '@/api-client'; globalThis.used = createApiClient;")
    everything = sizes("export * from '@/api-client';")
    assert client[1] <= GZIP_BYTES_MAX
    said = re.search(
        r"minified (\S+) kB, gzipped (\S+) kB; with `applyEvent` (\S+) and (\S+) kB",
        (FOLDER / "README.md").read_text(),
    )
    assert said
    assert list(map(float, said.groups())) == [round(size / 1000, 1) for size in (*client, *everything)]
