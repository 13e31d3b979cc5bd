"""Answers to browsers: a whole page or one block of it, and what a finished action tells the page."""

import json
from typing import Any

from flask import Response, flash, make_response, redirect, request
from flask import render_template as render_page
from htmx_flask import request as htmx_request
from jinja2_fragments.flask import render_block


def wants_fragment() -> bool:
    """Whether the request comes from htmx and asks for a part of a page.

    A boosted link and a history restore replace the whole body, so both need the whole page.
    """
    htmx = htmx_request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(template: str, block: str, *, status: int = 200, **context: Any) -> Response:
    """Render `template`, or only its `block` when htmx asks for a fragment."""
    body = render_block(template, block, **context) if wants_fragment() else render_page(template, **context)
    response = make_response(body, status)
    response.headers["Vary"] = "HX-Request, HX-Boosted, HX-History-Restore-Request, Cookie"
    return response


def done(message: str, location: str) -> Response:
    """Answer an action that has succeeded: say `message` and show the page at `location`.

    Without htmx this is a 303 with the message shown on the next page. With htmx the page closes
    its dialog, says the message in the live region and loads `location` into the main area.
    """
    if not wants_fragment():
        flash(message)
        return make_response(redirect(location, code=303))
    response = make_response("", 200)
    response.headers["HX-Reswap"] = "none"
    announce(response, message)
    add_trigger(response, "leapter:close-dialog", {})
    add_trigger(response, "leapter:load", {"location": location})
    return response


def announce(response: Response, message: str) -> None:
    """Have the page say `message` in its live region, as a toast."""
    add_trigger(response, "leapter:toast", {"message": message})


def complain(response: Response, message: str) -> None:
    """Have the page say what went wrong: in the open dialog if there is one, else as a toast."""
    add_trigger(response, "leapter:trouble", {"message": message})


def add_trigger(response: Response, event: str, detail: dict[str, Any]) -> None:
    """Have htmx dispatch `event` on the page, with `detail`."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events[event] = detail
    response.headers["HX-Trigger"] = json.dumps(events)


def current_location() -> str:
    """The path with query of this request, for links that lead back here."""
    return request.full_path.rstrip("?")
