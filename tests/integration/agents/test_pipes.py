import asyncio
import os

import pytest

from orchestrator.agents.pipes import PipeReader, PipeWriter

MEBIBYTE = 1024 * 1024


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as reader, os.fdopen(writing, "wb", buffering=0) as writer:
        yield reader, writer


def test_a_reader_is_woken_by_data_and_by_the_end(on_loop, pipe):
    async def body():
        reader, writer = PipeReader(pipe[0]), PipeWriter(pipe[1])
        for _ in range(3):
            reading = asyncio.create_task(reader.read())
            await asyncio.sleep(0)
            writer.put(b"hello")
            assert await reading == b"hello"
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        writer.close()
        assert await reading == b""
        assert writer.is_closed
        reader.close()

    on_loop(body())


def test_a_finished_reader_gives_what_is_there_and_waits_for_no_more(on_loop, pipe):
    async def body():
        reader = PipeReader(pipe[0])
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0)
        reader.finish()
        assert await reading == b""
        pipe[1].write(b"rest")
        assert await reader.read() == b"rest"
        assert await reader.read() == b""

    on_loop(body())


def test_a_closed_reader_wakes_whoever_waits_for_it(on_loop, pipe):
    async def body():
        reader = PipeReader(pipe[0])
        waiting = [asyncio.create_task(reader.read()) for _ in range(2)]
        await asyncio.sleep(0)
        reader.close()
        assert await asyncio.gather(*waiting) == [b"", b""]
        assert await reader.read() == b""

    on_loop(body())


def test_a_writer_is_drained_when_all_was_read(on_loop, pipe):
    async def body():
        reader, writer = PipeReader(pipe[0]), PipeWriter(pipe[1])
        writer.put(b"x" * MEBIBYTE)
        draining = asyncio.create_task(writer.drained())
        size = 0
        while size < MEBIBYTE:
            assert not draining.done()
            size += len(await reader.read())
        await draining
        assert not writer.is_broken

    on_loop(body())


def test_a_writer_is_woken_when_its_reader_is_gone(on_loop, pipe):
    async def body():
        writer = PipeWriter(pipe[1])
        writer.put(b"x" * MEBIBYTE)
        draining = asyncio.create_task(writer.drained())
        await asyncio.sleep(0)
        pipe[0].close()
        await draining
        assert writer.is_broken
        assert writer.is_closed
        writer.put(b"more")
        await writer.drained()
        assert not writer._kept

    on_loop(body())
