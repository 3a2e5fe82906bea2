"""Writes openapi.json, api-types.ts and api-client.ts: `python scripts/generate_api_types.py --help`."""

import sys

from checkout import run_in_venv

run_in_venv(sys.argv[1:], "orchestrator.codegen")
