"""What the runtime of one application holds."""

from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import Engine

from leapter.config import Settings
from leapter.db import db
from leapter.runtime.access import Access
from leapter.runtime.limits import KeyLimiter
from leapter.runtime.metrics import Metrics
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

    def stop(self) -> None:
        """Write what is buffered; then let go of the database."""
        self.usage.stop()
        self.access.connections.close()


def init_app(app: Flask, settings: Settings) -> None:
    """Set the runtime of `app` up. Nothing is started: gunicorn's workers do that after the fork."""
    with app.app_context():
        engine = db.engine
    metrics = Metrics() if settings.metrics else None
    limit = settings.key_rate_limit
    runtime = Runtime(
        engine=engine,
        access=Access(engine),
        usage=Usage(engine, metrics),
        limiter=KeyLimiter(limit, settings.rate_limit_storage) if limit else None,
        metrics=metrics,
    )
    app.extensions[_NAME] = runtime
    app.extensions.setdefault("leapter_worker_start", []).append(runtime.usage.start)
    app.extensions.setdefault("leapter_worker_stop", []).append(runtime.stop)


def current_runtime() -> Runtime:
    """The runtime of the application that serves this request."""
    runtime: Runtime = current_app.extensions[_NAME]
    return runtime
