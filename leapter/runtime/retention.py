"""Deletes runs, and counts of hours, that are past their time: a little at once, by one process of all."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from structlog import get_logger

from leapter import clock
from leapter.api_keys.models import ApiKeyHour
from leapter.blueprints.models import Run
from leapter.projects.models import Project
from leapter.runtime.models import Sweep

log = get_logger("leapter.retention")

HOURS_KEPT_DAYS = 400  # a year can be set against the one before
FIRST_SWEEP_S = 60.0  # a server that starts has better things to do
INTERVAL_S = 300.0
MAX_ROWS = 500  # in one transaction
# On SQLite a transaction holds up all other writers: so long at most. Rows with large inputs and outputs take
# longer than others, so the number of rows follows the time that the ones before took.
_HOLD_S = 0.02
# Longer than a writer of SQLite that waits sleeps between two attempts, at its first attempts.
PAUSE_S = 0.05
# Rows over the number that a project keeps are counted up to here, lest the count of millions takes long.
_COUNTED_AT_ONCE = 10_000
# A keeper that was not heard of for so many looks has died.
_LOOKS = 3
# A clock that has jumped ahead makes everything old. One that is further than a day ahead of where it was at
# the sweep before is believed after a day of sweeps, in which it can be set right; until then nothing is
# deleted for its age. After a standstill of more than a day the same day is waited.
_JUMP = timedelta(days=1)
DOUBTS = int(_JUMP.total_seconds() / INTERVAL_S)
_FAREWELL_S = 0.5


class _TakenOverError(Exception):
    """Another process sweeps by now."""


class Sweeper:
    """The thread of a worker that deletes runs past their time, while no other process does.

    Which process that is stands in the database. Each transaction deletes at most `MAX_ROWS` rows, and on
    SQLite holds other writers up for some 20 ms; between two of them there is a pause. None is open beside.

    Args:
        kept_days: runs that began earlier are deleted; 0 for no such limit.
        kept_per_project: of each project, so many of the newest runs are kept; 0 for no such limit.
        pause_s: how long others have the database to themselves between two transactions.
    """

    def __init__(
        self, engine: Engine, *, kept_days: int, kept_per_project: int, pause_s: float = PAUSE_S
    ) -> None:
        self._engine = engine
        self._kept_days = kept_days
        self._kept_per_project = kept_per_project
        self._pause_s = pause_s
        self._rows = MAX_ROWS
        self._keeper = ""
        self._seen = ("", -1)  # who swept at the look before, and how much they had done
        self._looks = 0  # how often that was seen since
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; in a worker only, since a thread does not survive a fork."""
        self._thread = threading.Thread(target=self._work, name="retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the transaction that is open, if one is; it is waited for half a second."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_FAREWELL_S)

    def sweep(self) -> int:
        """Delete what is past its time, if it is this process that does; return how many rows that were.

        While the database cannot be used, the rest is left to the next sweep.
        """
        # A process that was forked must not pass for its parent.
        self._keeper = self._keeper or secrets.token_hex(16)
        deleted = 0
        try:
            if self._is_keeper():
                for count in self._sweep():
                    deleted += count
        except _TakenOverError:
            log.info("sweep_taken_over")
        except (OperationalError, InterfaceError) as error:
            log.warning("sweep_put_off", error=type(error.orig).__name__)
        if deleted:
            log.info("swept", rows=deleted)
        return deleted

    def release(self) -> None:
        """Leave sweeping to whoever looks next."""
        mine = update(Sweep).where(Sweep.keeper == self._keeper).values(keeper="")
        with suppress(SQLAlchemyError), _writing(self._engine) as connection:
            connection.execute(mine)

    def _work(self) -> None:
        wait_s = FIRST_SWEEP_S
        while not self._stopping.wait(wait_s):
            wait_s = INTERVAL_S
            try:
                self.sweep()
            except Exception:
                log.exception("sweep_failed")
        if self._seen[0] == self._keeper != "":
            self.release()

    def _is_keeper(self) -> bool:
        """Whether this process sweeps; it takes over where no other one does, or the other one has died."""
        with self._engine.connect() as connection:
            row = connection.execute(select(Sweep.keeper, Sweep.beat)).first()
        if row is None:
            # Of several that find none, one inserts it.
            with suppress(IntegrityError), _writing(self._engine) as connection:
                connection.execute(insert(Sweep).values(id=1, keeper="", beat=0, doubts=0))
        keeper, beat = ("", 0) if row is None else (row.keeper, row.beat)
        self._looks = self._looks + 1 if (keeper, beat) == self._seen else 0
        self._seen = (keeper, beat)
        if keeper == self._keeper:
            return True
        if keeper and self._looks < _LOOKS:
            return False
        taking = (
            update(Sweep)
            .where(Sweep.keeper == keeper, Sweep.beat == beat)
            .values(keeper=self._keeper, beat=beat + 1)
        )
        with _writing(self._engine) as connection:
            is_mine = connection.execute(taking).rowcount == 1
        if is_mine:
            self._seen = (self._keeper, beat + 1)
        return is_mine

    def _sweep(self) -> Iterator[int]:
        present = self._present()
        with self._engine.connect() as connection:
            project_ids = connection.scalars(select(Project.id).order_by(Project.id)).all()
        for project_id in project_ids:
            if self._stopping.is_set():
                return
            runs = select(Run.id).where(Run.project_id == project_id).order_by(Run.started_at)
            if self._kept_days and present is not None:
                aged = runs.where(Run.started_at < present - timedelta(days=self._kept_days))
                yield from self._delete(aged, Run.id)
            if self._kept_per_project:
                yield from self._delete_surplus(runs, project_id)
        if present is not None:
            hours = (ApiKeyHour.key_id, ApiKeyHour.hour)
            aged_hours = select(*hours).where(ApiKeyHour.hour < present - timedelta(days=HOURS_KEPT_DAYS))
            yield from self._delete(aged_hours.order_by(ApiKeyHour.hour), *hours)

    def _delete_surplus(self, runs: Select[Any], project_id: str) -> Iterator[int]:
        most = self._kept_per_project + _COUNTED_AT_ONCE
        some = select(Run.started_at).where(Run.project_id == project_id).limit(most).subquery()
        is_all = False
        while not (is_all or self._stopping.is_set()):
            with self._engine.connect() as connection:
                count = connection.scalar(select(func.count()).select_from(some)) or 0
            is_all, surplus = count < most, count - self._kept_per_project
            for deleted in self._delete(runs, Run.id, most=surplus):
                yield deleted
                surplus -= deleted
            is_all = is_all or surplus > 0  # others hold what is left

    def _delete(
        self, stale: Select[*tuple[Any, ...]], *identity: Any, most: int | None = None
    ) -> Iterator[int]:
        """Delete the rows that `stale` finds, `most` of them or all; the counts of each transaction."""
        columns = identity[0] if len(identity) == 1 else tuple_(*identity)
        while most is None or most > 0:
            with self._engine.connect() as connection:
                if connection.execute(stale.limit(1)).first() is None:
                    return
            if self._stopping.is_set():
                return
            wanted = self._rows if most is None else min(self._rows, most)
            with self._turn() as connection:
                start = time.perf_counter()
                # Rows that another one has locked stay for now: who waits for nothing is part of no deadlock.
                chosen = stale.limit(wanted).with_for_update(skip_locked=True)
                rows = [row if len(identity) > 1 else row[0] for row in connection.execute(chosen)]
                if rows:
                    connection.execute(delete(identity[0].class_).where(columns.in_(rows)))
            self._adapt(len(rows), time.perf_counter() - start)
            yield len(rows)
            self._stopping.wait(self._pause_s)
            if len(rows) < wanted:
                return
            if most is not None:
                most -= len(rows)

    def _adapt(self, rows: int, took_s: float) -> None:
        if took_s > _HOLD_S:
            self._rows = max(1, rows // 2)
        elif took_s < _HOLD_S / 2:
            self._rows = min(MAX_ROWS, max(rows * 2, self._rows))

    def _present(self) -> datetime | None:
        """The present moment; None while the clock is in doubt."""
        with self._engine.connect() as connection:
            believed_at = connection.scalar(select(Sweep.believed_at))
            if believed_at is None:
                # The first sweep of all has nothing but the runs to hold the clock against.
                of_project = select(func.max(Run.started_at)).where(Run.project_id == Project.id)
                newest = func.max(of_project.correlate(Project).scalar_subquery())
                believed_at = connection.scalar(select(newest).select_from(Project))
        present = clock.now()
        with self._turn() as connection:
            doubts = connection.scalar(select(Sweep.doubts)) or 0
            is_doubtful = believed_at is not None and present - believed_at > _JUMP and doubts < DOUBTS
            if is_doubtful:
                values: dict[str, Any] = {"believed_at": believed_at, "doubts": doubts + 1}
            else:
                values = {"believed_at": present, "doubts": 0}
            connection.execute(update(Sweep).values(**values))
        if is_doubtful and not doubts:
            log.warning("clock_doubted", clock=present.isoformat(), before=believed_at and str(believed_at))
        return None if is_doubtful else present

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        """A transaction that writes, as the one process that sweeps.

        Raises:
            _TakenOverError: that is another one.
        """
        mine = update(Sweep).where(Sweep.keeper == self._keeper).values(beat=Sweep.beat + 1)
        with _writing(self._engine) as connection:
            if connection.execute(mine).rowcount != 1:
                raise _TakenOverError
            yield connection


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(leapter_write=True) as connection, connection.begin():
        yield connection
