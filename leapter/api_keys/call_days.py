"""How many calls came with a key on each of the latest days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from leapter import clock
from leapter.api_keys.models import ApiKeyHour
from leapter.db import db

DAYS = 14


@dataclass(kw_only=True, slots=True)
class CallDay:
    """The calls of a day of UTC. The counts are those of `ApiKeyHour`."""

    day: date
    runs: int = 0
    failures: int = 0
    other_calls: int = 0
    refusals: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether there was no call."""
        return not (self.runs or self.other_calls or self.refusals)


def latest_days(key_id: str) -> list[CallDay]:
    """The latest `DAYS` days of a key, today first; whether it may be seen was asked before."""
    today = clock.now().date()
    days = [CallDay(day=today - timedelta(days=ago)) for ago in range(DAYS)]
    by_day = {one.day: one for one in days}
    start = datetime.combine(days[-1].day, time(), UTC)
    statement = select(ApiKeyHour).where(ApiKeyHour.key_id == key_id, ApiKeyHour.hour >= start)
    for row in db.session.scalars(statement.execution_options(populate_existing=True)):
        # A clock that was set back leaves hours that are still to come.
        if one := by_day.get(row.hour.date()):
            one.runs += row.runs
            one.failures += row.failures
            one.other_calls += row.other_calls
            one.refusals += row.refusals
    return days
