"""Counters of this server process, as Prometheus reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping


class Metrics:
    """What the server has done since it started."""

    def __init__(self) -> None:
        self.events_followed = 0
        self.frames_sent = 0
        self.resyncs: Counter[str] = Counter()
        self.stuck_clients = 0
        self.streams: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.commands: Counter[tuple[str, str]] = Counter()

    def text(self, orchestrators: Mapping[str, int]) -> str:
        """The Prometheus text format; `orchestrators` counts those that have not ended by status."""
        lines: list[str] = []
        _add(lines, "orchestrators", "gauge", "Orchestrators that have not ended.", "status", orchestrators)
        _add(lines, "streams_open", "gauge", "Streams that are open.", "kind", self.streams)
        _add(lines, "requests_total", "counter", "Answers, by class of status.", "status", self.requests)
        _add(lines, "resyncs_total", "counter", "Holes that a client was told of.", "reason", self.resyncs)
        name = _head(lines, "commands_total", "counter", "Commands, by verb and how the answer found them.")
        lines.extend(
            f'{name}{{command="{command}",state="{state}"}} {count}'
            for (command, state), count in sorted(self.commands.items())
        )
        for key, text, value in (
            ("events_followed_total", "Log entries read for live streams.", self.events_followed),
            ("frames_sent_total", "Frames sent to clients.", self.frames_sent),
            ("stuck_clients_total", "Clients closed because they took nothing for long.", self.stuck_clients),
        ):
            lines.append(f"{_head(lines, key, 'counter', text)} {value}")
        return "\n".join(lines) + "\n"


def _head(lines: list[str], key: str, kind: str, text: str) -> str:
    name = f"orchestrator_{key}" if key == "orchestrators" else f"orchestrator_api_{key}"
    lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    return name


def _add(lines: list[str], key: str, kind: str, text: str, label: str, values: Mapping[str, int]) -> None:
    name = _head(lines, key, kind, text)
    items: Iterable[tuple[str, int]] = sorted(values.items())
    lines.extend(f'{name}{{{label}="{value}"}} {count}' for value, count in items)
