"""Puts the built dashboard into wheels and sdists; a sdist carries it, so installing one needs no Node.js."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "ORCHESTRATOR_SKIP_DASHBOARD"


class DashboardHook(BuildHookInterface[Any]):
    """Builds it from a checkout, and takes it as it is from a sdist. Editable installs never build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files; raises RuntimeError for want of a dashboard."""
        del build_data
        root = Path(self.root)
        if version == "editable" or not (root / "web").exists():
            return
        if os.environ.get(SKIP):
            self.app.display_warning(f"{SKIP} is set: the dashboard is not built.")
            return
        sys.path.insert(0, str(root / "scripts"))
        import dashboard  # noqa: PLC0415 - lies in the checkout's scripts

        if dashboard.main() != 0:
            raise RuntimeError(
                f"The package carries the dashboard, and that cannot be built here (see above); "
                f"{SKIP}=1 builds the package without it."
            )
