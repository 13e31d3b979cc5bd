"""gunicorn's settings and hooks: `gunicorn -c python:leapter.server app:app`."""

import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
from importlib.metadata import version
from typing import Any, NoReturn

from sqlalchemy.exc import OperationalError
from structlog import get_logger

from leapter import logs
from leapter.config import Settings
from leapter.errors import SettingsError

os.umask(0o077)  # what is created here, the database above all, is nobody else's business
try:
    _settings = Settings.from_env()
except SettingsError as error:
    sys.exit(f"Error: {error}")
logs.configure(_settings.log_level)  # gunicorn has things to say before the application is loaded
log = get_logger("leapter.server")

bind = _settings.bind
workers = _settings.workers
threads = _settings.threads
# What a worker may hold open at once stays below what the system lets it: streams come on top of gunicorn's
# own connections, and the database, logs and files on top of both.
_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
_rest = _files - _settings.mcp_streams - 2 * threads - 100
worker_connections = 1000 if _files == resource.RLIM_INFINITY else min(1000, _rest)
if worker_connections <= threads:
    sys.exit(
        f"Error: A process may have {_files} files open here, which is too few for {threads} threads and "
        f"{_settings.mcp_streams} streams: raise that limit (ulimit -n), or lower LEAPTER_MCP_STREAMS."
    )
worker_class = "leapter.worker.Worker"
preload_app = True
graceful_timeout = 5
timeout = 60
keepalive = 15
control_socket_disable = True
# What a proxy says counts only where LEAPTER_TRUSTED_PROXIES says so, and the application alone reads it. By
# itself gunicorn believes whoever connects from this machine, or from where FORWARDED_ALLOW_IPS has it.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
errorlog = "-"
accesslog = None  # a request's line would have to leave out query strings and headers to be safe to keep
loglevel = "warning"
logconfig_dict = logs.LIBRARY_LOGGING
logger_class = "leapter.server_log.Logger"
proc_name = "leapter"

if _settings.metrics and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="leapter-metrics-")


def when_ready(server: Any) -> None:
    """Say on the terminal where to go, and how to begin while nobody has an account."""
    # Ctrl-C reaches the whole process group; it means a graceful end too, which this process leads.
    signal.signal(signal.SIGINT, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
    from leapter import commands, migrate  # noqa: PLC0415 (the application is loaded after this module)
    from leapter.accounts import first_run, service  # noqa: PLC0415 (the same)
    from leapter.db import db  # noqa: PLC0415 (the same)

    address = _settings.address
    try:
        with server.app.wsgi().app_context():
            with db.engine.connect() as connection:
                if fault := migrate.find_fault(connection):
                    _refuse(server, fault)
            has_users = service.has_users()
            db.session.remove()
            db.engine.dispose()
    except OperationalError as error:
        _refuse(server, f"The database cannot be used: {str(error.orig).strip().splitlines()[0]}.")
    lines = [f"Leapter is ready at {address}"]
    if not has_users:
        lines.append("No user exists yet. Create the owner here:")
        lines.append(f"  {address}/setup?token={first_run.token(_settings.secret_key)}")
    try:
        print("\n".join(lines), flush=True)  # noqa: T201 (for the person at the terminal, not the log)
    except OSError as error:
        commands.drop_output()
        _refuse(server, commands.output_fault(error))
    log.info(
        "server_started",
        version=version("leapter-self-hosted"),
        bind=bind,
        workers=workers,
        threads=threads,
        database="sqlite" if _settings.is_sqlite else "postgresql",
    )


def _refuse(server: Any, sentence: str) -> NoReturn:
    on_exit(server)
    sys.exit(f"Error: {sentence}")


def post_fork(server: Any, worker: Any) -> None:
    """Give the worker connections of its own: one opened before the fork would be shared."""
    from leapter.db import db  # noqa: PLC0415 (the application is loaded after this module)

    gc.freeze()  # what is loaded stays: the collector need not look through it again and again
    application = worker.app.wsgi()
    with application.app_context():
        db.engine.dispose(close=False)


def post_worker_init(worker: Any) -> None:
    """Start what runs beside the requests of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for start in worker.app.wsgi().extensions.get("leapter_worker_start", []):
        start()


def worker_exit(server: Any, worker: Any) -> None:
    """Finish what runs beside the requests: whatever is buffered is written."""
    from leapter.db import db  # noqa: PLC0415 (the application is loaded after this module)

    application = worker.app.wsgi()
    for stop in application.extensions.get("leapter_worker_stop", []):
        stop()
    with application.app_context():
        db.engine.dispose()  # the last connection that SQLite sees closed takes its extra files along


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's gauges out of the metrics."""
    if _settings.metrics:
        from prometheus_client import multiprocess  # noqa: PLC0415 (reads its folder at import)

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library is untyped


def on_exit(server: Any) -> None:
    """Remove the metrics folder."""
    if _settings.metrics:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
