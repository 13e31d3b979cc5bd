"""Bookkeeping: buffered, bounded, written soon, lost only with the process."""

import sqlite3
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from structlog.testing import capture_logs

from leapter import clock
from leapter.api_keys.models import ApiKeyUsage
from leapter.blueprints.models import Run
from leapter.db import db, new_id, transaction
from leapter.projects import service as projects
from leapter.runtime.metrics import Metrics
from leapter.runtime.run_ids import new_run_id
from leapter.runtime.usage import BATCH, Client, RunRecord, Usage
from tests.runtime.conftest import Caller

SHOP = Client(address="203.0.113.7", agent="shop/1.0")


def _run(caller: Caller, **changes: object) -> RunRecord:
    values: dict[str, object] = {
        "id": new_run_id(),
        "project_id": caller.project.id,
        "blueprint_id": caller.project.blueprints["parcel-price"],
        "revision_number": 1,
        "key_id": caller.record.id,
        "caller": caller.record.prefix,
        "via": "rest",
        "started_at": time.time(),
        "duration_us": 25,
        "status": 200,
        "client": SHOP,
        "correlation_id": None,
        **changes,
    }
    return RunRecord(**values)  # type: ignore[arg-type]  # as above


def _stored_runs() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Run)) or 0


def _stored_usage(caller: Caller) -> ApiKeyUsage:
    db.session.rollback()
    usage = db.session.get(ApiKeyUsage, caller.record.id, populate_existing=True)
    assert usage is not None
    return usage


@pytest.mark.both_databases
def test_usage_reaches_the_database_by_itself(caller: Caller) -> None:
    usage = Usage(db.engine)
    written = threading.Event()
    event.listen(db.engine, "commit", lambda connection: written.set())
    usage.start()
    usage.use(caller.record.id, SHOP)
    usage.record(_run(caller))
    assert written.wait(10)
    usage.stop()
    stored = _stored_usage(caller)
    assert (stored.use_count, stored.last_used_address, stored.last_used_agent) == (
        1,
        "203.0.113.7",
        "shop/1.0",
    )
    assert _stored_runs() == 1


@pytest.mark.both_databases
def test_counts_of_several_processes_add_up_and_last_used_never_moves_backwards(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = Usage(db.engine), Usage(db.engine)
    present = time.time()
    monkeypatch.setattr(time, "time", lambda: present - 60)
    early.use(caller.record.id, Client(address="203.0.113.1", agent="early"))
    monkeypatch.setattr(time, "time", lambda: present)
    for _ in range(2):
        late.use(caller.record.id, Client(address="203.0.113.2", agent="late"))
    assert late.flush()
    assert early.flush()
    stored = _stored_usage(caller)
    assert (stored.use_count, stored.last_used_agent) == (3, "late")
    assert stored.last_used_at is not None
    assert abs(stored.last_used_at.timestamp() - present) < 0.001


@pytest.mark.both_databases
def test_stopping_writes_what_waits(caller: Caller) -> None:
    usage = Usage(db.engine)
    usage.start()
    for _ in range(2 * BATCH + 1):
        usage.use(caller.record.id, SHOP)
        usage.record(_run(caller))
    usage.stop()
    assert _stored_runs() == 2 * BATCH + 1
    assert _stored_usage(caller).use_count == 2 * BATCH + 1


def test_a_full_buffer_drops_the_oldest_records_and_says_so_but_counts_every_use(caller: Caller) -> None:
    metrics = Metrics()
    usage = Usage(db.engine, metrics, max_records=3)
    runs = [_run(caller) for _ in range(5)]
    for run in runs:
        usage.use(caller.record.id, SHOP)
        usage.record(run)
    assert usage.flush()
    assert _stored_runs() == 3
    assert set(db.session.scalars(select(Run.id))) == {run.id for run in runs[2:]}
    assert _stored_usage(caller).use_count == 5
    assert b"leapter_run_records_dropped_total 2.0" in metrics.exposition()


def test_the_buffer_is_bounded_by_the_size_of_kept_inputs_and_outputs_too(caller: Caller) -> None:
    usage = Usage(db.engine, max_data_bytes=1000)
    for size in (400, 400, 200):
        usage.record(_run(caller, data_bytes=size))
    assert usage.flush()
    assert _stored_runs() == 3
    for size in (400, 400, 201):
        usage.record(_run(caller, data_bytes=size))
    assert usage.flush()
    assert _stored_runs() == 5


def test_while_the_database_is_locked_usage_is_kept_and_written_afterwards(
    caller: Caller, database: dict[str, str]
) -> None:
    metrics = Metrics()
    engine = db.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=10"))
    engine.dispose()
    usage = Usage(engine, metrics)
    usage.use(caller.record.id, SHOP)
    usage.record(_run(caller))
    locker = sqlite3.connect(Path(database["LEAPTER_HOME"]) / "leapter.sqlite3", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    with capture_logs() as log:
        assert usage.flush() is False
    usage.record(_run(caller))
    assert [line["event"] for line in log] == ["usage_kept"]
    assert b"leapter_usage_write_failures_total 1.0" in metrics.exposition()
    assert _stored_runs() == 0
    locker.execute("ROLLBACK")
    locker.close()
    assert usage.flush()
    assert _stored_runs() == 2
    assert _stored_usage(caller).use_count == 1


@pytest.mark.both_databases
def test_a_batch_whose_commit_went_through_unnoticed_is_not_counted_twice(caller: Caller) -> None:
    usage = Usage(db.engine)
    usage.use(caller.record.id, SHOP)
    usage.record(_run(caller))
    batch = usage._take()
    assert batch is not None
    usage._write(batch, retried=False)
    usage._unwritten = batch  # as if the answer to the commit had been lost
    assert usage.flush()
    assert (_stored_runs(), _stored_usage(caller).use_count) == (1, 1)


@pytest.mark.both_databases
def test_runs_of_a_project_that_was_deleted_meanwhile_leave_the_others_alone(caller: Caller) -> None:
    usage = Usage(db.engine)
    usage.use(caller.record.id, SHOP)
    usage.use(new_id(), SHOP)
    usage.refuse(new_id(), SHOP)
    usage.record(_run(caller, project_id=new_id()))
    usage.record(_run(caller))
    assert usage.flush()
    assert _stored_runs() == 1
    projects.delete_project(caller.person.actor, caller.project.id, typed_name="Shipping")
    usage.record(_run(caller))
    assert usage.flush()
    assert (_stored_runs(), _stored_usage(caller).use_count) == (0, 1)


@pytest.mark.both_databases
def test_a_record_that_cannot_be_stored_does_not_hold_up_the_counters_or_what_follows(
    caller: Caller,
) -> None:
    usage = Usage(db.engine)
    usage.use(caller.record.id, SHOP)
    usage.record(_run(caller, revision_number=None))
    with capture_logs() as log:
        assert usage.flush()
    assert [line["event"] for line in log] == ["run_records_lost"]
    assert (_stored_runs(), _stored_usage(caller).use_count) == (0, 1)
    usage.record(_run(caller))
    assert usage.flush()
    assert _stored_runs() == 1


def test_metrics_count_runs_by_status_with_their_duration(caller: Caller) -> None:
    metrics = Metrics()
    usage = Usage(db.engine, metrics)
    for status in (200, 200, 422):
        usage.record(_run(caller, status=status))
    assert usage.flush()
    text = metrics.exposition().decode()
    assert 'leapter_runs_total{status="200"} 2.0' in text
    assert 'leapter_runs_total{status="422"} 1.0' in text
    assert "leapter_run_duration_seconds_count 3.0" in text


def test_the_moment_of_a_run_is_when_it_began(caller: Caller) -> None:
    moment = clock.now() - timedelta(seconds=3)
    usage = Usage(db.engine)
    usage.record(_run(caller, started_at=moment.timestamp()))
    assert usage.flush()
    with transaction() as session:
        stored = session.scalar(select(Run.started_at))
    assert stored is not None
    assert abs((stored - moment).total_seconds()) < 0.001
