"""The text of others, as it may be shown."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hostile_text import STEERING, raw_characters

from orchestrator.domain.safe_text import REPLACEMENT, safe_json, safe_line, safe_text


def test_nothing_that_steers_a_terminal_is_left():
    told = safe_text(STEERING)
    assert not raw_characters(told)
    assert told.encode()
    assert f"{REPLACEMENT}]52;c;cHdu{REPLACEMENT}" in told, "one sees that something was there"


def test_no_control_and_no_mark_of_direction_is_left_out_of_the_list():
    kept = {c for c in map(chr, range(sys.maxunicode + 1)) if safe_text(c) == c}
    controls = {c for c in kept if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
    assert controls == {"\t", "\n"}
    assert not {
        c
        for c in kept
        if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    }
    formats = {c for c in kept if unicodedata.category(c) == "Cf"}
    assert {"\u200c", "\u200d"} <= formats, "joiners are parts of words and of emoji"
    assert not formats & set("\xad\u061c\u180e\u200b\u200e\u200f\u2060\u2064\ufeff\U000e0001")


@pytest.mark.parametrize("text", ["plain", "zwei\nZeilen\tmit ü", "👩\u200d💻 e\u0301 \u00a0 日本 שלום", ""])
def test_ordinary_text_stays(text):
    assert safe_text(text) == text


def test_colours_are_left_out_and_line_ends_are_newlines():
    assert safe_text("\x1b[1;31mred\x1b[0m\r\nnext\x1b[38:2:1:2:3m") == "red\nnext"


def test_a_line_stays_one_line():
    assert safe_line("Bash\n12:00:00 ● completed\tnow\n") == "Bash ⏎ 12:00:00 ● completed now"
    assert "\n" not in safe_line(STEERING)


def test_json_means_the_same_and_holds_nothing_raw():
    value = {"a": STEERING, STEERING: ["\ud800", "ü 👩\u200d💻"]}
    document = json.dumps(value, ensure_ascii=False, indent=2)
    told = safe_json(document)
    assert json.loads(told) == value
    assert not raw_characters(told)
    assert "ü 👩" in told
    assert not raw_characters(safe_json(f'{{"not json": "{STEERING}"}}'))
