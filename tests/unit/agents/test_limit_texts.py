from datetime import UTC, datetime, timedelta, timezone

import pytest

from orchestrator.agents.limit_texts import reset_time

NOW = datetime(2026, 11, 22, 23, 10, 30, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Codex
        (
            "You've hit your usage limit. try again at Nov 23rd, 2026 12:10 AM.",
            datetime(2026, 11, 23, 0, 10, tzinfo=UTC),
        ),
        ("Upgrade to Pro or try again at 11:45 PM.", datetime(2026, 11, 22, 23, 45, tzinfo=UTC)),
        ("try again in 5 days 3 hours 20 minutes.", after(days=5, hours=3, minutes=20)),
        # Claude Code
        ("You've hit your 5-hour limit - resets 12:08am (UTC)", datetime(2026, 11, 23, 0, 8, tzinfo=UTC)),
        ("Session limit reached ∙ resets 5pm (UTC)", datetime(2026, 11, 23, 17, 0, tzinfo=UTC)),
        ("limit reached, resets at 3am (Europe/Berlin)", datetime(2026, 11, 23, 2, 0, tzinfo=UTC)),
        ("Weekly limit reached ∙ resets Nov 25, 3pm (UTC)", datetime(2026, 11, 25, 15, 0, tzinfo=UTC)),
        ("Weekly limit reached ∙ resets Nov 25 at 3pm (UTC)", datetime(2026, 11, 25, 15, 0, tzinfo=UTC)),
        ("Claude AI usage limit reached|1795395600", datetime.fromtimestamp(1795395600, UTC)),
        # Gemini, OpenAI, others
        ("You exceeded your current quota. Suggested retry after 3600s", after(hours=1)),
        ("Please try again in 1h2m3.5s.", after(hours=1, minutes=2, seconds=3.5)),
        ("Please try again in 20s.", after(seconds=20)),
        ("Please try again in 850ms", after(milliseconds=850)),
        ("Your quota will reset after 3h20m", after(hours=3, minutes=20)),
        ("Please wait 30 seconds", after(seconds=30)),
        ('{"retry-after": "60"}', after(seconds=60)),
        ("Retry-After: 120", after(seconds=120)),
        ("resets at 2026-11-23T06:00:00Z", datetime(2026, 11, 23, 6, 0, tzinfo=UTC)),
        ('"resetsAt": 1795395600', datetime.fromtimestamp(1795395600, UTC)),
        ('"resetsAt": 1795395600123', datetime.fromtimestamp(1795395600, UTC)),
        # which of several
        ("Reconnecting 2/5. try again in 10 minutes and 5 seconds", after(minutes=10, seconds=5)),
        ("limit of 3 requests reached in 5 minutes; retry after 2 minutes", after(minutes=2)),
    ],
)
def test_the_end_of_a_limit_is_read(text, expected):
    assert reset_time(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rate limit exceeded",
        "retry 5",
        "try again later",
        "resets 99:99am",
        "try again at Feb 31st, 2027 12:10 AM",
        "resets at 2026-11-21T06:00:00Z",  # past
        "resets at 2027-11-21T06:00:00Z",  # no limit is that long
        "retry after 999999999999999999 seconds",
        "reset your password 3 times",
        "available in 12 regions",
        "request 1234567890 failed",
        "retry after 0s",
    ],
)
def test_what_is_no_end_of_a_limit_is_none(text):
    assert reset_time(text, NOW) is None


def test_a_time_without_a_zone_is_local():
    local = NOW.astimezone(BERLIN)
    assert reset_time("try again at Nov 23rd, 2026 12:20 AM.", local) == datetime(
        2026, 11, 22, 23, 20, tzinfo=UTC
    )
    assert reset_time("resets 1am", local) == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_a_date_without_a_year_may_be_of_the_next_one():
    assert reset_time("resets Jan 2, 3pm (UTC)", datetime(2026, 12, 30, tzinfo=UTC)) == datetime(
        2027, 1, 2, 15, tzinfo=UTC
    )


def test_a_long_text_costs_little():
    assert reset_time("try again at " * 100_000, NOW) is None
