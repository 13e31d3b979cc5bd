"""Bookkeeping of calls: buffered while the caller waits, written by a thread of the worker."""

import json
import threading
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, String, any_, bindparam, case, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from structlog import get_logger

from leapter.api_keys.models import ApiKey, ApiKeyUsage
from leapter.blueprints.models import Run
from leapter.projects.models import Project
from leapter.runtime import hours, notes, rows
from leapter.runtime.metrics import Metrics
from leapter.runtime.notes import Client

FLUSH_INTERVAL_S = 0.5
MAX_RECORDS = 20_000
MAX_DATA_BYTES = 32 * 1024 * 1024
BATCH = 1_000  # rows of a kind in one transaction: on SQLite it holds other writers up for about 20 ms
_RETRY_AFTER_S = (0.5, 1.0, 2.0, 5.0)
_FAREWELL_S = 3.0  # of the five that gunicorn gives a worker to end

log = get_logger("leapter.usage")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """One run, as it will be stored.

    `via` is as in the table, `started_at` in seconds since the epoch, `status` the HTTP status that was
    answered, `data_bytes` the size of inputs and outputs where they are kept.
    """

    id: str
    project_id: str
    blueprint_id: str
    revision_number: int
    key_id: str
    caller: str
    via: str
    started_at: float
    duration_us: int
    status: int
    client: Client
    correlation_id: str | None
    error_code: str | None = None
    error_message: str | None = None
    input_data: dict[str, Any] | None = None
    output_data: dict[str, Any] | None = None
    data_bytes: int = 0


class _Tally:
    """How often, when last and by whom a key was used, or refused."""

    __slots__ = ("client", "count", "last_at")

    def __init__(self, client: Client) -> None:
        self.count = 0
        self.last_at = 0.0
        self.client = client


@dataclass(frozen=True, kw_only=True)
class _Batch:
    uses: dict[str, _Tally]
    refusals: dict[str, _Tally]
    notes: dict[notes.Kind, notes.Tally]
    runs: list[RunRecord]
    hours: hours.Tallies
    dropped: int


class Usage:
    """The buffer of one process, and the thread that empties it every half second, or sooner when it fills.

    At most `max_records` run records, with `max_data_bytes` of inputs and outputs, wait to be written; past
    that the oldest are dropped. Their uses stay counted, and a metric tells how many there were. Counters
    take one entry a key. A process that is killed outright loses what waits.
    """

    def __init__(
        self,
        engine: Engine,
        metrics: Metrics | None = None,
        *,
        max_records: int = MAX_RECORDS,
        max_data_bytes: int = MAX_DATA_BYTES,
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self._max_records = max_records
        self._max_data_bytes = max_data_bytes
        self._lock = threading.Lock()  # guards what waits
        self._uses: dict[str, _Tally] = {}
        self._refusals: dict[str, _Tally] = {}
        self._notes = notes.Notes()
        self._hours = hours.Hours()
        self._runs: deque[RunRecord] = deque()
        self._data_bytes = 0
        self._dropped = 0
        self._writing = threading.Lock()  # guards the batch that is being written
        self._unwritten: _Batch | None = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def use(self, key_id: str, client: Client) -> None:
        """Count a call that came with a valid key."""
        with self._lock:
            _count(self._uses, key_id, client)

    def refuse(self, key_id: str, client: Client) -> None:
        """Count a call that came with a revoked or an expired key."""
        with self._lock:
            _count(self._refusals, key_id, client)

    def note(self, kind: notes.Kind, *, status: int, client: Client) -> None:
        """Take a call that was no run. Ids in `kind` may be any text that an address held."""
        self._notes.take(kind, status, client)
        self._hours.note(kind)

    def record(self, run: RunRecord) -> None:
        """Take the record of a run."""
        with self._lock:
            self._runs.append(run)
            self._data_bytes += run.data_bytes
            while len(self._runs) > self._max_records or self._data_bytes > self._max_data_bytes:
                dropped = self._runs.popleft()
                self._data_bytes -= dropped.data_bytes
                self._dropped += 1
                self._hours.drop(dropped)
        if len(self._runs) >= BATCH:
            self._wake.set()

    def start(self) -> None:
        """Start the thread; in a worker only, since a thread does not survive a fork."""
        self._thread = threading.Thread(target=self._work, name="usage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread.

        What cannot be written within 3 s is lost, and the log says so.
        """
        deadline = time.monotonic() + _FAREWELL_S
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_FAREWELL_S)
        pause = threading.Event()
        while not self.flush(wait_s=max(0.0, deadline - time.monotonic())) and time.monotonic() < deadline:
            pause.wait(0.1)
        if self._runs or self._unwritten is not None:
            log.error("usage_lost", runs=self._waiting())

    def flush(self, wait_s: float = -1) -> bool:
        """Write everything that waits now; return whether that was possible.

        What could not be written is kept. Another thread that is writing is waited for, at most `wait_s`
        seconds unless that is negative.
        """
        if not self._writing.acquire(timeout=wait_s):
            return False
        try:
            while True:
                retried = self._unwritten is not None
                batch = self._unwritten or self._take()
                if batch is None:
                    return True
                self._unwritten = batch
                try:
                    self._write(batch, retried=retried)
                except (OperationalError, InterfaceError) as error:
                    log.warning("usage_kept", runs=self._waiting(), error=type(error.orig).__name__)
                    if self._metrics:
                        self._metrics.not_written(waiting=self._waiting())
                    return False
                except Exception:
                    # Not the database's state but this batch's content: trying for ever would stop all that
                    # follows. The counters are small and plain, so they are saved.
                    log.exception("run_records_lost", runs=len(batch.runs))
                    self._unwritten = _Batch(
                        uses=batch.uses,
                        refusals=batch.refusals,
                        notes={},
                        runs=[],
                        hours=batch.hours,
                        dropped=batch.dropped + len(batch.runs),
                    )
                    if not (batch.runs or batch.notes):
                        self._unwritten = None
                    continue
                self._unwritten = None
        finally:
            self._writing.release()

    def _work(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._wake.wait(FLUSH_INTERVAL_S)
            self._wake.clear()
            if self.flush():
                failures = 0
            else:
                self._stopping.wait(_RETRY_AFTER_S[min(failures, len(_RETRY_AFTER_S) - 1)])
                failures += 1

    def _waiting(self) -> int:
        return len(self._runs) + (len(self._unwritten.runs) if self._unwritten else 0)

    def _take(self) -> _Batch | None:
        noted = self._notes.cut(BATCH)
        counted = self._hours.cut(BATCH)
        with self._lock:
            if not (self._runs or self._uses or self._refusals or noted or counted):
                return None
            runs = [self._runs.popleft() for _ in range(min(BATCH, len(self._runs)))]
            self._data_bytes -= sum(run.data_bytes for run in runs)
            dropped, self._dropped = self._dropped, 0
            batch = _Batch(
                uses=_cut(self._uses),
                refusals=_cut(self._refusals),
                notes=noted,
                runs=runs,
                hours=counted,
                dropped=dropped,
            )
        hours.add_runs(counted, runs)
        return batch

    def _write(self, batch: _Batch, *, retried: bool) -> None:
        options = {"leapter_write": True}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            if not (retried and _is_written(connection, batch)):
                key_ids = {*batch.uses, *batch.refusals, *(key_id for key_id, _ in batch.hours)}
                known = _existing(connection, ApiKey.id, key_ids)
                _write_tallies(connection, batch.uses, _ADD_USES, "used", known)
                _write_tallies(connection, batch.refusals, _ADD_REFUSALS, "refused", known)
                notes.write(connection, batch.notes)
                hours.write(connection, batch.hours, known)
                _write_runs(connection, batch.runs)
        if self._metrics:
            runs = [(run.status, run.duration_us) for run in batch.runs]
            self._metrics.written(runs, waiting=len(self._runs), dropped=batch.dropped)


def _count(tallies: dict[str, _Tally], key_id: str, client: Client) -> None:
    tally = tallies.get(key_id)
    if tally is None:
        tally = tallies[key_id] = _Tally(client)
    tally.count += 1
    tally.last_at = time.time()
    tally.client = client


def _cut(tallies: dict[str, _Tally]) -> dict[str, _Tally]:
    # In the order of the ids: two processes that write the same keys never wait for each other in a ring.
    return {key_id: tallies.pop(key_id) for key_id in sorted(islice(tallies, BATCH))}


def _is_written(connection: Connection, batch: _Batch) -> bool:
    # A connection that broke during the commit leaves open whether that happened: wholly, or not at all.
    return (
        bool(batch.runs) and connection.scalar(select(Run.id).where(Run.id == batch.runs[0].id)) is not None
    )


def _upsert(kind: str, count: str) -> dict[str, Any]:
    """The statement that adds to a key's counters, by dialect. Moments never move backwards."""
    count_column = getattr(ApiKeyUsage, count)
    names = [f"last_{kind}_at", f"last_{kind}_address", f"last_{kind}_agent"]
    at_column = getattr(ApiKeyUsage, names[0])
    statements = {}
    for dialect in (sqlite, postgresql):
        statement: Any = dialect.insert(ApiKeyUsage)
        new = statement.excluded
        is_newer = or_(at_column.is_(None), at_column <= new[names[0]])
        values = {name: case((is_newer, new[name]), else_=getattr(ApiKeyUsage, name)) for name in names}
        statements[dialect.__name__.rsplit(".", 1)[-1]] = statement.on_conflict_do_update(
            index_elements=["key_id"], set_={count: count_column + new[count], **values}
        )
    return statements


_ADD_USES = _upsert("used", "use_count")
_ADD_REFUSALS = _upsert("refused", "refused_count")


def _write_tallies(
    connection: Connection, tallies: dict[str, _Tally], statements: dict[str, Any], kind: str, known: set[str]
) -> None:
    moment = rows.moments(connection)
    written = [
        (key_id, tally.count, 0, moment(tally.last_at), tally.client.address, tally.client.agent)
        for key_id, tally in tallies.items()
        if key_id in known
    ]
    counts = ("use_count", "refused_count") if kind == "used" else ("refused_count", "use_count")
    columns = ("key_id", *counts, f"last_{kind}_at", f"last_{kind}_address", f"last_{kind}_agent")
    rows.write(connection, statements[connection.dialect.name], columns, written)


def _write_runs(connection: Connection, runs: list[RunRecord]) -> None:
    known = _existing(connection, Project.id, {run.project_id for run in runs})
    moment = rows.moments(connection)
    written = [
        (
            run.id,
            run.project_id,
            run.blueprint_id,
            run.revision_number,
            run.key_id,
            run.caller,
            run.via,
            moment(run.started_at),
            run.duration_us,
            run.status,
            run.error_code,
            run.error_message,
            run.correlation_id,
            run.client.address,
            run.client.agent,
            _json(run.input_data),
            _json(run.output_data),
        )
        for run in runs
        if run.project_id in known
    ]
    rows.write(connection, _INSERT_RUN, _RUN_COLUMNS, written)


_INSERT_RUN = insert(Run)
_RUN_COLUMNS = (
    "id",
    "project_id",
    "blueprint_id",
    "revision_number",
    "key_id",
    "caller",
    "via",
    "started_at",
    "duration_us",
    "status",
    "error_code",
    "error_message",
    "correlation_id",
    "client_address",
    "client_agent",
    "input_data",
    "output_data",
)


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)


def _existing(connection: Connection, column: Any, ids: Collection[str]) -> set[str]:
    """Those of `ids` that still exist; they stay until this transaction ends."""
    if not ids:
        return set()
    if connection.dialect.name == "sqlite":
        # Each row takes its time to fetch; mostly, none is missing. Nobody else writes meanwhile.
        given = func.json_each(bindparam("ids")).table_valued("value")
        missing = select(given.c.value).where(~select(column).where(column == given.c.value).exists())
        return set(ids).difference(connection.scalars(missing, {"ids": json.dumps(list(ids))}))
    statement = (
        select(column)
        .where(column == any_(bindparam("ids", type_=postgresql.ARRAY(String))))
        .order_by(column)
        .with_for_update(read=True, key_share=True)
    )
    return set(connection.scalars(statement, {"ids": list(ids)}))
