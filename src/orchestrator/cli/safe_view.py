"""A view that is drawn again and again on the terminal: whatever it draws, the text in it is safe."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from orchestrator.domain.safe_text import safe_line, safe_text


def live(view: RenderableType, refreshes_per_second: float) -> Live:
    """A view that is drawn again and again, as a context."""
    return Live(_Safe(view), console=Console(), refresh_per_second=refreshes_per_second)


def write_above(shown: Live, line: str) -> None:
    """Print a line that stays above a view."""
    shown.console.print(Text(safe_line(line), style="dim"))


class _Safe:
    """Whatever a view draws, the text in it is safe."""

    def __init__(self, view: RenderableType) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._view, options):
            is_text = segment.control is None
            yield Segment(safe_text(segment.text), segment.style) if is_text else segment
