"""Agents: what does the tasks, behind the `Agent` port. Imports nothing: the supervisor starts fast."""
