"""Reads API keys: a page of them, one of them, its history."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, func, or_, select

from leapter.accounts.access import Actor, visible_appspaces
from leapter.api_keys import keys
from leapter.api_keys.models import ApiKey, ApiKeyCall, ApiKeyEvent, ApiKeyProject, ApiKeyUsage
from leapter.api_keys.records import (
    PAGE_SIZE,
    HistoryEntry,
    KeyPage,
    KeyQuery,
    KeyRecord,
    ProjectName,
    Refusals,
    SortColumn,
    Status,
    Traffic,
)
from leapter.clock import now
from leapter.db import db
from leapter.errors import NotFoundError
from leapter.projects.models import Project

# SQLite takes at most 32,766 values in one statement.
_IDS_AT_ONCE = 5_000

_SHORT_ID = 8

# A row of the table tells of refused calls for this long; the key's page always does.
REFUSALS_ARE_NEWS = timedelta(days=30)

# Each key of a deleted project has an entry of its own; older deletions are told without a name.
_MOST_DELETIONS = 2_000


def list_keys(actor: Actor, query: KeyQuery) -> KeyPage:
    """The page of keys that `query` asks for, in five SELECTs however many keys there are.

    A page past the last one gives the last one.
    """
    matches = _matches(query.search)
    shown = matches if query.show_revoked else matches & ApiKey.revoked_at.is_(None)
    existing, revoked, matching = db.session.execute(
        select(
            func.count(),
            func.count(case((matches & ApiKey.revoked_at.is_not(None), 1))),
            func.count(case((shown, 1))),
        )
        .select_from(ApiKey)
        .where(ApiKey.appspace_id.in_(visible_appspaces(actor)))
    ).one()
    pages = max(1, -(-matching // PAGE_SIZE))
    query = replace(query, page=min(max(1, query.page), pages))
    statement = (
        _select_keys(actor)
        .where(shown)
        .order_by(*_order(query.sort, descending=query.descending))
        .limit(PAGE_SIZE)
        .offset((query.page - 1) * PAGE_SIZE)
    )
    return KeyPage(
        query=query,
        rows=_with_refusals(actor, _load(actor, statement)),
        matching=matching,
        revoked=revoked,
        existing=existing,
        pages=pages,
    )


def list_all_keys(actor: Actor, *, show_revoked: bool) -> tuple[KeyRecord, ...]:
    """Every key that `actor` may see, the oldest first, with its refusals."""
    statement = _select_keys(actor).order_by(ApiKey.created_at, ApiKey.id)
    if not show_revoked:
        statement = statement.where(ApiKey.revoked_at.is_(None))
    found = _load(actor, statement)
    return tuple(
        row
        for start in range(0, len(found), _IDS_AT_ONCE)
        for row in _with_refusals(actor, found[start : start + _IDS_AT_ONCE])
    )


def get_key(actor: Actor, key_id: str) -> KeyRecord:
    """The key of that id, with its refusals.

    Raises:
        NotFoundError: there is none, or not for `actor`.
    """
    found = _load(actor, _select_keys(actor).where(ApiKey.id == key_id))
    if not found:
        raise NotFoundError("API key")
    return _with_refusals(actor, found)[0]


def list_keys_of_project(actor: Actor, project_id: str) -> tuple[KeyRecord, ...]:
    """The active keys that may call a project, by name; none for a project that `actor` may not see."""
    in_scope = select(ApiKeyProject.key_id).where(ApiKeyProject.project_id == project_id)
    found = _load(actor, _select_keys(actor).where(ApiKey.id.in_(in_scope), ApiKey.revoked_at.is_(None)))
    active = [key for key in found if key.status == "active"]
    return tuple(sorted(active, key=lambda key: (key.name.casefold(), key.created_at, key.id)))


def find_keys_by_prefix(actor: Actor, prefix: str) -> tuple[KeyRecord, ...]:
    """The keys with exactly that display prefix: nearly always one, since prefixes are random."""
    return _load(actor, _select_keys(actor).where(ApiKey.prefix == prefix))


def find_key_by_name(actor: Actor, name: str, *, except_id: str = "") -> KeyRecord | None:
    """The newest key in use, but the one of `except_id`, that has this name, whatever its case."""
    found = _load(
        actor,
        _select_keys(actor)
        .where(ApiKey.name_folded == name.strip().casefold(), ApiKey.id != except_id)
        .where(ApiKey.revoked_at.is_(None))
        .order_by(ApiKey.created_at.desc())
        .limit(1),
    )
    return found[0] if found else None


def history(actor: Actor, key_id: str) -> tuple[HistoryEntry, ...]:
    """What was changed about a key and what it could call from then on, the newest first.

    Raises:
        NotFoundError: there is no such key, or not for `actor`.
    """
    get_key(actor, key_id)
    events = db.session.scalars(
        select(ApiKeyEvent).where(ApiKeyEvent.key_id == key_id).order_by(ApiKeyEvent.at, ApiKeyEvent.id)
    ).all()
    told = _told_apart(actor, [project for event in events for project in _names(event)])
    entries: list[HistoryEntry] = []
    callable_now: dict[str, ProjectName] = {}
    for event in events:
        added = tuple(told[project] for project in _names(event, "projects", "added"))
        removed = tuple(told[project] for project in _names(event, "removed"))
        for project in removed:
            callable_now.pop(project.id, None)
        callable_now |= {project.id: project for project in added}
        if event.kind == "revoked":
            callable_now = {}
        entries.append(
            HistoryEntry(
                kind=event.kind,  # type: ignore[arg-type]  # the table's check constraint lists the kinds
                at=event.at,
                actor_name=event.actor_name,
                added=added,
                removed=removed,
                projects=_sorted(callable_now.values()),
            )
        )
    return tuple(reversed(entries))


def choosable_projects(actor: Actor, appspace_id: str | None = None) -> tuple[ProjectName, ...]:
    """The projects that a key can be given, sorted by name; only those of one appspace where it is given."""
    statement = select(Project.id, Project.name).where(Project.appspace_id.in_(visible_appspaces(actor)))
    if appspace_id is not None:
        statement = statement.where(Project.appspace_id == appspace_id)
    choices = [ProjectName(id=project_id, name=name) for project_id, name in db.session.execute(statement)]
    return _sorted(_told_apart(actor, choices).values())


def names_of_deleted(actor: Actor, project_ids: Iterable[str]) -> tuple[ProjectName, ...]:
    """Those of the projects that were deleted and are still known by name, from the histories of keys."""
    wanted, found = set(project_ids), dict[str, ProjectName]()
    events = db.session.scalars(
        select(ApiKeyEvent)
        .join(ApiKey, ApiKey.id == ApiKeyEvent.key_id)
        .where(ApiKey.appspace_id.in_(visible_appspaces(actor)), ApiKeyEvent.kind == "project_deleted")
        .order_by(ApiKeyEvent.at.desc())
        .limit(_MOST_DELETIONS)
    )
    for event in events:
        found |= {project.id: project for project in _names(event, "removed") if project.id in wanted}
    return _sorted(_told_apart(actor, list(found.values())).values())


def _told_apart(actor: Actor, projects: Iterable[ProjectName]) -> dict[ProjectName, ProjectName]:
    """Each of the projects with what tells it apart from others of its name, be they shown or choosable."""
    projects = set(projects)
    ids: dict[str, set[str]] = {}
    for project in projects:
        ids.setdefault(project.name, set()).add(project.id)
    names = list(ids)
    for start in range(0, len(names), _IDS_AT_ONCE):
        statement = select(Project.name, Project.id).where(
            Project.appspace_id.in_(visible_appspaces(actor)),
            Project.name.in_(names[start : start + _IDS_AT_ONCE]),
        )
        for name, project_id in db.session.execute(statement):
            ids[name].add(project_id)
    return {
        project: replace(project, short_id=project.id[:_SHORT_ID]) if len(ids[project.name]) > 1 else project
        for project in projects
    }


def _select_keys(actor: Actor) -> Select[ApiKey, ApiKeyUsage]:
    return (
        select(ApiKey, ApiKeyUsage)
        .outerjoin(ApiKeyUsage, ApiKeyUsage.key_id == ApiKey.id)
        .where(ApiKey.appspace_id.in_(visible_appspaces(actor)))
    )


def _load(actor: Actor, statement: Select[ApiKey, ApiKeyUsage]) -> tuple[KeyRecord, ...]:
    # A usage row is written behind the session's back, by the run path's own connection.
    found = db.session.execute(statement.execution_options(populate_existing=True)).all()
    projects = _projects_of([key.id for key, _ in found])
    told = _told_apart(actor, [project for several in projects.values() for project in several])
    present = now()
    return tuple(
        _record(key, usage, [told[project] for project in projects.get(key.id, [])], present)
        for key, usage in found
    )


def _with_refusals(actor: Actor, rows: tuple[KeyRecord, ...]) -> tuple[KeyRecord, ...]:
    are_refused = (
        ApiKeyCall.key_id.in_([row.id for row in rows]),
        ApiKeyCall.code != "",
        ApiKeyCall.last_at > now() - REFUSALS_ARE_NEWS,
    )
    # The rows of a key are at most a hundred, so both halves of this are small.
    totals = (
        select(
            ApiKeyCall.key_id,
            func.sum(ApiKeyCall.count).label("total"),
            func.max(ApiKeyCall.last_at).label("last_at"),
        )
        .where(*are_refused)
        .group_by(ApiKeyCall.key_id)
        .subquery()
    )
    is_latest = (totals.c.key_id == ApiKeyCall.key_id) & (totals.c.last_at == ApiKeyCall.last_at)
    is_visible = (Project.id == ApiKeyCall.project_id) & Project.appspace_id.in_(visible_appspaces(actor))
    statement = (
        select(
            ApiKeyCall.key_id,
            ApiKeyCall.what,
            ApiKeyCall.code,
            ApiKeyCall.status,
            ApiKeyCall.last_at,
            ApiKeyCall.last_agent,
            totals.c.total,
            Project.name,
        )
        .join(totals, is_latest)
        .outerjoin(Project, is_visible)
        .where(*are_refused)
    )
    found = {
        key_id: Refusals(
            count=int(total),
            last_at=last_at,
            what=what,
            status=status,
            code=code.partition(":")[0],
            agent=agent or "",
            project_name=name or "",
        )
        for key_id, what, code, status, last_at, agent, total, name in db.session.execute(statement)
    }
    return tuple(replace(row, refusals=found.get(row.id)) for row in rows)


def _record(
    key: ApiKey, usage: ApiKeyUsage | None, projects: Iterable[ProjectName], present: datetime
) -> KeyRecord:
    return KeyRecord(
        id=key.id,
        appspace_id=key.appspace_id,
        name=key.name,
        prefix=key.prefix,
        status=_status(key, present),
        projects=_sorted(projects),
        scope_version=key.scope_version,
        created_at=key.created_at,
        created_by_name=key.created_by_name,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        revoked_by_name=key.revoked_by_name,
        used=Traffic(
            count=usage.use_count if usage else 0,
            last_at=usage.last_used_at if usage else None,
            last_address=usage.last_used_address if usage else None,
            last_agent=usage.last_used_agent if usage else None,
        ),
        refused=Traffic(
            count=usage.refused_count if usage else 0,
            last_at=usage.last_refused_at if usage else None,
            last_address=usage.last_refused_address if usage else None,
            last_agent=usage.last_refused_agent if usage else None,
        ),
    )


def _projects_of(key_ids: Sequence[str]) -> dict[str, list[ProjectName]]:
    projects: dict[str, list[ProjectName]] = {}
    for start in range(0, len(key_ids), _IDS_AT_ONCE):
        statement = (
            select(ApiKeyProject.key_id, Project.id, Project.name)
            .join(Project, Project.id == ApiKeyProject.project_id)
            .where(ApiKeyProject.key_id.in_(key_ids[start : start + _IDS_AT_ONCE]))
        )
        for key_id, project_id, name in db.session.execute(statement):
            projects.setdefault(key_id, []).append(ProjectName(id=project_id, name=name))
    return projects


def _status(key: ApiKey, present: datetime) -> Status:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= present else "active"


def _matches(search: str) -> ColumnElement[bool]:
    search = search.strip()
    if not search:
        return ApiKey.id.is_not(None)
    # Of a whole key only the part that is shown anyway is looked for.
    prefix = keys.display_prefix(search) if search.startswith(keys.MARK) else search
    return or_(
        ApiKey.name_folded.contains(search.casefold(), autoescape=True),
        ApiKey.prefix.startswith(prefix, autoescape=True),
        ApiKey.prefix.startswith(keys.MARK + prefix, autoescape=True),
    )


def _order(sort: SortColumn, *, descending: bool) -> list[SQLColumnExpression[Any]]:
    expression: SQLColumnExpression[Any]
    match sort:
        case "name":
            expression = ApiKey.name_folded
        case "permissions":
            expression = (
                select(func.count())
                .select_from(ApiKeyProject)
                .where(ApiKeyProject.key_id == ApiKey.id)
                .scalar_subquery()
            )
        case "key":
            expression = ApiKey.prefix
        case "status":
            expired = ApiKey.expires_at.is_not(None) & (ApiKey.expires_at <= now())
            expression = case((ApiKey.revoked_at.is_not(None), 2), (expired, 1), else_=0)
        case "used":
            expression = ApiKeyUsage.last_used_at
        case "created":
            expression = ApiKey.created_at
    # "Never" stays at the end in both directions: who sorts by use wants to see uses. The later keys decide
    # ties, so that no row is on two pages.
    directed = (expression.desc() if descending else expression.asc()).nulls_last()
    return [directed, ApiKey.created_at.desc(), ApiKey.id]


def _names(event: ApiKeyEvent, *places: str) -> tuple[ProjectName, ...]:
    """The projects that an event names, in `places` of its detail or everywhere."""
    stored: dict[str, list[dict[str, str]]] = event.detail
    return tuple(
        ProjectName(id=project["id"], name=project["name"])
        for place in (places or stored)
        for project in stored.get(place, [])
    )


def _sorted(projects: Iterable[ProjectName]) -> tuple[ProjectName, ...]:
    return tuple(sorted(projects, key=lambda project: (project.name.casefold(), project.id)))
