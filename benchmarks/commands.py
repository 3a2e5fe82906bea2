"""A command over HTTP to an orchestrator in another process, and its receipt back."""

from __future__ import annotations

import time

import httpx

from benchmarks.measure import BIN, PYTHON, Effort, Row, Samples, api_server, folder, process, say, wait_until

PLAN = "# Waits\n\n## Phase 1: One\n\n- [ ] 1.1 Waits\n\n  ```sh\n  sleep 1000\n  ```\n"


def _timed(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    client.post(path).raise_for_status()
    return (time.perf_counter() - began) * 1000


def rows(effort: Effort) -> list[Row]:
    rounds, each = effort.count(6, 2), effort.count(60, 10)
    mine, plain = Samples(), Samples()
    with folder() as root:
        (root / "docs" / "plans").mkdir(parents=True)
        (root / "docs" / "plans" / "waits.md").write_text(PLAN)
        with (
            process(BIN / "orchestrator", "run", "waits", "--root", root),
            api_server(root) as (url, _),
            process(PYTHON, "-m", "benchmarks.children", "plain-server", "noop", "-") as other,
            httpx.Client() as client,
        ):
            assert other.stdout is not None
            noop = other.stdout.readline().strip() + "/noop"
            wait_until(lambda: _is_up(noop))
            path = f"{url}/api/orchestrators/{_running(client, url)}"
            for number in range(rounds + 1):
                say(f"commands, round {number} of {rounds}")
                times = [_timed(client, f"{path}/{('pause', 'resume')[n % 2]}") for n in range(each)]
                others = [_timed(client, noop) for _ in range(each)]
                if number:
                    mine.add(*times)
                    plain.add(*others)
    return [
        Row(
            "Command: HTTP request to receipt, server and orchestrator in two processes, ms",
            mine.tail(),
            f"FastAPI answering by itself: {plain.tail()}",
            "p50 ≤ 10, p99 ≤ 30",
            mine.median <= 10 and mine.at(0.99) <= 30,
        )
    ]


def _is_up(url: str) -> bool:
    try:
        return httpx.post(url).status_code == 200
    except httpx.TransportError:
        return False


def _running(client: httpx.Client, url: str) -> str:
    def found() -> str | None:
        known = client.get(f"{url}/api/orchestrators").json()
        return next((info["id"] for info in known if info["status"] == "running"), None)

    return str(wait_until(found))
