"""Counts of calls by key and hour. They outlive the records of the runs, and dropped records too."""

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from leapter.api_keys.models import ApiKey, ApiKeyHour
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


def write(connection: Connection, tallies: Tallies) -> None:
    """Add `tallies` to what is stored; those of keys that are gone are left out."""
    if not tallies:
        return
    known = set(connection.scalars(_KNOWN, {"ids": sorted({key_id for key_id, _ in tallies})}))
    # In the order of their keys: two processes that write the same rows never wait for each other in a ring.
    rows = [
        {
            "key_id": key_id,
            "hour": datetime.fromtimestamp(hour * _HOUR_S, UTC),
            "runs": tally.runs,
            "failures": tally.failures,
            "other_calls": tally.other_calls,
            "refusals": tally.refusals,
        }
        for (key_id, hour), tally in sorted(tallies.items(), key=lambda item: item[0])
        if key_id in known
    ]
    if rows:
        connection.execute(_ADD[connection.dialect.name], rows)


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


def _upsert() -> dict[str, Any]:
    statements = {}
    for dialect in (sqlite, postgresql):
        statement: Any = dialect.insert(ApiKeyHour)
        counts = ("runs", "failures", "other_calls", "refusals")
        statements[dialect.__name__.rsplit(".", 1)[-1]] = statement.on_conflict_do_update(
            index_elements=["key_id", "hour"],
            set_={name: getattr(ApiKeyHour, name) + statement.excluded[name] for name in counts},
        )
    return statements


_ADD = _upsert()

# Those that still exist; they stay until the transaction ends.
_KNOWN = (
    select(ApiKey.id)
    .where(ApiKey.id.in_(bindparam("ids", expanding=True)))
    .order_by(ApiKey.id)
    .with_for_update(read=True, key_share=True)
)
