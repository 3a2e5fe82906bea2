"""Codex, through `codex app-server`."""
