import asyncio, time, pytest
EVENTS = "/api/orchestrators/orch-1/events"
@pytest.mark.parametrize("n", range(10))
async def test_cut(running, take, n):
    run = await running.begin()
    found, total = [], 30
    async def write():
        for _ in range(total - 2):
            await run.work(1)
    writing = asyncio.create_task(write())
    while len(found) < total:
        t=time.monotonic()
        async with running.socket(f"{EVENTS}?after={found[-1] if found else 0}") as messages:
            t1=time.monotonic()
            found += [e.get("seq") for e in await take(messages, 1)]
            t2=time.monotonic()
        t3=time.monotonic()
        if t3-t>0.3: print("slow", len(found), t1-t, t2-t1, t3-t2, messages.close_code)
    await writing
