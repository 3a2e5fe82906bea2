"""What the command line asks of a server, apart from what it takes to be one: most runs have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.api.settings import ApiSettings


@dataclass(frozen=True)
class ServeRequest:
    """Where to listen; None leaves it to the environment and the defaults.

    `inherited` is the descriptor of a socket that listens already, from the process that reloads us.
    """

    host: str | None = None
    port: int | None = None
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    inherited: int | None = None
    allow_shell: bool = False

    def settings(self) -> ApiSettings:
        """All settings of the server; raises UsageError."""
        from orchestrator.api.settings import ApiSettings  # noqa: PLC0415 (only where one serves)

        chosen = {
            "host": self.host,
            "port": self.port,
            "allowed_origins": self.allowed_origins or None,
            "allowed_hosts": self.allowed_hosts or None,
        }
        return ApiSettings.load(**{name: value for name, value in chosen.items() if value is not None})
