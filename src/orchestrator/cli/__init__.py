"""The `orchestrator` command: doors and composition. Only here are concrete classes named."""
