"""What holds for a run where whoever starts it chooses nothing: the plan's word, else the program's."""

from __future__ import annotations

from orchestrator.domain.chosen_options import ChosenOptions
from orchestrator.domain.permissions import UNBOUND
from orchestrator.domain.plan import Plan
from orchestrator.engine.attempt import Limits
from orchestrator.engine.outline import AGENT_ATTEMPTS, RunChoices
from orchestrator.engine.scheduler import LIMIT_SECONDS_MAX

_LIMITS = Limits()

DEFAULT_OPTIONS = ChosenOptions(
    parallel=RunChoices().parallel,
    max_attempts=AGENT_ATTEMPTS,
    timeout_seconds=_LIMITS.timeout_seconds,
    permissions=UNBOUND,
    back_off_seconds=_LIMITS.back_off_first_seconds,
    longest_wait_seconds=LIMIT_SECONDS_MAX,
    silence_seconds=_LIMITS.silence_seconds,
    tool_seconds=_LIMITS.tool_seconds,
    repeats_max=_LIMITS.repeats_max,
    approval_seconds=_LIMITS.approval_seconds,
    strict=False,
)
"""The program's. No agent stands there: the first that is ready is taken."""


def plan_settings(plan: Plan) -> ChosenOptions:
    """What the plan's front matter says of a run's options."""
    return ChosenOptions(
        agent=plan.defaults.agent,
        parallel=plan.parallel,
        max_attempts=plan.defaults.attempts,
        timeout_seconds=plan.defaults.timeout_seconds,
        permissions=plan.defaults.permissions,
        strict=plan.strict,
    )
