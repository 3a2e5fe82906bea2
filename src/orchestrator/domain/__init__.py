"""What the orchestrator decides: pure values and functions, without I/O, clock or asyncio."""
