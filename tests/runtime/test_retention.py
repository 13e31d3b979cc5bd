"""Records of runs go when they are past their time, a few at once; the counts by key and hour stay."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import delete, event, insert, select, update
from structlog.testing import capture_logs

from leapter.api_keys.models import ApiKeyHour
from leapter.blueprints.models import Run
from leapter.config import Settings
from leapter.db import db, new_id, transaction
from leapter.runtime.models import Sweep
from leapter.runtime.notes import Kind
from leapter.runtime.retention import DOUBTS, HOURS_KEPT_DAYS, MAX_ROWS, Sweeper
from leapter.runtime.state import current_runtime
from leapter.runtime.usage import Client, RunRecord, Usage
from tests.conftest import Clock
from tests.runtime.conftest import Caller, flush
from tests.world import World

pytestmark = pytest.mark.both_databases

SHOP = Client(address="203.0.113.7", agent="shop/1.0")


def sweeper(*, days: int = 0, count: int = 0) -> Sweeper:
    return Sweeper(db.engine, kept_days=days, kept_per_project=count, pause_s=0)


def store(caller: Caller, *moments: datetime, project_id: str = "") -> None:
    rows = [
        {
            "id": new_id(),
            "project_id": project_id or caller.project.id,
            "blueprint_id": caller.project.blueprints["parcel-price"],
            "revision_number": 1,
            "key_id": caller.record.id,
            "caller": caller.record.prefix,
            "started_at": moment,
            "duration_us": 25,
            "status": 200,
        }
        for moment in moments
    ]
    with transaction() as session:
        session.execute(insert(Run), rows)


def stored() -> list[datetime]:
    """When the stored runs began, the oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(Run.started_at).order_by(Run.started_at)))


def hours_of(caller: Caller) -> dict[datetime, tuple[int, int, int, int]]:
    db.session.rollback()
    rows = db.session.scalars(
        select(ApiKeyHour)
        .where(ApiKeyHour.key_id == caller.record.id)
        .execution_options(populate_existing=True)
    )
    return {row.hour: (row.runs, row.failures, row.other_calls, row.refusals) for row in rows}


def record(caller: Caller, started_at: float, *, status: int = 200, key_id: str = "") -> RunRecord:
    return RunRecord(
        id=new_id(),
        project_id=caller.project.id,
        blueprint_id=caller.project.blueprints["parcel-price"],
        revision_number=1,
        key_id=key_id or caller.record.id,
        caller=caller.record.prefix,
        via="rest",
        started_at=started_at,
        duration_us=25,
        status=status,
        client=SHOP,
        correlation_id=None,
    )


def asked(caller: Caller, code: str = "", *, key_id: str | None = None) -> Kind:
    return Kind(
        key_id=caller.record.id if key_id is None else key_id,
        prefix="",
        appspace_id="",
        project_id=caller.project.id,
        what="models",
        code=code,
    )


@contextmanager
def on_deletion(do: Callable[[int], object]) -> Iterator[None]:
    """Tell `do` of each statement that deletes runs how many it has deleted."""

    def tell(connection: object, cursor: sqlite3.Cursor, statement: str, *rest: object) -> None:
        if statement.startswith("DELETE FROM runs"):
            do(cursor.rowcount)

    event.listen(db.engine, "after_cursor_execute", tell)
    yield
    event.remove(db.engine, "after_cursor_execute", tell)


def test_a_run_is_kept_for_its_days_and_no_longer(caller: Caller, clock: Clock) -> None:
    present = clock.present
    edge = present - timedelta(days=30)
    store(caller, edge - timedelta(microseconds=1), edge, present)
    assert sweeper(days=30).sweep() == 1
    assert stored() == [edge, present]


def test_each_project_keeps_so_many_of_its_newest_runs(caller: Caller, world: World, clock: Clock) -> None:
    moments = [clock.present - timedelta(minutes=ago) for ago in (4, 3, 2, 1)]
    other = world.project(caller.person, "Returns", {})
    store(caller, *moments)
    store(caller, *moments[:3], project_id=other.id)
    four, three = sweeper(count=4), sweeper(count=3)
    assert four.sweep() == 0
    four.release()
    assert three.sweep() == 1
    assert stored() == sorted(moments[1:] + moments[:3])
    three.release()
    assert sweeper().sweep() == 0  # no limit: all are kept


def test_many_runs_go_in_small_transactions_and_others_write_between_them(
    caller: Caller, clock: Clock, settings: Settings
) -> None:
    store(caller, *[clock.present - timedelta(days=40)] * (2 * MAX_ROWS + 1), clock.present)
    deleted: list[int] = []
    written: list[int] = []  # after how many deletions somebody else wrote

    def write_at_once(*connection: object) -> None:
        if settings.is_sqlite:
            with closing(sqlite3.connect(settings.home / "leapter.sqlite3", timeout=0)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.rollback()
        written.append(len(deleted))

    event.listen(db.engine.pool, "checkin", write_at_once)
    with on_deletion(deleted.append):
        assert sweeper(days=30, count=5).sweep() == 2 * MAX_ROWS + 1
    assert max(deleted) <= MAX_ROWS
    assert sum(deleted) == 2 * MAX_ROWS + 1
    assert set(written) == set(range(len(deleted) + 1))
    assert stored() == [clock.present]


def test_one_worker_sweeps_and_another_one_takes_over_when_it_ends_or_dies(
    caller: Caller, clock: Clock
) -> None:
    first, second, third = (sweeper(count=1) for _ in range(3))

    def swept_by(one: Sweeper) -> bool:
        store(caller, clock.present, clock.present)
        return one.sweep() > 0

    assert swept_by(first)
    assert not swept_by(second)
    assert swept_by(first)
    first.release()
    assert swept_by(second)
    assert not swept_by(first)
    # The second one dies. It has been heard of since the last look; then no more.
    assert [swept_by(third) for _ in range(4)] == [False, False, False, True]
    assert not swept_by(second)
    # While it was in the middle of its work, as it comes back.
    second._is_keeper = lambda: True  # type: ignore[method-assign]  # what it last knew
    with capture_logs() as log:
        assert not swept_by(second)
    assert [line["event"] for line in log] == ["sweep_taken_over"]


def test_of_two_workers_that_look_at_the_same_time_one_sweeps(caller: Caller, clock: Clock) -> None:
    store(caller, clock.present, clock.present)
    first, second = sweeper(count=1), sweeper(count=1)
    swept: list[int] = []

    def come_between(*connection: object) -> None:
        swept.append(second.sweep())
        store(caller, clock.present)

    # Between the look of the first one and what it does upon it.
    event.listen(db.engine.pool, "checkin", come_between, once=True)
    assert first.sweep() == 0
    assert swept == [1]
    assert len(stored()) == 2


def test_a_worker_that_ends_stops_after_the_transaction_that_is_open(caller: Caller, clock: Clock) -> None:
    store(caller, *[clock.present] * (MAX_ROWS + 2))
    ending = sweeper(count=1)
    with on_deletion(lambda count: ending.stop()):
        deleted = ending.sweep()
    assert 0 < deleted <= MAX_ROWS
    assert len(stored()) == MAX_ROWS + 2 - deleted


def test_a_workers_thread_sweeps_and_leaves_the_task_to_others_at_its_end(
    caller: Caller, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leapter.runtime.retention.FIRST_SWEEP_S", 0)
    store(caller, clock.present, clock.present)
    swept = threading.Event()
    worker = sweeper(count=1)
    with on_deletion(lambda count: swept.set()):
        worker.start()
        assert swept.wait(10)
        worker.stop()
    assert len(stored()) == 1
    store(caller, clock.present)
    assert sweeper(count=1).sweep() == 1


def test_a_clock_that_jumps_ahead_deletes_nothing_for_a_day(caller: Caller, clock: Clock) -> None:
    present = clock.present
    store(caller, present, present)
    worker = sweeper(days=30)
    assert worker.sweep() == 0
    clock.advance(days=365)
    store(caller, clock.present)
    with capture_logs() as log:
        assert (worker.sweep(), worker.sweep()) == (0, 0)
    assert [line["event"] for line in log] == ["clock_doubted"]
    clock.present = present  # it is set right
    assert worker.sweep() == 0
    clock.advance(days=365)
    assert worker.sweep() == 0
    with transaction() as session:
        session.execute(update(Sweep).values(doubts=DOUBTS))  # a day of sweeps later
    assert worker.sweep() == 2
    assert stored() == [clock.present]


def test_a_first_sweep_holds_the_clock_against_the_newest_run(caller: Caller, clock: Clock) -> None:
    store(caller, clock.present - timedelta(days=90), clock.present - timedelta(days=2))
    assert sweeper(days=30).sweep() == 0
    store(caller, clock.present)
    with transaction() as session:
        session.execute(delete(Sweep))
    assert sweeper(days=30).sweep() == 1


def test_while_the_database_is_locked_sweeping_is_put_off(
    caller: Caller, clock: Clock, settings: Settings
) -> None:
    if not settings.is_sqlite:
        return  # there, nobody can lock it as a whole
    store(caller, clock.present, clock.present)
    worker = sweeper(count=1)
    event.listen(db.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=10"))
    db.session.remove()
    db.engine.dispose()
    with closing(sqlite3.connect(settings.home / "leapter.sqlite3")) as other, capture_logs() as log:
        other.execute("BEGIN IMMEDIATE")
        assert worker.sweep() == 0
        other.rollback()
    assert [line["event"] for line in log] == ["sweep_put_off"]
    assert worker.sweep() == 1


def test_calls_of_two_workers_add_up_by_key_and_hour_whatever_the_clock_does(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = datetime(2026, 5, 6, 7, tzinfo=UTC)
    before = hour - timedelta(hours=1)
    late, early = Usage(db.engine, max_records=2), Usage(db.engine)
    for second, status in ((0, 200), (1, 422), (3599, 500)):
        late.record(record(caller, hour.timestamp() + second, status=status))  # the third drops the first
    early.record(record(caller, hour.timestamp() + 5))
    early.record(record(caller, hour.timestamp() + 5, key_id=new_id()))  # of a key that is gone
    monkeypatch.setattr(time, "time", lambda: hour.timestamp() + 10)
    late.note(asked(caller), status=200, client=SHOP)
    early.note(asked(caller, "project_not_permitted"), status=403, client=SHOP)
    early.note(asked(caller, "malformed_api_key", key_id=""), status=401, client=SHOP)  # it proves nothing
    monkeypatch.setattr(time, "time", lambda: hour.timestamp() - 1)  # the clock is set back
    late.note(asked(caller, "rate_limited"), status=429, client=SHOP)
    late.record(record(caller, hour.timestamp() - 1))
    assert early.flush()
    assert late.flush()
    assert hours_of(caller) == {hour: (4, 2, 1, 1), before: (1, 0, 0, 1)}
    # The records go, the counts stay.
    assert sweeper(count=1).sweep() == 3
    assert sum(runs for runs, *_ in hours_of(caller).values()) == 5


def test_counts_by_hour_are_kept_longer_than_a_year(caller: Caller, clock: Clock) -> None:
    clock.present = clock.present.replace(minute=0, second=0, microsecond=0)
    edge = clock.present - timedelta(days=HOURS_KEPT_DAYS)
    kept = (edge, clock.present)
    with transaction() as session:
        for hour in (*kept, edge - timedelta(hours=1)):
            session.add(ApiKeyHour(key_id=caller.record.id, hour=hour, runs=1))
    assert sweeper().sweep() == 1
    assert set(hours_of(caller)) == set(kept)


def test_the_page_of_a_key_counts_its_calls_by_day(caller: Caller, clock: Clock) -> None:
    def rows() -> list[list[str]]:
        page = caller.person.client.get(f"/api-keys/{caller.record.id}").get_data(as_text=True)
        table = BeautifulSoup(page, "html.parser").select(".call-days tbody tr")
        return [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in table]

    assert rows() == []
    clock.present = datetime.now(UTC)
    yesterday = clock.present - timedelta(days=1)
    with transaction() as session:
        for days in (13, 14):
            hour = (clock.present - timedelta(days=days)).replace(hour=23, minute=0, second=0, microsecond=0)
            session.add(ApiKeyHour(key_id=caller.record.id, hour=hour, runs=1234))
    usage = current_runtime().usage
    usage.record(record(caller, yesterday.timestamp()))
    assert caller.run().status_code == 200
    assert caller.run({"weight_kg": "heavy"}).status_code == 422
    assert caller.get("/models").status_code == 200
    assert caller.run(path=caller.path("no-such-blueprint")).status_code == 404
    flush()
    shown = rows()
    assert len(shown) == 14
    assert shown[0] == [f"{clock.present:%Y-%m-%d}", "2", "1", "1", "1"]
    assert shown[1] == [f"{yesterday:%Y-%m-%d}", "1", "0", "0", "0"]
    assert {tuple(row[1:]) for row in shown[2:13]} == {("0", "0", "0", "0")}
    assert shown[13][1] == "1,234"
