"""What became of an attempt: the result that the domain decides on, and the finding that people read."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestrator.domain.declined import declined_text
from orchestrator.domain.events import SUMMARY_LENGTH_MAX, clip
from orchestrator.domain.evidence import evidence_text
from orchestrator.domain.redaction import Redact
from orchestrator.domain.safe_text import safe_text
from orchestrator.domain.steps import AttemptResult
from orchestrator.domain.task_agents import SHELL
from orchestrator.domain.wording import has_words
from orchestrator.engine.agent_events import Finished
from orchestrator.engine.attempt import Attempt
from orchestrator.engine.findings import FINDING_LENGTH_MAX

_DECLINED = re.compile(r"[\s>*_`#-]*BLOCKED(?:\*\*|__|`)?:(?:\*\*|__|`)?\s*(?P<why>.*)$")
SAID_BEFORE_MAX = 1_000
"""An agent that has said more than this before its last message has worked, whatever words are in that."""


def declined(report: str) -> str | None:
    """Why the agent declined its task: what stands behind `BLOCKED:` in the last line of its report."""
    last = report.rstrip().rpartition("\n")[2]
    match = _DECLINED.match(last)
    return match["why"].strip().strip("*_`") or "it gives no reason" if match else None


def judged(attempt: Attempt, work: Finished) -> Finished:
    """How the agent really ended, if it ended its turn as if all were well.

    It may have declined the task, as the prompt offers. And some do so when their vendor refuses them: they
    say the refusal as text, where none of their calls has gone well, or nothing at all, without a call. Only
    an agent that does not report its calls may have worked all the same; it has used tokens then.
    """
    text = work.text.strip()
    if work.outcome != "completed":
        return work
    if attempt.job.prompt and (why := declined(text)) is not None:
        # Asked again in the same words, it would decline again: a person is needed.
        return replace(work, outcome="failed", is_final=True, error=declined_text(why))
    if attempt.went_well:
        return work
    if not (attempt.calls or has_words(text) or attempt.spoken) and not _may_have_worked(attempt):
        used = "its model may have refused to answer" if attempt.tokens else "no tokens"
        error = f"Agent {attempt.agent.name} ended its turn without a word: no text, no call, {used}."
        return replace(work, outcome="failed", error=error)
    if attempt.spoken - len(text) > SAID_BEFORE_MAX:
        return work
    refused = attempt.agent.refusal(text)
    return work if refused is None else replace(refused, text=work.text, exit_code=work.exit_code)


def _may_have_worked(attempt: Attempt) -> bool:
    """Whether an agent of which nothing was seen may have done something."""
    return bool(attempt.tokens) and not attempt.reports_calls


def attempt_result(
    attempt: Attempt, work: Finished, check: Finished | None, duration_ms: int
) -> AttemptResult:
    """Success needs the agent's word and, where the task has checks, theirs.

    `check` is how the checks ended; None where the task has none or the agent did not complete it.
    """
    last = check or work
    if attempt.stuck is not None and last.outcome != "completed":
        error = clip(attempt.stuck, SUMMARY_LENGTH_MAX)
        return AttemptResult(succeeded=False, error=error, duration_ms=duration_ms)
    if last.outcome == "completed" and check is None and attempt.denied and not attempt.went_well:
        # Its word alone is no evidence when all that it tried was denied; and it would be denied again.
        more = attempt.denied - len(attempt.denied_calls)
        calls = ", ".join(attempt.denied_calls) + (f" and {more} more" if more else "")
        error = clip(f"Nothing was done: the agent was not allowed to use {calls}.", SUMMARY_LENGTH_MAX)
        return AttemptResult(succeeded=False, is_final=True, error=error, duration_ms=duration_ms)
    if last.outcome == "completed":
        # A block is the work itself: its exit code says whether it was done.
        verified = check is not None or attempt.agent.name == SHELL
        return AttemptResult(
            succeeded=True, verified=verified, remarks=attempt.remarks, duration_ms=duration_ms
        )
    if attempt.interrupted is not None and not attempt.is_timed_out and last.outcome != "lost":
        return AttemptResult(
            succeeded=False, interrupted=True, reason=attempt.interrupted, duration_ms=duration_ms
        )
    error = last.error or f"the agent ended as {last.outcome}"
    if attempt.is_timed_out and last.outcome != "lost":
        error = attempt.interrupted or error
    elif check is not None:
        error = f"verify failed: {error}"
    return AttemptResult(
        succeeded=False,
        # No key now means no key in the next attempt, and the same task will not be shorter then.
        is_final=last.is_final or last.outcome in {"unauthorized", "unknown_model", "context_full"},
        is_limited=last.outcome == "limited",
        limit_until=last.limit.resets_at if last.limit else None,
        error=clip(error, SUMMARY_LENGTH_MAX),
        duration_ms=duration_ms,
    )


def finding_text(
    attempt: Attempt, work: Finished, check: Finished | None, result: AttemptResult, redact: Redact
) -> str:
    """The finding: how the attempt ended, then what the agent and the checks say.

    All of it is redacted, and safe for the terminal of somebody who prints the file.
    """
    job = attempt.job
    how = "completed" if result.succeeded else "failed"
    if result.interrupted:
        how = f"interrupted ({result.reason})"
    seconds = f"{result.duration_ms / 1000:.1f} s"
    parts = [
        f"# {job.task.id} {job.task.description}",
        f"Attempt {job.attempt} by {attempt.agent.name}: {how} after {seconds}{_exit_code(work)}.",
    ]
    if result.succeeded:
        parts.append(f"Evidence: {evidence_text(verified=result.verified, remarks=result.remarks)}.")
    if result.error:
        parts.append(f"Error: {result.error}")
    if work.text.strip():
        parts.append(work.text.strip())
    if check is not None:
        parts.append(f"## Checks\n\nThe checks ended as {check.outcome}{_exit_code(check)}.")
        parts.append(check.text.strip())
    text = "\n\n".join(part for part in parts if part) + "\n"
    return clip(safe_text(redact(text)), FINDING_LENGTH_MAX)


def _exit_code(finished: Finished) -> str:
    return "" if finished.exit_code is None else f", exit code {finished.exit_code}"
