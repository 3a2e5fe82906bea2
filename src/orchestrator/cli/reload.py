"""`orchestrator serve --reload`: a child serves, and is replaced whenever the package's source is saved.

The socket is this process's, so connections wait in its backlog while the child is replaced, and none is
refused. The child ends at the end of its stdin, so it also ends when this process is killed. Runs are not
touched: they live in processes of their own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from watchfiles import PythonFilter, watch

import orchestrator
from orchestrator.api.server import bind, url_of
from orchestrator.api.settings import ENVIRONMENT_PREFIX, ApiSettings
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.interrupts import on_signal
from orchestrator.cli.output import write_error

SOURCE = Path(orchestrator.__file__).parent
STOP_SECONDS = 10.0
LOOK_MILLISECONDS = 500


def serve_with_reload(settings: ApiSettings, root: Path, *, allow_shell: bool) -> ExitCode:
    """Serve until Ctrl-C or SIGTERM."""
    sock = bind(settings)
    stopped = threading.Event()

    with on_signal(lambda _count: stopped.set()):
        _serve_until(stopped, sock, settings, root, allow_shell=allow_shell)
    return ExitCode.COMPLETED


def _serve_until(
    stopped: threading.Event, sock: socket.socket, settings: ApiSettings, root: Path, *, allow_shell: bool
) -> None:
    write_error(f"Serving at {url_of(sock)}; a saved file in {SOURCE} restarts the server.")
    child = _start(sock, settings, root, allow_shell=allow_shell)
    try:
        for changes in watch(
            SOURCE,
            watch_filter=PythonFilter(),
            stop_event=stopped,
            rust_timeout=LOOK_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            if changes:
                names = sorted({Path(path).relative_to(SOURCE).as_posix() for _, path in changes})
                write_error(f"Restarting: {', '.join(names[:5])} changed.")
                _end(child)
                child = _start(sock, settings, root, allow_shell=allow_shell)
    finally:
        _end(child)
        sock.close()


def _start(
    sock: socket.socket, settings: ApiSettings, root: Path, *, allow_shell: bool
) -> subprocess.Popen[bytes]:
    descriptor = sock.fileno()
    os.set_inheritable(descriptor, True)
    command = [sys.executable, "-P", "-m", "orchestrator", "serve", "--root", str(root)]
    if allow_shell:
        command.append("--allow-shell")
    # What the command line chose goes along; all else the child reads from the environment, as we did.
    environment = {
        **os.environ,
        f"{ENVIRONMENT_PREFIX}HOST": settings.host,
        f"{ENVIRONMENT_PREFIX}PORT": str(settings.port),
        f"{ENVIRONMENT_PREFIX}ALLOWED_ORIGINS": ",".join(settings.allowed_origins),
        f"{ENVIRONMENT_PREFIX}ALLOWED_HOSTS": ",".join(settings.allowed_hosts),
    }
    return subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--inherited-socket", str(descriptor)],
        env=environment,
        stdin=subprocess.PIPE,
        pass_fds=[descriptor],
        start_new_session=True,
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Stop the child; its streams end, and their clients come back with their cursors."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
