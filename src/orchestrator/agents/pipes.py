"""Pipes in the event loop: read what is there, write what fits, wait for the rest.

asyncio's pipe transports are not used: uvloop's close a file's descriptor twice, which may hit another
thread's file.
"""

from __future__ import annotations

import asyncio
import os
from typing import IO

READ_BYTES = 131_072


class PipeReader:
    """The reading end of a pipe. What is not read stays there, and its writer waits: nothing piles up."""

    def __init__(self, file: IO[bytes]) -> None:
        os.set_blocking(file.fileno(), False)
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._may_go_on = asyncio.Event()
        self._is_finished = False

    async def read(self) -> bytes:
        """What the pipe holds, once it holds something; empty at its end. May be cancelled without loss.

        Lets others run first, always.
        """
        await asyncio.sleep(0)
        async with self._turn:
            while not self._file.closed:
                try:
                    return os.read(self._file.fileno(), READ_BYTES)
                except BlockingIOError:
                    if self._is_finished:
                        break
                    await self._wait()
        return b""

    def finish(self) -> None:
        """Take what the pipe holds now for the last, also when a process that lives on holds it open."""
        self._is_finished = True
        self._may_go_on.set()

    def close(self) -> None:
        """Let go of the pipe: its writer is told at its next write. Idempotent."""
        self.finish()
        if not self._file.closed:
            self._loop.remove_reader(self._file.fileno())
            self._file.close()

    async def _wait(self) -> None:
        descriptor = self._file.fileno()
        self._may_go_on.clear()
        self._loop.add_reader(descriptor, self._may_go_on.set)
        try:
            await self._may_go_on.wait()
        finally:
            if not self._file.closed:  # its number may be another file's by now
                self._loop.remove_reader(descriptor)


class PipeWriter:
    """The writing end of a pipe. What does not fit is kept, so whoever writes much waits for `drained`."""

    def __init__(self, file: IO[bytes]) -> None:
        os.set_blocking(file.fileno(), False)
        self._file = file
        self._loop = asyncio.get_running_loop()
        self._kept = bytearray()
        self._is_drained = asyncio.Event()
        self._is_drained.set()
        self.is_broken = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self.is_broken or self._file.closed

    def put(self, data: bytes) -> None:
        """Write what fits now, and the rest when it fits. Nothing happens when nobody reads any more."""
        if not self.is_closed:
            self._kept += data
            self._write()

    async def drained(self) -> None:
        """Return once the pipe has taken all, or nobody reads it. Cancelled, all is written still."""
        await self._is_drained.wait()

    def give_up(self) -> None:
        """Nobody reads any more: forget what is kept."""
        self.is_broken = True
        self._kept.clear()
        self._is_drained.set()

    def close(self) -> None:
        """Let the reader see the end; what is kept is lost. Idempotent."""
        if not self._file.closed:
            self._loop.remove_writer(self._file.fileno())
            self._file.close()
            self._kept.clear()
            self._is_drained.set()

    def _write(self) -> None:
        descriptor = self._file.fileno()
        self._loop.remove_writer(descriptor)
        try:
            del self._kept[: os.write(descriptor, self._kept)]
        except BlockingIOError:
            pass
        except OSError:
            self.give_up()
        if self._kept:
            self._is_drained.clear()
            self._loop.add_writer(descriptor, self._write)
        else:
            self._is_drained.set()
