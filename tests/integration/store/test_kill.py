from __future__ import annotations

import pytest

from orchestrator.store.open import open_store


@pytest.mark.parametrize("acknowledged", [1, 40])
async def test_a_writer_that_is_killed_leaves_all_that_it_was_told_is_written(
    tmp_path, start, acknowledged
) -> None:
    writer = start(
        """
        async with open_store(Path(sys.argv[1])) as ports:
            lease = await ports.registry.claim(instance("a"))

            async def write(name):
                count = 0
                while True:
                    stored = await ports.log.append(lease, [message(f"{name}.{count}.{part}") for part in range(3)])
                    print(*(entry.seq for entry in stored), flush=True)
                    count += 1

            await asyncio.gather(*(write(name) for name in range(4)))
        """,
        tmp_path,
    )
    lines = [writer.stdout.readline() for _ in range(acknowledged)]
    writer.kill()
    rest, _ = writer.communicate(timeout=30)
    complete = [line for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    told = {int(seq) for line in complete for seq in line.split()}
    assert len(told) >= 3 * acknowledged
    entries, after = [], 0
    async with open_store(tmp_path) as ports:
        while page := await ports.log.read("orch-a", after=after):
            entries += page
            after = page[-1].seq
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert told <= {entry.seq for entry in entries}
    texts = [entry.data.text for entry in entries]
    for first in range(0, len(texts), 3):
        batch = texts[first].rsplit(".", 1)[0]
        assert texts[first : first + 3] == [f"{batch}.{part}" for part in range(3)]


async def test_a_killed_writer_leaves_no_lock_and_its_bell_is_swept(tmp_path, start, new_instance) -> None:
    writer = start(
        """
        async with open_store(Path(sys.argv[1])) as ports, ports.changes.subscribe():
            await ports.registry.claim(instance("a"))
            print("ready")
            sys.stdin.readline()
        """,
        tmp_path,
    )
    assert writer.stdout.readline() == "ready\n"
    bells = tmp_path / ".orchestrator/bells"
    assert [bell.read_text() for bell in bells.iterdir()] == [f"{writer.pid}\n"]
    writer.kill()
    writer.wait()
    async with open_store(tmp_path) as ports, ports.changes.subscribe() as subscription:
        await ports.registry.claim(new_instance("b"))
        assert await subscription.wait(10) is True
        while len(list(bells.iterdir())) > 1:
            await subscription.wait(0.05)
