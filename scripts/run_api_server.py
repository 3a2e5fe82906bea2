"""Starts the Orchestrator API Server from a checkout: `python scripts/run_api_server.py --port 8000`."""

import sys

from checkout import run_in_venv

run_in_venv(["serve", *sys.argv[1:]])
