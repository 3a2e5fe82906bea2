"""Makes the checkout's own `.venv` when it is missing or out of date, and runs commands in it.

Standard library only, for any Python 3.11 or newer: this runs before anything is installed.
`python scripts/checkout.py run|dev|bench` only sets up, `… claude` adds Claude Code; other scripts call
`run_in_venv`.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# Ctrl-C ends the set-up, and needs no traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {
    "run": ROOT / "requirements.txt",
    "dev": ROOT / "requirements-dev.txt",
    "bench": ROOT / "requirements-bench.txt",
}
"""Each holds all that the one before it holds."""


def run_in_venv(arguments: list[str], module: str = "orchestrator") -> None:
    """Replace this process by `python -m MODULE ARGUMENTS` in the checkout's environment."""
    ensure_venv("run")
    os.execv(PYTHON, [str(PYTHON), "-m", module, *arguments])  # noqa: S606 - our own program


def ensure_venv(what: str) -> None:
    """Install what `run` or `dev` needs, unless the same locks were installed before; exits on failure."""
    if sys.version_info < (3, 11):  # noqa: UP036 - any Python may start this script
        sys.exit(f"Plan Orchestrator needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if os.name != "posix":
        sys.stderr.write("Plan Orchestrator runs on Linux and macOS; on Windows, use it through WSL2.\n")
        sys.exit(2)
    wanted = _fingerprint(what)
    kinds = list(LOCKS)
    if any(_installed(kind) == _fingerprint(kind) for kind in kinds[kinds.index(what) :]):
        return
    _say(f"Setting up {VENV.relative_to(ROOT)} (once; takes a minute or so) …")
    if not PYTHON.exists():
        _make_venv()
    _install(LOCKS[what])
    _stamp(what).write_text(wanted)
    _say("Ready.")


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    if shutil.which("uv"):
        _do("uv", "venv", "--quiet", "--python", sys.executable, str(VENV))
        return
    try:
        _do(sys.executable, "-m", "venv", str(VENV))
    except SystemExit:
        shutil.rmtree(VENV, ignore_errors=True)
        _say("This Python cannot make environments: install its venv module (Debian: python3-venv), or uv.")
        raise


def _install(lock: Path) -> None:
    # The lock holds every package with its hashes; the project itself is then added without asking any index.
    _pip_install("--requirement", str(lock))
    _pip_install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def _install_claude() -> None:
    """The SDK with Claude Code inside it, also where the tests have installed it without."""
    if shutil.which("uv"):
        _do("uv", "pip", "uninstall", "--python", str(PYTHON), "claude-agent-sdk")
    else:
        _ensure_pip()
        _do(str(PYTHON), "-m", "pip", "uninstall", "--yes", "claude-agent-sdk")
    _pip_install("--only-binary", "claude-agent-sdk", "--no-build-isolation", "--editable", f"{ROOT}[claude]")


def _ensure_pip() -> None:
    """An environment that uv made has none."""
    if not (VENV / "bin" / "pip").exists():
        _do(str(PYTHON), "-m", "ensurepip", "--default-pip")


def _pip_install(*what: str) -> None:
    if shutil.which("uv"):
        _do("uv", "pip", "install", "--compile-bytecode", "--python", str(PYTHON), *what)
        return
    _ensure_pip()
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check")
    _do(*pip, "install", "--progress-bar", "on", *what)


def _do(*command: str) -> None:
    """Run a step with its output in sight; exits with its code when it fails."""
    code = subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr).returncode  # noqa: S603
    if code:
        _say(f"Setting up failed: {' '.join(command)} ended with exit code {code}.")
        sys.exit(code)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _stamp(what: str) -> Path:
    return VENV / f".installed-{what}"


def _installed(what: str) -> str | None:
    return _stamp(what).read_text() if PYTHON.exists() and _stamp(what).exists() else None


def _fingerprint(what: str) -> str:
    digest = hashlib.sha256()
    for path in (LOCKS[what], ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {*LOCKS, "claude"}:
        sys.exit("usage: python scripts/checkout.py run|dev|bench|claude")
    if sys.argv[1] == "claude":
        ensure_venv("run")
        _install_claude()
    else:
        ensure_venv(sys.argv[1])
