"""The connection test: it waits for the first call of a key and says what came, or why it was refused."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import flask
from flask import Response, make_response, redirect, request, url_for
from sqlalchemy import or_, select

from leapter.accounts.access import Actor, visible_appspaces
from leapter.accounts.session import current_actor
from leapter.api_keys import listing
from leapter.api_keys.models import ApiKey
from leapter.api_keys.records import KeyRecord
from leapter.clock import now
from leapter.db import db
from leapter.errors import NotFoundError
from leapter.integrations import sightings
from leapter.integrations.integration_pages import CLIENTS
from leapter.integrations.sightings import Sighting, microseconds_of, moment_of
from leapter.web import htmx

WAIT_FOR = timedelta(minutes=10)

# A choice longer than this is no help; a key of the address is in it all the same.
_MOST_KEYS = 200

_MOST_SHOWN = 12

pages = flask.Blueprint("connection_test", __name__, url_prefix="/integrations")


@pages.get("/connection-test")
def show() -> Response:
    """Ask which key to wait for, or tell what was seen of it since the moment in the address."""
    actor = current_actor()
    client = request.args.get("client", "")
    client = client if client in CLIENTS else "rest"
    keys, key = _keys(actor, request.args.get("key", ""))
    if key is None or (since := moment_of(request.args.get("since", ""))) is None:
        if key is not None and "start" in request.args:
            return make_response(
                redirect(_location(client, key, now(), sightings.count_of(key.id)), code=303)
            )
        return htmx.render(
            "integrations/connection_test.html",
            "content",
            clients=CLIENTS,
            client=client,
            keys=keys,
            key=key,
            since=None,
        )
    present = now()
    # Where the clock of the server was set back, what comes from now on would else be taken for older.
    since = min(since, present)
    counted = _count(request.args.get("counted", ""))
    seen = _seen(actor, key, since, counted)
    is_over = present - since > WAIT_FOR
    hints = [] if seen else sightings.keyless_calls_to(actor, key, since=since)
    said = _sentence(key, seen, hints, is_over=is_over)
    is_poll = htmx.wants_fragment() and "state" in request.args
    context: dict[str, Any] = {
        "in_fragment": is_poll,
        "clients": CLIENTS,
        "client": client,
        "keys": keys,
        "key": key,
        "since": since,
        "seen": seen[:_MOST_SHOWN],
        "hints": hints,
        "said": said,
        "is_over": is_over,
        "wait_minutes": int(WAIT_FOR.total_seconds() // 60),
        "restart": url_for(".show", client=client, key=key.id, start=1),
        "here": _location(client, key, since, counted),
    }
    told = _digest([said])
    state = _digest(
        [
            said,
            key.status,
            str(is_over),
            *(f"{one.last_at} {one.code} {one.asked}" for one in [*seen, *hints]),
        ]
    )
    context["poll"] = _location(client, key, since, counted, told=told, state=state)
    context["says_anew"] = request.args.get("told") != told
    if is_poll:
        if request.args["state"] == state:
            return make_response("", 204)  # nothing new: htmx leaves the page as it is
        return htmx.render("integrations/connection_test.html", "result", **context)
    return htmx.render("integrations/connection_test.html", "content", **context)


def _seen(actor: Actor, key: KeyRecord, since: datetime, counted: int | None) -> list[Sighting]:
    """What came since then, the newest first; `counted` calls that were no runs were there before."""
    runs = sightings.runs_of(actor, key.id, since=since)
    others = sightings.other_calls_of(actor, key.id, since=since)
    # Of a kind that was seen before, a row counts the earlier calls too. What is new in all is known: where
    # there is one such row, what the others leave of that is its own.
    new = 0 if counted is None else sightings.count_of(key.id) - counted
    fresh = [one for one in others if one.first_at is not None and one.first_at >= since]
    before = [one for one in others if one not in fresh]
    rest = new - sum(one.count for one in fresh) if len(before) == 1 else 1
    since_then = [replace(one, count=max(1, rest), first_at=None) for one in before]
    return sorted([*runs, *fresh, *since_then], key=lambda one: one.last_at, reverse=True)


def _sentence(key: KeyRecord, seen: list[Sighting], hints: list[Sighting], *, is_over: bool) -> str:
    """What is said aloud when it changes; it holds no time, which changes by itself."""
    if seen:
        latest = seen[0]
        which = "First call" if sum(one.count for one in seen) == 1 else "Latest call"
        ended = f"{latest.answered}, from {latest.client}"
        why = f"{latest.reason.meaning} {latest.reason.mend}"
        if latest.is_hint:
            return f"A call that this key was meant for was refused: {ended}. {why}"
        if latest.blueprint_label and latest.code:
            verb = "failed" if latest.status >= 500 else "was refused"
            return f"{which} {verb}: {ended} ({latest.blueprint_label}: {latest.told or latest.reason.title})"
        if latest.blueprint_label:
            return f"{which}: {ended} (ran {latest.blueprint_label})."
        if not latest.code:
            return f"{which}: {ended} (it asked to {latest.asked})."
        return f"{which} was refused: {ended}. {latest.reason.meaning}"
    if key.status != "active":
        return f"This key is {key.status}, so every call with it is refused."
    if hints:
        hint = hints[0]
        return (
            f"No call with this key yet. But a call came to {hint.project} from {hint.client} without it: "
            f"{hint.reason.meaning}"
        )
    if is_over:
        return "No call came."
    return f"Waiting for the first call with “{key.name}” …"


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 16 else None


def _location(
    client: str,
    key: KeyRecord,
    since: datetime,
    counted: int | None,
    *,
    told: str | None = None,
    state: str | None = None,
) -> str:
    return url_for(
        ".show",
        client=client,
        key=key.id,
        since=microseconds_of(since),
        counted=counted,
        told=told,
        state=state,
    )


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _keys(actor: Actor, key_id: str) -> tuple[list[tuple[str, str]], KeyRecord | None]:
    """Active keys to choose from, as (id, words) pairs, and the one of that id, whatever its state."""
    try:
        key = listing.get_key(actor, key_id) if key_id else None
    except NotFoundError:
        key = None
    statement = (
        select(ApiKey.id, ApiKey.name, ApiKey.prefix)
        .where(ApiKey.appspace_id.in_(visible_appspaces(actor)), ApiKey.revoked_at.is_(None))
        .where(or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now()))
        .order_by(ApiKey.created_at.desc())
        .limit(_MOST_KEYS)
    )
    keys = [(row.id, f"{row.name} ({row.prefix}…)") for row in db.session.execute(statement)]
    if key is not None and key.id not in dict(keys):
        keys.insert(0, (key.id, f"{key.name} ({key.prefix}…)"))
    return keys, key
