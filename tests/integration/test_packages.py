"""The packages carry the dashboard, and installing from source needs no Node.js."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from dashboard import need_the_build
from doors import CHECKOUT

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

PAGE = "orchestrator/api/dashboard/index.html"


def build(kind: str, source: Path, folder: Path, **variables: str) -> Path:
    """The package of this kind (`sdist` or `wheel`), built from the source in a folder of its own."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    done = subprocess.run(
        command, cwd=source, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (package,) = folder.iterdir()
    return package


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    need_the_build()
    return build("sdist", CHECKOUT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def test_an_sdist_carries_the_page_and_not_what_it_is_made_of(unpacked):
    assert (unpacked / "src" / PAGE).exists()
    assert not (unpacked / "web").exists()


def test_a_wheel_of_the_sdist_has_the_page_without_node(unpacked, tmp_path):
    wheel = build("wheel", unpacked, tmp_path, PATH="/nowhere")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        page = archive.read(PAGE).decode()
    assert 'name="csp-nonce"' in page
    assert any(
        name.startswith("orchestrator/api/dashboard/dashboard/") and name.endswith(".js") for name in names
    )
    assert not [name for name in names if "node_modules" in name or name.startswith("web/")]


def test_a_wheel_without_the_dashboard_is_made_only_when_asked_for(tmp_path):
    source = tmp_path / "source"
    for part in ("src/orchestrator/cli", "web"):
        (source / part).mkdir(parents=True)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        (source / name).write_bytes((CHECKOUT / name).read_bytes())
    (source / "scripts").mkdir()
    (source / "scripts" / "dashboard.py").write_bytes((CHECKOUT / "scripts" / "dashboard.py").read_bytes())
    for module in ("__init__.py", "cli/__init__.py"):
        (source / "src" / "orchestrator" / module).write_bytes(
            (CHECKOUT / "src" / "orchestrator" / module).read_bytes()
        )
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(tmp_path / "out"),
    ]
    refused = subprocess.run(
        command,
        cwd=source,
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "ORCHESTRATOR_SKIP_DASHBOARD=1 builds the package without it" in refused.stderr
    wheel = build("wheel", source, tmp_path / "out", PATH="/nowhere", ORCHESTRATOR_SKIP_DASHBOARD="1")
    with zipfile.ZipFile(wheel) as archive:
        assert PAGE not in archive.namelist()
