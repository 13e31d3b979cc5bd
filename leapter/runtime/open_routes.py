"""What anyone may ask: health, and the pages that explain problems."""

import flask
from flask import Response, abort
from werkzeug.exceptions import NotFound

from leapter.runtime.health import check_ready
from leapter.runtime.problem_kinds import KINDS
from leapter.runtime.problems import to_json
from leapter.runtime.state import current_runtime
from leapter.web import htmx
from leapter.web.headers import MACHINE_HEADERS

pages = flask.Blueprint("runtime_open", __name__)


@pages.get("/healthz")
def healthz() -> Response:
    """Say that the process is up; ask nothing else."""
    return _json({"status": "ok"})


@pages.get("/readyz")
def readyz() -> Response:
    """Say whether the database is reachable and at this version's schema."""
    check_ready(current_runtime().engine)
    return _json({"status": "ready"})


@pages.get("/metrics")
def metrics() -> Response:
    """Give the figures of all workers, where that is configured."""
    figures = current_runtime().metrics
    if figures is None:
        raise NotFound
    response = Response(figures.exposition(), 200, content_type=figures.content_type)
    response.headers.update(MACHINE_HEADERS)
    return response


@pages.get("/problems/<name>")
def problem_page(name: str) -> Response:
    """Explain a kind of problem to a person who followed its `type`."""
    kind = KINDS.get(name.replace("-", "_"))
    if kind is None or "_" in name:
        abort(404)
    return htmx.render("problems/problem.html", "content", kind=kind)


def _json(value: dict[str, str]) -> Response:
    response = Response(to_json(value), 200, content_type="application/json")
    response.headers.update(MACHINE_HEADERS)
    return response
