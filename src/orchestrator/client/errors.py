"""How a request can fail, for those who use the client."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import ValidationError

from orchestrator.domain.answers import Problem
from orchestrator.domain.errors import OrchestratorError

NETWORK_ERROR = "network_error"
INVALID_ANSWER = "invalid_answer"
RETRY_AFTER_MAX_SECONDS = 300.0
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})


class ApiError(OrchestratorError):
    """The server refused, or gave no answer that counts; `problem` says why.

    `status` is that of HTTP, or 0 where there was no answer: then the `code` is `network_error`.
    """

    def __init__(self, status: int, problem: Problem, retry_after_seconds: float | None = None) -> None:
        super().__init__(problem.detail)
        self.status = status
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds
        """How long the server asks to wait, if it does."""

    @property
    def code(self) -> str:
        """Which problem it is, for programs."""
        return self.problem.code

    @property
    def is_final(self) -> bool:
        """Whether the same request would be refused again."""
        return 400 <= self.status < 500 and self.status not in _WORTH_ANOTHER_TRY


def refusal(status: int, headers: Mapping[str, str], body: bytes, path: str) -> ApiError:
    """What an answer other than success means; a proxy in between may have given one of its own."""
    asked = headers.get("Retry-After", "")
    seconds = min(float(asked), RETRY_AFTER_MAX_SECONDS) if asked.isdecimal() else None
    try:
        return ApiError(status, Problem.model_validate_json(body), seconds)
    except ValidationError:
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "an unknown status"
        detail = f"The answer to {path} was {status} ({phrase}), and not one of an orchestrator's API."
        return failure(f"http_{status}", detail, path, status=status, retry_after_seconds=seconds)


def failure(
    code: str, detail: str, path: str, *, status: int = 0, retry_after_seconds: float | None = None
) -> ApiError:
    """A problem that no server has stated."""
    return ApiError(
        status,
        Problem(
            type="about:blank",
            title=code.replace("_", " ").capitalize(),
            status=status,
            detail=detail,
            instance=path,
            code=code,
            errors=[],
        ),
        retry_after_seconds,
    )
