"""What was seen of a key: its runs, its other calls, and calls without a key to its projects."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, func, select

from leapter.accounts.access import Actor, visible_appspaces
from leapter.api_keys.models import ApiKeyCall, ApiKeyEvent, ApiKeyProject, KeylessCall
from leapter.api_keys.records import KeyRecord, ProjectName
from leapter.blueprints.models import Blueprint, Run
from leapter.db import db
from leapter.integrations.clients import client_name
from leapter.integrations.reasons import Reason, reason_of, reason_of_kind
from leapter.projects.models import Project
from leapter.runtime.notes import BY_PREFIX
from leapter.runtime.problem_kinds import KINDS

LATEST_RUNS = 20
RUNS_OF_A_PAGE = 50

_ASKED = {
    "run": "run a Blueprint",
    "models": "read what Blueprints there are",
    "stored_run": "read a stored run",
    "openapi": "read the OpenAPI document",
    "mcp": "speak MCP",
    "mcp_hello": "open a session of MCP",
    "mcp_discover": "ask what this MCP server can do",
    "mcp_tools": "list the tools of MCP",
    "mcp_call": "call a tool of MCP",
    "sse": "open a stream of MCP",
    "validate": "check the key",
    "projects": "list its projects",
    "connect": "ask what it may call",
    "address": "call an address that is none of the API’s",
}

# What stands before the name of the project; "in" where nothing is said.
_PREPOSITIONS = {"openapi": "of", "mcp": "with", "sse": "with"}

# What has no project in its address.
_WITHOUT_PROJECT = frozenset({"validate", "projects", "connect", "address"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A run, or calls of one sort that were none: `count` of them since `first_at`, the latest at `last_at`.

    `code` is that of the problem, "" for none; `cause` is what more was noted; `asked` says in words what was
    wanted. Of the project, the name is there where `actor` may see it; `is_elsewhere` says that it is none of
    the key's appspace, `is_wrong_appspace` that the key could call it, and only the address named another.
    `is_hint` says that what came proves nothing of who sent it.
    """

    last_at: datetime
    status: int
    code: str
    asked: str
    preposition: str = "in"
    agent: str
    address: str
    count: int = 1
    first_at: datetime | None = None
    project: ProjectName | None = None
    project_id: str = ""
    blueprint_id: str = ""
    blueprint_label: str = ""
    duration_us: int | None = None
    via: str = ""
    message: str = ""
    is_hint: bool = False
    what: str = "run"
    cause: str = ""
    is_keyless: bool = False
    is_elsewhere: bool = False
    is_wrong_appspace: bool = False

    @property
    def client(self) -> str:
        """Who called, by a name that people know."""
        return client_name(self.agent)

    @property
    def answered(self) -> str:
        """The HTTP status; or that it was an error, where that was told inside of an answer of MCP."""
        is_inside = self.what == "mcp_call" and self.code == "blueprint_not_found"
        return "error" if is_inside else str(self.status)

    @property
    def reason(self) -> Reason:
        """Why it was refused, in words; there are none where it was not."""
        if self.is_keyless:
            return reason_of_kind(self.code)
        return reason_of(
            self.code, cause=self.cause, what=self.what, is_wrong_appspace=self.is_wrong_appspace
        )

    @property
    def told(self) -> str:
        """The message of a run, without the words that the title of the problem has said already."""
        rest = self.message.removeprefix(f"{self.reason.title}: ")
        return rest if rest == self.message else rest[:1].upper() + rest[1:]


def runs_of(
    actor: Actor,
    key_id: str,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    most: int = LATEST_RUNS,
) -> list[Sighting]:
    """The latest `most` runs of a key that began between these moments, the newest first."""
    statement = (
        select(Run, Project.name, Blueprint.label)
        .join(Project, Project.id == Run.project_id)
        .outerjoin(Blueprint, and_(Blueprint.project_id == Run.project_id, Blueprint.id == Run.blueprint_id))
        .where(Run.key_id == key_id, Project.appspace_id.in_(visible_appspaces(actor)))
        .order_by(Run.started_at.desc())
        .limit(most)
    )
    if since is not None:
        statement = statement.where(Run.started_at >= since)
    if before is not None:
        statement = statement.where(Run.started_at < before)
    return [
        Sighting(
            last_at=run.started_at,
            status=run.status,
            code=run.error_code or "",
            asked=_ASKED["run"],
            agent=run.client_agent or "",
            address=run.client_address or "",
            project=ProjectName(id=run.project_id, name=name),
            project_id=run.project_id,
            blueprint_id=run.blueprint_id if label else "",
            blueprint_label=label or "a Blueprint that was deleted",
            duration_us=run.duration_us,
            via=run.via or "",
            message=run.error_message or "",
        )
        for run, name, label in db.session.execute(statement)
    ]


def other_calls_of(actor: Actor, key_id: str, *, since: datetime | None = None) -> list[Sighting]:
    """Calls with a key that were no runs, the newest first."""
    statement = select(ApiKeyCall).where(ApiKeyCall.key_id == key_id).order_by(ApiKeyCall.last_at.desc())
    if since is not None:
        statement = statement.where(ApiKeyCall.last_at >= since)
    rows = db.session.scalars(statement.execution_options(populate_existing=True)).all()
    names = _names(actor, {row.project_id for row in rows if row.project_id})
    scope = _scope(key_id) if any(row.code == "project_not_permitted" for row in rows) else {}
    return [_other_call(row, names, scope) for row in rows]


def _other_call(
    row: ApiKeyCall, names: dict[str, ProjectName], scope: dict[str, datetime | None]
) -> Sighting:
    code, _, cause = row.code.partition(":")
    is_hint = code in BY_PREFIX
    added_at = scope.get(row.project_id)
    return Sighting(
        last_at=row.last_at,
        first_at=row.first_at,
        count=row.count,
        status=row.status,
        code=code,
        cause=cause,
        what=row.what,
        asked=_ASKED.get(row.what, row.what),
        preposition=_PREPOSITIONS.get(row.what, "in"),
        agent=row.last_agent or "",
        address=row.last_address or "",
        project=names.get(row.project_id),
        project_id=row.project_id,
        is_hint=is_hint,
        is_elsewhere=not (row.project_id or is_hint or row.what in _WITHOUT_PROJECT),
        is_wrong_appspace=code == "project_not_permitted" and added_at is not None and added_at < row.last_at,
    )


def _scope(key_id: str) -> dict[str, datetime | None]:
    """Since when the key may call each of its projects, as far as that is known."""
    present: dict[str, datetime | None] = dict.fromkeys(
        db.session.scalars(select(ApiKeyProject.project_id).where(ApiKeyProject.key_id == key_id))
    )
    events = select(ApiKeyEvent).where(ApiKeyEvent.key_id == key_id).order_by(ApiKeyEvent.at)
    for event in db.session.scalars(events):
        stored: dict[str, list[dict[str, str]]] = event.detail
        for project in (*stored.get("projects", ()), *stored.get("added", ())):
            if project["id"] in present:
                present[project["id"]] = event.at
    return present


def count_of(key_id: str) -> int:
    """How many calls of a key that were no runs are counted by now."""
    statement = select(func.coalesce(func.sum(ApiKeyCall.count), 0)).where(ApiKeyCall.key_id == key_id)
    return int(db.session.scalar(statement) or 0)


def keyless_calls_to(actor: Actor, key: KeyRecord, *, since: datetime) -> list[Sighting]:
    """Calls without a key of this server to the projects of `key`, the newest first."""
    statement = (
        select(KeylessCall, Project.name)
        .join(Project, Project.id == KeylessCall.project_id)
        .where(
            KeylessCall.project_id.in_([project.id for project in key.projects]),
            Project.appspace_id.in_(visible_appspaces(actor)),
            KeylessCall.last_at >= since,
        )
        .order_by(KeylessCall.last_at.desc())
        .execution_options(populate_existing=True)
    )
    return [
        Sighting(
            last_at=row.last_at,
            status=KINDS[row.code].status if row.code in KINDS else 401,
            code=row.code,
            what=row.what,
            asked=_ASKED.get(row.what, row.what),
            preposition=_PREPOSITIONS.get(row.what, "in"),
            agent=row.last_agent or "",
            address=row.last_address or "",
            project=ProjectName(id=row.project_id, name=name),
            project_id=row.project_id,
            is_hint=True,
            is_keyless=True,
        )
        for row, name in db.session.execute(statement)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyCalls:
    """What the page of a key tells of its calls. `older_before` is where the next page of runs goes on, None
    where there is none; `is_later_page` says that this one is not the first.
    """

    refused: list[Sighting]
    runs: list[Sighting]
    asked: list[Sighting]
    older_before: int | None
    is_later_page: bool


def calls_of_key(actor: Actor, key: KeyRecord, before: str) -> KeyCalls:
    """The runs of a key by the page, its refused calls and those that only asked; the newest first in each.

    `before` is the moment of which the page shows what came earlier, as `older_before` gave it; "" for now.
    """
    others = other_calls_of(actor, key.id)
    moment = moment_of(before)
    runs = runs_of(actor, key.id, before=moment, most=RUNS_OF_A_PAGE + 1)
    shown = runs[:RUNS_OF_A_PAGE]
    return KeyCalls(
        refused=[one for one in others if one.code],
        asked=[one for one in others if not one.code],
        runs=shown,
        older_before=microseconds_of(shown[-1].last_at) if len(runs) > len(shown) else None,
        is_later_page=moment is not None,
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(text: str) -> datetime | None:
    """The moment that stands in an address: microseconds since the epoch. None for any other text."""
    return _EPOCH + timedelta(microseconds=int(text)) if re.fullmatch("[0-9]{1,16}", text) else None


def microseconds_of(moment: datetime) -> int:
    """What `moment_of` reads."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _names(actor: Actor, project_ids: Iterable[str]) -> dict[str, ProjectName]:
    statement = select(Project.id, Project.name).where(
        Project.id.in_(set(project_ids)), Project.appspace_id.in_(visible_appspaces(actor))
    )
    return {row.id: ProjectName(id=row.id, name=row.name) for row in db.session.execute(statement)}
