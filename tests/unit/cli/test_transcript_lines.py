"""A transcript's lines as text for people."""

from __future__ import annotations

import json

import pytest

from orchestrator.cli.transcripts import transcript_line
from orchestrator.domain.answers import TranscriptLine


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "Text", "text": "I begin.\nNow\n"}, "Text: I begin.\n    Now"),
        ({"type": "ToolCallStarted", "tool_id": "t", "tool_name": "Bash", "input_summary": "make"}, "ToolCallStarted Bash: make"),
        ({"type": "Started", "agent": "claude", "version": "2", "model": "opus"}, "Started claude opus"),
        ({"type": "UsageDelta", "model": "opus", "input_tokens": 5, "output_tokens": 0, "cost_usd": 0.5}, "UsageDelta opus: input_tokens 5, cost_usd 0.5"),
        ({"type": "Finished", "outcome": "failed", "text": "", "error": "no disk"}, "Finished failed: no disk"),
        ({"type": "LeftOut", "events": 7}, "LeftOut: events 7"),
        ({"type": "OfALaterVersion", "what": 1}, "OfALaterVersion"),
    ],
)  # fmt: skip
def test_a_line_says_who_and_what(fields, expected):
    line = TranscriptLine.model_validate_json(json.dumps({"time": "2030-01-02T03:04:05Z", **fields}))
    assert transcript_line(line).partition(" ")[2] == expected
