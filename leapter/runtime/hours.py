"""Counts of calls by key and hour. They outlive the records of the runs, and dropped records too."""

import threading
import time
from collections.abc import Container, Iterable
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from typing import Protocol

from sqlalchemy import Connection

from leapter.api_keys.models import ApiKeyHour
from leapter.runtime.notes import Kind

_HOUR_S = 3600
_FAILED = 400


class CountedRun(Protocol):
    """What of a run is counted; see `usage.RunRecord`."""

    @property
    def key_id(self) -> str:
        """The key that it was made with."""
        ...

    @property
    def started_at(self) -> float:
        """When it began, in seconds since the epoch."""
        ...

    @property
    def status(self) -> int:
        """The HTTP status that was answered."""
        ...


class Tally:
    """What came with one key in one hour; the counts are those of `ApiKeyHour`."""

    __slots__ = ("failures", "other_calls", "refusals", "runs")

    def __init__(self) -> None:
        self.runs = self.failures = self.other_calls = self.refusals = 0


# By the id of the key and the number of the hour since the epoch.
Tallies = dict[tuple[str, int], Tally]


class Hours:
    """What waits to be written beside the runs, which are counted when they are written: an entry for each
    key and hour.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: Tallies = {}

    def note(self, kind: Kind) -> None:
        """Count a call, of now, that was no run. One that only may have come with a key is not counted."""
        if not kind.key_id:
            return
        with self._lock:
            tally = _tally(self._tallies, kind.key_id, time.time())
            if kind.code:
                tally.refusals += 1
            else:
                tally.other_calls += 1

    def drop(self, run: CountedRun) -> None:
        """Count a run whose record is dropped."""
        with self._lock:
            _add(self._tallies, run)

    def cut(self, most: int) -> Tallies:
        """Take up to `most` entries out."""
        if not self._tallies:
            return {}
        with self._lock:
            return {key: self._tallies.pop(key) for key in list(islice(self._tallies, most))}


def add_runs(tallies: Tallies, runs: Iterable[CountedRun]) -> None:
    """Count `runs` in `tallies`."""
    for run in runs:
        _add(tallies, run)


def write(connection: Connection, tallies: Tallies, known: Container[str]) -> None:
    """Add `tallies` to what is stored; those of keys that are not `known` are left out."""
    dialect = connection.dialect
    process = ApiKeyHour.hour.type.bind_processor(dialect) or (lambda moment: moment)
    moments = {hour: process(datetime.fromtimestamp(hour * _HOUR_S, UTC)) for _, hour in tallies}
    # In the order of their keys: two processes that write the same rows never wait for each other in a ring.
    rows = [
        (key_id, moments[hour], tally.runs, tally.failures, tally.other_calls, tally.refusals)
        for (key_id, hour), tally in sorted(tallies.items(), key=itemgetter(0))
        if key_id in known
    ]
    if rows:
        # Not through SQLAlchemy, which adds 3 to 4 µs a row: as much as the database takes.
        connection.exec_driver_sql(_ADD[dialect.paramstyle], rows)


def _add(tallies: Tallies, run: CountedRun) -> None:
    tally = _tally(tallies, run.key_id, run.started_at)
    tally.runs += 1
    if run.status >= _FAILED:
        tally.failures += 1


def _tally(tallies: Tallies, key_id: str, moment: float) -> Tally:
    key = (key_id, int(moment // _HOUR_S))
    tally = tallies.get(key)
    if tally is None:
        tally = tallies[key] = Tally()
    return tally


_UPSERT = """\
INSERT INTO api_key_hours (key_id, hour, runs, failures, other_calls, refusals) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (key_id, hour) DO UPDATE SET
    runs = api_key_hours.runs + excluded.runs,
    failures = api_key_hours.failures + excluded.failures,
    other_calls = api_key_hours.other_calls + excluded.other_calls,
    refusals = api_key_hours.refusals + excluded.refusals
"""

# By the style of the driver's parameters: SQLite's is "qmark", psycopg's "pyformat".
_ADD = {"qmark": _UPSERT, "pyformat": _UPSERT.replace("?", "%s")}
