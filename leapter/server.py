"""gunicorn's settings and hooks: `gunicorn -c python:leapter.server app:app`."""

import os
import shutil
import tempfile
from typing import Any

from leapter.config import Settings

_settings = Settings.from_env()

bind = _settings.bind
workers = _settings.workers
threads = _settings.threads
worker_class = "gthread"
preload_app = True
graceful_timeout = 5
timeout = 60
keepalive = 15
control_socket_disable = True
errorlog = "-"
accesslog = None  # a request's line would have to leave out query strings and headers to be safe to keep
loglevel = "warning"
proc_name = "leapter"

if _settings.metrics and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="leapter-metrics-")


def post_fork(server: Any, worker: Any) -> None:
    """Give the worker connections of its own: one opened before the fork would be shared."""
    from leapter.db import db  # noqa: PLC0415 (the application is loaded after this module)

    application = worker.app.wsgi()
    with application.app_context():
        db.engine.dispose(close=False)


def post_worker_init(worker: Any) -> None:
    """Start what runs beside the requests of a worker."""
    for start in worker.app.wsgi().extensions.get("leapter_worker_start", []):
        start()


def worker_exit(server: Any, worker: Any) -> None:
    """Finish what runs beside the requests: whatever is buffered is written."""
    for stop in worker.app.wsgi().extensions.get("leapter_worker_stop", []):
        stop()


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's gauges out of the metrics."""
    if _settings.metrics:
        from prometheus_client import multiprocess  # noqa: PLC0415 (reads its folder at import)

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library is untyped


def on_exit(server: Any) -> None:
    """Remove the metrics folder."""
    if _settings.metrics:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
