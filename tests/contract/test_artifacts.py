from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.errors import LeaseLost, StorageError
from orchestrator.engine.records import Artifact
from orchestrator.store.artifacts import ARTIFACT_BYTES_MAX

FINDING = Artifact("1.1", 1, "finding.md", "text/markdown", b"\x00\xff# Finding")


async def test_an_artifact_is_given_back_as_it_was_put(store, make) -> None:
    lease = await store.ports.registry.claim(make.instance())
    await store.ports.artifacts.put(lease, FINDING)
    assert await store.ports.artifacts.get(lease.instance_id, "1.1", 1, "finding.md") == FINDING
    assert await (await store.reopen()).artifacts.get(lease.instance_id, "1.1", 1, "finding.md") == FINDING


async def test_the_same_again_replaces_and_others_stay(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    others = [
        replace(FINDING, task_id="1.2"),
        replace(FINDING, attempt=2),
        replace(FINDING, name="output.txt"),
    ]
    for artifact in (FINDING, *others):
        await ports.artifacts.put(lease, artifact)
    again = replace(FINDING, content=b"new", media_type="text/plain")
    await ports.artifacts.put(lease, again)
    assert await ports.artifacts.get(lease.instance_id, "1.1", 1, "finding.md") == again
    for other in others:
        assert await ports.artifacts.get(lease.instance_id, other.task_id, other.attempt, other.name) == other


async def test_what_is_not_there_is_none(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    for key in (("orch-none", "1.1", 1, "x"), (lease.instance_id, "1.1", -1, "x"), ("\0", "1.1", 2**70, "x")):
        assert await ports.artifacts.get(*key) is None


async def test_a_zombie_puts_nothing(store, make) -> None:
    lease = await store.ports.registry.claim(make.instance())
    store.pass_time(60)
    await store.ports.registry.claim(make.instance())
    with pytest.raises(LeaseLost):
        await store.ports.artifacts.put(lease, FINDING)
    assert await store.ports.artifacts.get(lease.instance_id, "1.1", 1, "finding.md") is None


async def test_one_that_is_too_large_is_refused_with_the_limit(ports, make) -> None:
    lease = await ports.registry.claim(make.instance())
    with pytest.raises(StorageError, match=str(ARTIFACT_BYTES_MAX)):
        await ports.artifacts.put(lease, replace(FINDING, content=b"x" * (ARTIFACT_BYTES_MAX + 1)))
