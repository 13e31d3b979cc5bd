"""Errors as pages. Machine-facing paths have their own table, in `runtime`."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from leapter.errors import ChangedMeanwhileError, NotFoundError
from leapter.web import htmx

log = get_logger("leapter.web")


@dataclass(frozen=True)
class _Words:
    title: str
    meaning: str
    advice: str


_PAGES = {
    400: _Words(
        "That request could not be read",
        "The browser sent something this page does not understand.",
        "Go back and try again.",
    ),
    401: _Words("Please sign in", "This page is for people who are signed in.", "Sign in and open it again."),
    403: _Words("That is not allowed", "The server refused this request.", "Go back and try again."),
    404: _Words(
        "Nothing here",
        "This page does not exist, or it belongs to an appspace you are not a member of.",
        "Check the address, or start from the projects.",
    ),
    405: _Words(
        "That does not work this way",
        "This address does not take that kind of request.",
        "Go back and use the button on the page.",
    ),
    409: _Words(
        "Somebody was faster",
        "This was changed in the meantime, in another tab or by another person.",
        "Reload the page to see its present state.",
    ),
    413: _Words(
        "That is too large",
        "The file or form is larger than this server accepts.",
        "Send a smaller one.",
    ),
    422: _Words(
        "That form has expired",
        "The page was open from before you signed in or out.",
        "Reload the page and send the form again.",
    ),
    429: _Words("Too many requests", "This server asks you to slow down.", "Wait a moment and try again."),
    500: _Words(
        "Something went wrong",
        "The server met an error of its own. Nothing was half-done.",
        "Try again; if it happens again, the log has the details.",
    ),
    503: _Words(
        "The database is not answering",
        "Leapter is up, but it cannot reach its database.",
        "Try again in a few seconds.",
    ),
}


def error_page(status: int, *, title: str | None = None, meaning: str | None = None) -> Response:
    """Render the page of an HTTP status, or its words as a toast when htmx asked."""
    words = _PAGES.get(status, _PAGES[500 if status >= 500 else 400])
    response = htmx.render(
        "errors/error.html",
        "message",
        status=status,
        code=status,
        title=title or words.title,
        meaning=meaning or words.meaning,
        advice=words.advice,
    )
    if htmx.wants_fragment():
        response.headers["HX-Reswap"] = "none"
        htmx.complain(response, f"{title or words.title}. {meaning or words.meaning} {words.advice}")
    return response


def init_app(app: Flask, machine_problem: Callable[[Exception], Response | None]) -> None:
    """Register the handlers. `machine_problem` answers errors of machine-facing paths, else None."""

    @app.errorhandler(Exception)
    def handle(error: Exception) -> Response:
        problem = machine_problem(error)
        if problem is not None:
            return problem
        match error:
            case CSRFError():
                return error_page(422)
            case HTTPException():
                if error.response is not None:
                    return error.get_response()  # type: ignore[return-value]  # Flask's own response class
                response = error_page(error.code or 500)
                for name, value in error.get_headers():
                    if name in ("Allow", "Retry-After"):
                        response.headers[name] = value
                return response
            case NotFoundError():
                return error_page(404)
            case ChangedMeanwhileError():
                return error_page(409)
            case OperationalError():
                log.error("database_unavailable", error=type(error.orig).__name__)
                response = error_page(503)
                response.headers["Retry-After"] = "5"
                return response
            case _:
                # The traceback goes to the log without local variables: they may hold a key or a password.
                log.exception("unexpected_error")
                return error_page(500)
