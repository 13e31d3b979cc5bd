"""At the level debug, one line for each request to a page."""

import time
from typing import Any

from flask import Flask, Response, g, request
from flask.signals import request_finished, request_started
from structlog import get_logger

from leapter.config import Settings
from leapter.web.headers import is_machine_path

log = get_logger("leapter.web")


def init_app(app: Flask, settings: Settings) -> None:
    """Have `app` log its requests, where lines of that level are kept at all."""
    if settings.log_level == "debug":
        request_started.connect(_note_start, app)
        request_finished.connect(_write_line, app)


def _note_start(app: Flask, **_: Any) -> None:
    g.request_started_ns = time.perf_counter_ns()


def _write_line(app: Flask, response: Response, **_: Any) -> None:
    # Never the query or a header: either may hold a token or a key.
    if is_machine_path(request.path):
        return
    log.debug(
        "page_requested",
        method=request.method,
        path=request.path,
        status=response.status_code,
        duration_ms=round((time.perf_counter_ns() - g.request_started_ns) / 1e6, 1),
    )
