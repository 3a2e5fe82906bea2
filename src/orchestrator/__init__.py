"""Plan Orchestrator: works through Markdown plans with coding agents and shows every step live."""

__version__ = "0.1.0"
