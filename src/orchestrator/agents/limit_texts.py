"""When a vendor's limit ends, read from what it says: for where no field tells it.

The texts are those that agents were seen to pass on, such as “try again at Nov 23rd, 2026 12:10 AM.” (Codex),
“resets 12:08am (UTC)” (Claude Code), “Suggested retry after 3600s” (Gemini). Pure: the caller says what time
it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

AHEAD_MAX = timedelta(days=40)
"""No limit is longer than a month; what lies further ahead was no time of a reset."""

SEARCHED_CHARACTERS_MAX = 4_000

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CUE = r"(?:(?:re)?try|retry|retrying|reset|resets|resetting|resets?_at|available|until|wait|come back)"
_AFTER_CUE = re.compile(rf"\b{_CUE}\b[^\n]{{0,40}}?(?=\d|\b(?:{'|'.join(_MONTHS)}))", re.IGNORECASE)
_EPOCH = re.compile(r"(?<![\d.])(1[5-9]\d{8}|[23]\d{9})(\d{3})?(?![\d.])")
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?\s?(?:Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_UNITS = r"milliseconds?|millis|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|hr|h|days?|d|weeks?|w"
_SPAN_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*({_UNITS})(?![a-z])", re.IGNORECASE)
_SPAN = re.compile(
    rf"(?:\d+(?:\.\d+)?\s*(?:{_UNITS})(?:\s*,?\s*(?:and\s+)?(?=\d)|(?![a-z])))+", re.IGNORECASE
)
_HEADER_SECONDS = re.compile(
    r"retry[-_ ]?after[\"']?\s*[:=]\s*[\"']?(\d+(?:\.\d+)?)(?![\d.]|\s*[a-z])", re.IGNORECASE
)
_DAY = r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?"
_DATE = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?{_DAY}"
_TIME = r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?::\d\d)?\s*(?P<half>[ap])?\.?(?(half)m\b)"
_ZONE = r"(?:\s*\(?(?P<zone>UTC|GMT|Z\b|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)\)?)?"
_CLOCK = re.compile(rf"(?:{_DATE}(?:,?\s+(?:at\s+)?|\s+))?{_TIME}{_ZONE}", re.IGNORECASE)

_SECONDS = {"ms": 0.001, "mi": 60.0, "m": 60.0, "s": 1.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def reset_time(text: str, now: datetime) -> datetime | None:
    """The first time that the text gives for the limit's end, in UTC; None where it gives none.

    `now` is aware; a time without a zone is one in its zone, so pass the host's where an agent tells local
    times. What is past or too far ahead is passed over.
    """
    for moment in _moments(text[:SEARCHED_CHARACTERS_MAX], now):
        if moment is not None and now < moment <= now + AHEAD_MAX:
            return moment.astimezone(UTC)
    return None


def _moments(text: str, now: datetime) -> Iterator[datetime | None]:
    """Every time that the text may mean, the surest form first."""
    for epoch in _EPOCH.finditer(text):
        yield datetime.fromtimestamp(int(epoch[1]), UTC)
    for found in _ISO.finditer(text):
        yield _iso(found[0], now)
    for seconds in _HEADER_SECONDS.finditer(text):
        yield _later(now, float(seconds[1]))
    for cue in _AFTER_CUE.finditer(text):
        if span := _SPAN.match(text, cue.end()):
            yield _later(now, _span_seconds(span[0]))
        elif clock := _CLOCK.match(text, cue.end()):
            yield _clock(clock, now)


def _iso(text: str, now: datetime) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip().upper().replace(" Z", "Z"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _span_seconds(text: str) -> float:
    """The length of “5 days 3 hours”, “1h2m3.5s”, “850ms”."""
    return sum(float(number) * _seconds_of(unit.lower()) for number, unit in _SPAN_PART.findall(text))


def _seconds_of(unit: str) -> float:
    if unit in ("ms", "millis") or unit.startswith("millisecond"):
        return _SECONDS["ms"]
    return _SECONDS[unit[0]]


def _later(now: datetime, seconds: float) -> datetime | None:
    return now + timedelta(seconds=seconds) if seconds < AHEAD_MAX.total_seconds() else None


def _clock(found: re.Match[str], now: datetime) -> datetime | None:
    """A date and a time of day, or a time of day alone: the next one that there is."""
    parts = found.groupdict()
    if not (parts["half"] or parts["minute"]):
        return None  # a bare number is no time
    zone = _zone(parts["zone"], now.tzinfo)
    here = now.astimezone(zone)
    hour = int(parts["hour"])
    if parts["half"]:
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    try:
        moment = here.replace(hour=hour, minute=int(parts["minute"] or 0), second=0, microsecond=0)
        if parts["month"] is None:
            return moment if moment > here else moment + timedelta(days=1)
        month = _MONTHS.index(parts["month"][:3].lower()) + 1
        moment = moment.replace(month=month, day=int(parts["day"]), year=int(parts["year"] or here.year))
    except ValueError:
        return None
    if parts["year"] is None and moment < here - AHEAD_MAX:
        moment = moment.replace(year=moment.year + 1)  # said in December of January
    return moment


def _zone(name: str | None, default: tzinfo | None) -> tzinfo | None:
    if name is None:
        return default
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return default
