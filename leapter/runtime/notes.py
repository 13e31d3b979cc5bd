"""Notes of calls that were no runs: which key, what was asked, how it ended. Buffered, written in batches."""

import re
import threading
import time
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from leapter.api_keys.models import ApiKey, ApiKeyCall, KeylessCall
from leapter.projects.models import Project

# What waits to be written: about half a kilobyte each.
MAX_KINDS = 5_000
MAX_KEYLESS_KINDS = 1_000

# Of more kinds than this the newest are kept. Only projects of the key's own appspace are told apart, so
# nobody gets past it by inventing some; and what anyone can cause who knows how the key begins goes first.
MAX_KINDS_OF_A_KEY = 100

# Problems that are told on a key by how it begins. A cause may follow, after a colon.
BY_PREFIX = (
    "malformed_api_key",
    "api_key_in_url",
    "missing_api_key",
    "not_found",
    "method_not_allowed",
)

_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """Who sent a request: the address, and what it calls itself ("" if it does not say)."""

    address: str
    agent: str


class Kind(NamedTuple):
    """What notes are counted by. `what` and `code` are as in the table; ids that are none are "".

    A project that is not in the appspace of the key becomes "" when the note is written.

    Without `key_id` nobody knows which key it was, if any; `prefix` then is the display prefix that stood in
    what was sent in a key's place, and `appspace_id` what the address said.
    """

    key_id: str
    prefix: str
    appspace_id: str
    project_id: str
    what: str
    code: str


class Tally:
    """How often, when first and last, by whom; `status` is what was answered last."""

    __slots__ = ("client", "count", "first_at", "last_at", "status")

    def __init__(self, client: Client, status: int) -> None:
        self.count = 1
        self.first_at = self.last_at = time.time()
        self.client = client
        self.status = status

    def add(self, client: Client, status: int) -> None:
        """Count one more, of now."""
        self.count += 1
        self.last_at = time.time()
        self.client = client
        self.status = status

    def merge(self, other: "Tally") -> None:
        """Count what `other` has counted."""
        self.count += other.count
        self.first_at = min(self.first_at, other.first_at)
        if other.last_at > self.last_at:
            self.last_at, self.client, self.status = other.last_at, other.client, other.status


class Notes:
    """What waits to be written; bounded, since anyone can call, and a key can be tried on any invented id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Kind, Tally] = {}
        self._keyless: dict[Kind, Tally] = {}

    def take(self, kind: Kind, status: int, client: Client) -> None:
        """Count a call. Past the bound it is counted without its project, or not at all without a key."""
        kind = kind._replace(project_id=_id(kind.project_id), appspace_id=_id(kind.appspace_id))
        if kind.key_id:
            # Where it is known which key it was, the rest is the key's.
            kind = kind._replace(prefix="", appspace_id="")
        elif not (kind.project_id or kind.prefix):
            return
        tallies, most = (self._known, MAX_KINDS) if kind.key_id else (self._keyless, MAX_KEYLESS_KINDS)
        with self._lock:
            tally = tallies.get(kind)
            if tally is None and len(tallies) >= most:
                if not kind.key_id:
                    return
                kind = kind._replace(project_id="")
                tally = tallies.get(kind)
                if tally is None and len(tallies) >= 2 * most:
                    return
            if tally is None:
                tallies[kind] = Tally(client, status)
            else:
                tally.add(client, status)

    def cut(self, most: int) -> dict[Kind, Tally]:
        """Take up to `most` of each sort out of the buffer."""
        if not (self._known or self._keyless):
            return {}
        with self._lock:
            return {
                kind: tallies.pop(kind)
                for tallies in (self._known, self._keyless)
                for kind in list(islice(tallies, most))
            }


def write(connection: Connection, notes: dict[Kind, Tally]) -> None:
    """Store `notes`. A key in pieces is told on the key whose prefix it has, if there is one here."""
    owners: dict[str, list[str]] = {}
    for prefix, key_id in _by(connection, ApiKey.prefix, ApiKey.id, {kind.prefix for kind in notes} - {""}):
        owners.setdefault(prefix, []).append(key_id)
    known: dict[Kind, Tally] = {}
    keyless: dict[Kind, Tally] = {}
    for kind, tally in notes.items():
        key_ids = [kind.key_id] if kind.key_id else owners.get(kind.prefix, [])
        for key_id in key_ids:
            # What is told by a prefix is not told apart by projects: anyone can send any.
            project_id = "" if kind.prefix else kind.project_id
            told = Kind(key_id, "", "", project_id, kind.what, kind.code)
            _put(known, told, tally)
        if not key_ids:
            _put(keyless, kind._replace(prefix="", code=kind.code.partition(":")[0]), tally)
    # In the order of their keys: two processes that write the same rows never wait for each other in a ring.
    _write_known(connection, list(known.items()))
    _write_keyless(connection, sorted(keyless.items(), key=lambda item: item[0]))


def _put(tallies: dict[Kind, Tally], kind: Kind, tally: Tally) -> None:
    present = tallies.get(kind)
    if present is None:
        # A copy: a batch that could not be written is counted together anew.
        tallies[kind] = copy(tally)
    else:
        present.merge(tally)


def _write_known(connection: Connection, notes: list[tuple[Kind, Tally]]) -> None:
    appspaces = dict(_by(connection, ApiKey.id, ApiKey.appspace_id, {kind.key_id for kind, _ in notes}))
    owners = dict(
        _by(connection, Project.id, Project.appspace_id, {kind.project_id for kind, _ in notes} - {""})
    )
    told: dict[Kind, Tally] = {}
    for kind, tally in notes:
        if kind.key_id in appspaces:
            is_own = owners.get(kind.project_id) == appspaces[kind.key_id]
            _put(told, kind if is_own else kind._replace(project_id=""), tally)
    rows = [
        {
            "key_id": kind.key_id,
            "what": kind.what,
            "code": kind.code,
            "project_id": kind.project_id,
            "status": tally.status,
            "first_at": _moment(tally.first_at),
            **_latest(tally),
        }
        for kind, tally in sorted(told.items(), key=lambda item: item[0])
    ]
    if rows:
        connection.execute(_ADD_CALLS[connection.dialect.name], rows)
        _keep_the_newest(connection, {row["key_id"] for row in rows})


def _keep_the_newest(connection: Connection, key_ids: set[Any]) -> None:
    full = connection.scalars(_FULL, {"ids": sorted(key_ids)}).all()
    if full:
        connection.execute(_FORGET_THE_OLDEST, {"ids": full})


def _write_keyless(connection: Connection, notes: list[tuple[Kind, Tally]]) -> None:
    appspaces = dict(_by(connection, Project.id, Project.appspace_id, {kind.project_id for kind, _ in notes}))
    rows = [
        {"project_id": kind.project_id, "what": kind.what, "code": kind.code, **_latest(tally)}
        for kind, tally in notes
        if kind.project_id and appspaces.get(kind.project_id) == kind.appspace_id
    ]
    if rows:
        connection.execute(_ADD_KEYLESS[connection.dialect.name], rows)


def _latest(tally: Tally) -> dict[str, Any]:
    return {
        "count": tally.count,
        "last_at": _moment(tally.last_at),
        "last_address": tally.client.address,
        "last_agent": tally.client.agent,
    }


def _by(connection: Connection, column: Any, other: Any, values: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of `column` and `other` where the first is one of `values`; the rows stay to the end of this."""
    wanted = sorted(values)
    if not wanted:
        return []
    statement = (
        select(column, other)
        .where(column.in_(bindparam("values", expanding=True)))
        .order_by(column)
        .with_for_update(read=True, key_share=True)
    )
    return [(first, second) for first, second in connection.execute(statement, {"values": wanted})]


def _upsert(table: Any, *follow: str) -> dict[str, Any]:
    """The statement that adds to the counts, by dialect. Moments never move backwards.

    `follow` are the columns that are told of the latest call.
    """
    statements = {}
    for dialect in (sqlite, postgresql):
        statement: Any = dialect.insert(table)
        new = statement.excluded
        is_newer = table.last_at <= new.last_at
        values = {name: case((is_newer, new[name]), else_=getattr(table, name)) for name in follow}
        values["count"] = table.count + new["count"]
        if "first_at" in table.__table__.columns:
            values["first_at"] = case((table.first_at <= new.first_at, table.first_at), else_=new.first_at)
        keys = [column.name for column in table.__table__.primary_key]
        statements[dialect.__name__.rsplit(".", 1)[-1]] = statement.on_conflict_do_update(
            index_elements=keys, set_=values
        )
    return statements


_ADD_CALLS = _upsert(ApiKeyCall, "status", "last_at", "last_address", "last_agent")
_ADD_KEYLESS = _upsert(KeylessCall, "last_at", "last_address", "last_agent")

_FULL = (
    select(ApiKeyCall.key_id)
    .where(ApiKeyCall.key_id.in_(bindparam("ids", expanding=True)))
    .group_by(ApiKeyCall.key_id)
    .having(func.count() > MAX_KINDS_OF_A_KEY)
)

_IDENTITY = (ApiKeyCall.key_id, ApiKeyCall.what, ApiKeyCall.code, ApiKeyCall.project_id)

# The causes of `malformed_api_key` are the only ones there are.
_IS_HINT = case(
    (or_(ApiKeyCall.code.in_(BY_PREFIX), ApiKeyCall.code.startswith(f"{BY_PREFIX[0]}:")), 1), else_=0
)

_RANKED = (
    select(
        *_IDENTITY,
        func.row_number()
        .over(partition_by=ApiKeyCall.key_id, order_by=(_IS_HINT, ApiKeyCall.last_at.desc(), *_IDENTITY[1:]))
        .label("rank"),
    )
    .where(ApiKeyCall.key_id.in_(bindparam("ids", expanding=True)))
    .subquery()
)

_FORGET_THE_OLDEST = delete(ApiKeyCall).where(
    tuple_(*_IDENTITY).in_(
        select(_RANKED.c.key_id, _RANKED.c.what, _RANKED.c.code, _RANKED.c.project_id).where(
            _RANKED.c.rank > MAX_KINDS_OF_A_KEY
        )
    )
)


def _id(text: str) -> str:
    text = text.lower()
    return text if _ID.fullmatch(text) else ""


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
