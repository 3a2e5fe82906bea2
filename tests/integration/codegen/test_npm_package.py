"""`make npm-package`, and what it packs in an empty TypeScript project."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import node
import pytest
from node import output_of
from snippets import snippets

from orchestrator.codegen.__main__ import FOLDER

PACKAGE = node.CHECKOUT / "packages" / "client"
USE = """\
import { ApiError, applyEvent, createApiClient, type OrchestratorInfo, type TaskChangedEvent } from '@plan-orchestrator/client';

const api = createApiClient({ baseUrl: 'http://127.0.0.1:9', onError: (error: ApiError) => console.log(error.status) });
try {
  const found: OrchestratorInfo[] = await api.listOrchestrators();
  console.log(found.length);
} catch (error) {
  if (error instanceof ApiError) console.log(error.problem.code, typeof applyEvent);
}
export const idOf = (event: TaskChangedEvent): string => event.data.task_id;
"""

pytestmark = [pytest.mark.needs_node, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project into which the package was installed, with no registry to ask."""
    output_of("make", "npm-package", cwd=node.CHECKOUT)
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    packed = node.CHECKOUT / "dist" / f"plan-orchestrator-client-{version}.tgz"
    project = tmp_path_factory.mktemp("project")
    (project / "package.json").write_text('{"name": "empty", "private": true, "type": "module"}')
    output_of("npm", "install", "--offline", "--no-audit", "--no-fund", packed, cwd=project)
    (project / "use.ts").write_text(USE)
    return project


def test_it_holds_the_two_files_and_no_dependency(project):
    installed = project / "node_modules" / "@plan-orchestrator" / "client"
    found = sorted(str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file())
    assert found == [
        "LICENSE", "README.md", "dist/api-client.d.ts", "dist/api-client.js", "dist/api-types.d.ts",
        "dist/api-types.js", "package.json",
    ]  # fmt: skip
    assert len(list((project / "node_modules").glob("[!.]*"))) == 1


def test_its_version_is_the_programs():
    program = tomllib.loads((node.CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    assert json.loads((PACKAGE / "package.json").read_text())["version"] == program


@pytest.mark.parametrize("resolution", ["nodenext", "bundler"])
@pytest.mark.parametrize("compiler", ["typescript", "typescript-7"])
def test_it_compiles_under_every_strict_option(project, strict_options, compiler, resolution):
    options = {
        **strict_options, "target": "es2022", "module": "nodenext" if resolution == "nodenext" else "esnext",
        "moduleResolution": resolution, "types": [], "lib": ["es2023", "dom"], "skipLibCheck": False,
    }  # fmt: skip
    config = project / f"tsconfig.{compiler}.{resolution}.json"
    config.write_text(json.dumps({"compilerOptions": options, "files": ["use.ts"]}))
    tools = node.installed(node.TYPESCRIPT) / "node_modules"
    output_of("node", tools / compiler / "bin" / "tsc", "--project", config, cwd=project)


def test_the_readmes_program_runs(project):
    (program,) = [one.text for one in snippets(FOLDER / "README.md") if one.language == "js"]
    (project / "readme.js").write_text(program.replace(":8000", ":9"))
    done = subprocess.run(["node", "readme.js"], cwd=project, capture_output=True, text=True, check=False)
    assert "http://127.0.0.1:9/api/orchestrators cannot be reached" in done.stderr


def test_it_runs(project):
    tools = node.installed(node.TYPESCRIPT) / "node_modules"
    output_of(
        tools / ".bin" / "esbuild",
        "use.ts",
        "--format=esm",
        "--outfile=use.js",
        "--log-level=error",
        cwd=project,
    )
    assert output_of("node", "use.js", cwd=project).split() == ["0", "network_error", "function"]
