"""Adapters of the ports that keep things: a database, files, and the same in memory. Begin at `open`."""
