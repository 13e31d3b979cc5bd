"""What the runtime of one application holds."""

from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import Engine

from leapter.config import Settings
from leapter.db import db
from leapter.runtime.access import Access
from leapter.runtime.limits import KeyLimiter
from leapter.runtime.metrics import Metrics
from leapter.runtime.retention import Sweeper
from leapter.runtime.stream_store import StreamStore
from leapter.runtime.streams import Streams
from leapter.runtime.usage import Usage

_NAME = "leapter_runtime"


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """`limiter` is None where keys have no limit, `metrics` where there are none."""

    engine: Engine
    access: Access
    usage: Usage
    limiter: KeyLimiter | None
    metrics: Metrics | None
    stream_store: StreamStore
    streams: Streams
    sweeper: Sweeper

    def stop(self) -> None:
        """End what is open, write what is buffered; then let go of the database."""
        self.sweeper.stop()
        self.streams.stop()
        self.usage.stop()
        self.access.connections.close()


def init_app(app: Flask, settings: Settings) -> None:
    """Set the runtime of `app` up. Nothing is started: gunicorn's workers do that after the fork."""
    with app.app_context():
        engine = db.engine
    metrics = Metrics() if settings.metrics else None
    limit = settings.key_rate_limit
    access = Access(engine)
    stream_store = StreamStore(engine, access.connections)
    runtime = Runtime(
        engine=engine,
        access=access,
        usage=Usage(engine, metrics),
        limiter=KeyLimiter(limit, settings.rate_limit_storage) if limit else None,
        metrics=metrics,
        stream_store=stream_store,
        streams=Streams(stream_store, most=settings.mcp_streams),
        sweeper=Sweeper(
            engine, kept_days=settings.runs_kept_days, kept_per_project=settings.runs_kept_per_project
        ),
    )
    app.extensions[_NAME] = runtime
    app.extensions.setdefault("leapter_worker_start", []).extend(
        (runtime.usage.start, runtime.streams.start, runtime.sweeper.start)
    )
    app.extensions.setdefault("leapter_worker_stop", []).append(runtime.stop)


def current_runtime() -> Runtime:
    """The runtime of the application that serves this request."""
    runtime: Runtime = current_app.extensions[_NAME]
    return runtime
