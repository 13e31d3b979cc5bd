"""Every page is closed to people who are not signed in, unless it is named here."""

import re
from urllib.parse import urlsplit

from flask import Flask, make_response, redirect, request, session, url_for
from flask_login import current_user
from htmx_flask import request as htmx_request
from werkzeug.wrappers import Response

PUBLIC_ENDPOINTS = frozenset(
    {
        "accounts.sign_in",
        "accounts.set_up",
        "assets",
        "runtime_open.healthz",
        "runtime_open.metrics",
        "runtime_open.problem_page",
        "runtime_open.readyz",
    }
)


def init_app(app: Flask) -> None:
    """Have every request of `app` pass the guard, but for those of programs: a key decides on them."""
    app.before_request(require_sign_in)


def require_sign_in() -> Response | None:
    """Send a person who is not signed in to the sign-in page; let everything public pass.

    An address that no route answers passes too: it ends in the 404 page, which tells nothing.
    """
    if request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS or current_user.is_authenticated:
        return None
    # flask-login's name for the session's token: who has one in the cookie was signed in before.
    ended = ("idle" if request.method == "GET" else "unsent") if "_user_id" in session else None
    location = url_for("accounts.sign_in", next=_wanted_page(), ended=ended)
    if htmx_request.htmx:
        # A redirect would be followed by the script, and the sign-in page would land inside this one.
        response = make_response("", 401)
        response.headers["HX-Redirect"] = location
        return response
    return redirect(location, code=303)


def safe_path(target: str | None) -> str | None:
    """Return `target` if it is a path on this server, else None: a link must not lead anyone elsewhere."""
    # A browser reads "//host" and "/\\host" as another host, and drops tabs and line breaks before it looks.
    if not target or not re.fullmatch(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*", target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def _wanted_page() -> str | None:
    """The page to come back to after signing in; only what can be opened by its address counts."""
    if htmx_request.htmx:
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
    elif request.method in ("GET", "HEAD"):
        target = request.full_path.rstrip("?")
    else:
        return None
    return None if target == "/" else safe_path(target)
