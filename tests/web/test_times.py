"""How long ago something was, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from leapter.web.times import relative

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=0), "just now"),
        (timedelta(seconds=4.9), "just now"),
        (timedelta(seconds=5), "5 seconds ago"),
        (timedelta(seconds=59.9), "59 seconds ago"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=31), "1 month ago"),
        (timedelta(days=366), "1 year ago"),
        (timedelta(seconds=-3), "just now"),
        (timedelta(hours=-3), "in 3 hours"),
    ],
)
def test_a_moment_is_told_in_its_largest_whole_unit(ago: timedelta, words: str) -> None:
    assert relative(NOW - ago, NOW) == words
