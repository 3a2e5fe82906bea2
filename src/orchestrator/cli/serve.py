"""`orchestrator serve`, and the same server beside a run."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import uvloop
from fastapi import FastAPI

from orchestrator.api.app import create_app
from orchestrator.api.dashboard_page import places
from orchestrator.api.server import ApiServer, bind, url_of
from orchestrator.api.settings import ApiSettings
from orchestrator.cli.agent_composition import Use, make_agents
from orchestrator.cli.composition import Services, open_services
from orchestrator.cli.exit_codes import ExitCode
from orchestrator.cli.interrupts import leave, leave_with, on_interrupt
from orchestrator.cli.launcher import ProcessLauncher, ceiling_of
from orchestrator.cli.output import log_to_stderr, write_error
from orchestrator.cli.project import find_root
from orchestrator.cli.reload import serve_with_reload
from orchestrator.cli.serve_request import ServeRequest
from orchestrator.engine.agent_roll import AgentRoll
from orchestrator.engine.run_starter import RunStarter

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def serve_api(request: ServeRequest, root: Path | None, *, reload: bool) -> ExitCode:
    """Serve until Ctrl-C; with `reload` a saved source file restarts the server and nothing else."""
    folder = find_root(root)
    settings = request.settings()
    if reload:
        return serve_with_reload(settings, folder, allow_shell=request.allow_shell)
    sock = bind(settings) if request.inherited is None else socket.socket(fileno=request.inherited)
    log_to_stderr(LOG_FORMAT)
    # How a new database gets its tables is no news.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    is_child = request.inherited is not None
    uvloop.run(_serve(settings, folder, sock, until_stdin_ends=is_child, allow_shell=request.allow_shell))
    return ExitCode.COMPLETED


async def _serve(
    settings: ApiSettings, root: Path, sock: socket.socket, *, until_stdin_ends: bool, allow_shell: bool
) -> None:
    async with open_services(root) as services:
        url = url_of(sock)
        write_error(f"Orchestrator API of {root}: {places(url)}   Ctrl-C ends")
        server = ApiServer(_app(services, settings, allow_shell=allow_shell), settings)
        if until_stdin_ends:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), server.stop)
        with on_interrupt(partial(_interrupted, server), asyncio.get_running_loop()):
            await server.serve(sock)
        leave_with(ExitCode.COMPLETED)


def _interrupted(server: ApiServer, count: int) -> None:
    """Ctrl-C once lets requests end, twice does not wait for them."""
    if count > 1:
        leave(ExitCode.STOPPED)
    server.stop()


def _app(services: Services, settings: ApiSettings, *, allow_shell: bool) -> FastAPI:
    root = services.ports.root
    # Read again each time: agents.toml may have changed.
    agents = AgentRoll(lambda: make_agents(root, Use.LOOK).all())
    launcher = ProcessLauncher(root, services.state_folder, ceiling_of(os.environ))
    return create_app(
        services.ports,
        settings,
        reader=services.reader,
        catalog=services.catalog,
        agents=agents,
        undertaker=services.undertaker,
        starter=RunStarter(services.ports, services.undertaker, launcher, agents),
        allow_shell=allow_shell,
    )


class ApiBeside:
    """The API server in this event loop; it answers within the context.

    Its port stays open until the process ends, so that a client that finds it closed knows that the run is
    over and all that it wrote is written. What connects after the context is reset by the end of the process.
    """

    def __init__(self, services: Services, request: ServeRequest) -> None:
        settings = request.settings().model_copy(update={"access_log": False})
        self._socket = bind(settings)
        # The server closes its own; the kernel closes this one with the process.
        os.dup(self._socket.fileno())
        self._server = ApiServer(_app(services, settings, allow_shell=request.allow_shell), settings)
        self._serving: asyncio.Task[None] | None = None
        self.url = url_of(self._socket)
        self.places = places(self.url)
        """What it has for people, in one line."""

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        if self._serving is not None:
            await self._serving
