"""Works through a plan from a checkout: `python scripts/plan_orchestrator.py --plan my-plan`."""

import sys

from checkout import run_in_venv

run_in_venv(["run", *sys.argv[1:]])
