"""What was seen of a key: its runs, its other calls, and calls without a key to its projects."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from leapter.accounts.access import Actor, visible_appspaces
from leapter.api_keys.models import ApiKeyCall, KeylessCall
from leapter.api_keys.records import KeyRecord, ProjectName
from leapter.blueprints.models import Blueprint, Run
from leapter.db import db
from leapter.integrations.clients import client_name
from leapter.projects.models import Project
from leapter.runtime.problem_kinds import KINDS, Kind

LATEST_RUNS = 20

_ASKED = {
    "run": "run a Blueprint",
    "models": "read what Blueprints there are",
    "stored_run": "read a stored run",
    "openapi": "read the OpenAPI document",
    "mcp": "speak MCP",
    "sse": "open a stream of MCP",
    "validate": "check the key",
    "projects": "list its projects",
    "connect": "ask what it may call",
}

# What stands before the name of the project; "in" where nothing is said.
_PREPOSITIONS = {"openapi": "of", "mcp": "with", "sse": "with"}

# Told on a key by its prefix alone, which anyone may know.
_BY_PREFIX = frozenset({"malformed_api_key", "api_key_in_url"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A run, or calls of one sort that were none: `count` of them since `first_at`, the latest at `last_at`.

    `code` is that of the problem, "" for none; `asked` says in words what was wanted. Of the project, the
    name is there where `actor` may see it. `is_hint` says that what came proves nothing of who sent it.
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

    @property
    def client(self) -> str:
        """Who called, by a name that people know."""
        return client_name(self.agent)

    @property
    def kind(self) -> Kind | None:
        """The kind of the problem, in words; None where there was none."""
        return KINDS.get(self.code)


def runs_of(actor: Actor, key_id: str, *, since: datetime | None = None) -> list[Sighting]:
    """The latest runs of a key, the newest first."""
    statement = (
        select(Run, Project.name, Blueprint.label)
        .join(Project, Project.id == Run.project_id)
        .outerjoin(Blueprint, and_(Blueprint.project_id == Run.project_id, Blueprint.id == Run.blueprint_id))
        .where(Run.key_id == key_id, Project.appspace_id.in_(visible_appspaces(actor)))
        .order_by(Run.started_at.desc())
        .limit(LATEST_RUNS)
    )
    if since is not None:
        statement = statement.where(Run.started_at >= since)
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


def other_calls_of(
    actor: Actor, key_id: str, *, since: datetime | None = None, refused: bool = False
) -> list[Sighting]:
    """Calls with a key that were no runs, or only the refused ones of them, the newest first."""
    statement = select(ApiKeyCall).where(ApiKeyCall.key_id == key_id).order_by(ApiKeyCall.last_at.desc())
    if since is not None:
        statement = statement.where(ApiKeyCall.last_at >= since)
    if refused:
        statement = statement.where(ApiKeyCall.code != "")
    rows = db.session.scalars(statement.execution_options(populate_existing=True)).all()
    names = _names(actor, {row.project_id for row in rows if row.project_id})
    return [
        Sighting(
            last_at=row.last_at,
            first_at=row.first_at,
            count=row.count,
            status=row.status,
            code=row.code,
            asked=_ASKED.get(row.what, row.what),
            preposition=_PREPOSITIONS.get(row.what, "in"),
            agent=row.last_agent or "",
            address=row.last_address or "",
            project=names.get(row.project_id),
            project_id=row.project_id,
            is_hint=row.code in _BY_PREFIX,
        )
        for row in rows
    ]


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
            count=row.count,
            status=KINDS[row.code].status if row.code in KINDS else 401,
            code=row.code,
            asked=_ASKED.get(row.what, row.what),
            preposition=_PREPOSITIONS.get(row.what, "in"),
            agent=row.last_agent or "",
            address=row.last_address or "",
            project=ProjectName(id=row.project_id, name=name),
            project_id=row.project_id,
            is_hint=True,
        )
        for row, name in db.session.execute(statement)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyCalls:
    """What the page of a key tells of its calls."""

    refused: list[Sighting]
    runs: list[Sighting]
    asked: list[Sighting]


def calls_of_key(actor: Actor, key: KeyRecord) -> KeyCalls:
    """The latest runs of a key, its refused calls and those that only asked; the newest first in each."""
    others = other_calls_of(actor, key.id)
    return KeyCalls(
        refused=[one for one in others if one.code],
        asked=[one for one in others if not one.code],
        runs=runs_of(actor, key.id),
    )


def _names(actor: Actor, project_ids: Iterable[str]) -> dict[str, ProjectName]:
    statement = select(Project.id, Project.name).where(
        Project.id.in_(set(project_ids)), Project.appspace_id.in_(visible_appspaces(actor))
    )
    return {row.id: ProjectName(id=row.id, name=row.name) for row in db.session.execute(statement)}
