"""A JSON-RPC peer's messages, and the answer to a question of ours behind those that were sent before it."""

from __future__ import annotations

import asyncio

from orchestrator.agents.json_rpc import Incoming, JsonRpcPeer


class OrderedAnswers:
    """What a peer says, in its order. An answer alone would overtake what still waits in the peer's inbox."""

    def __init__(self, peer: JsonRpcPeer) -> None:
        self._peer = peer
        self._receiving: asyncio.Task[Incoming | None] | None = None

    async def next_before(self, asked: asyncio.Task[object], seconds: float | None) -> Incoming | None:
        """The next message; None once `asked` is done and all that was said before is taken.

        TimeoutError when neither comes in `seconds`. May be cancelled without loss.
        """
        while not asked.done():
            if self._receiving is None:
                self._receiving = asyncio.get_running_loop().create_task(self._peer.receive())
            both = {self._receiving, asked}
            done, _ = await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise TimeoutError
            if self._receiving.done():
                message, self._receiving = self._receiving.result(), None
                if message is not None:
                    return message
                await asyncio.wait({asked})  # the peer has ended, and answers nothing more
        return await self._left()

    async def close(self) -> None:
        """Wait for nothing more."""
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.wait({self._receiving})

    async def _left(self) -> Incoming | None:
        """What is in the inbox already."""
        if (receiving := self._receiving) is not None:
            await self.close()
            self._receiving = None
            if not receiving.cancelled():
                return receiving.result()
        try:
            async with asyncio.timeout(0):
                return await self._peer.receive()
        except TimeoutError:
            return None
