"""Claude Code, through its SDK for Python."""
