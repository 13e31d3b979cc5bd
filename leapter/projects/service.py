"""Verbs on projects."""

import unicodedata
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter.accounts.access import Actor, home_appspace, visible_appspaces
from leapter.accounts.models import Appspace
from leapter.db import db, transaction
from leapter.errors import InvalidInputError, NotFoundError
from leapter.projects import dependents
from leapter.projects.archive import MAX_DESCRIPTION_CHARACTERS, MAX_NAME_CHARACTERS
from leapter.projects.models import Project

PAGE_SIZE = 50

log = get_logger("leapter.projects")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedProject:
    """A project with the name of the appspace it lives in."""

    project: Project
    appspace_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectPage:
    """One page of the projects with `search` in their names; `page` is one that exists, from 1 to `pages`.

    `matching` counts what is on all pages together, `existing` every project there is, in `appspace_count`
    appspaces.
    """

    rows: tuple[ListedProject, ...]
    search: str
    page: int
    pages: int
    matching: int
    existing: int
    appspace_count: int


def list_projects(actor: Actor) -> list[ListedProject]:
    """All projects that `actor` can see, by name."""
    rows = db.session.execute(
        select(Project, Appspace.name)
        .join(Appspace, Appspace.id == Project.appspace_id)
        .where(Project.appspace_id.in_(visible_appspaces(actor)))
        .order_by(func.lower(Project.name), Project.created_at, Project.id)
    )
    return [ListedProject(project=project, appspace_name=name) for project, name in rows]


def list_page(actor: Actor, *, search: str = "", page: int = 1) -> ProjectPage:
    """Those projects with `search` in their name, whatever its case: `PAGE_SIZE` of them, by name.

    A page past the last one gives the last one.
    """
    found = _visible_names(actor)
    wanted = search.strip().casefold()
    matching = [project_id for project_id, name, _ in found if wanted in name.casefold()]
    pages = max(1, -(-len(matching) // PAGE_SIZE))
    page = min(max(1, page), pages)
    shown = matching[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    rows = {
        project.id: ListedProject(project=project, appspace_name=name)
        for project, name in db.session.execute(
            select(Project, Appspace.name)
            .join(Appspace, Appspace.id == Project.appspace_id)
            .where(Project.id.in_(shown))
        )
    }
    return ProjectPage(
        rows=tuple(rows[project_id] for project_id in shown if project_id in rows),
        search=search.strip(),
        page=page,
        pages=pages,
        matching=len(matching),
        existing=len(found),
        appspace_count=len({appspace_id for _, _, appspace_id in found}),
    )


def find_project_by_name(actor: Actor, name: str, *, except_id: str = "") -> Project | None:
    """A project, but the one of `except_id`, that has this name, whatever its case."""
    wanted = name.strip().casefold()
    for project_id, other, _ in _visible_names(actor):
        if project_id != except_id and other.casefold() == wanted:
            return db.session.get(Project, project_id)
    return None


def _visible_names(actor: Actor) -> list[tuple[str, str, str]]:
    """Id, name and appspace of every project that `actor` can see, by name.

    Names are compared here and not by the database: SQLite folds only the letters of ASCII.
    """
    rows = db.session.execute(
        select(Project.id, Project.name, Project.appspace_id)
        .where(Project.appspace_id.in_(visible_appspaces(actor)))
        .order_by(func.lower(Project.name), Project.created_at, Project.id)
    )
    return [(project_id, name, appspace_id) for project_id, name, appspace_id in rows]


def get_project(actor: Actor, project_id: str) -> Project:
    """The project.

    Raises:
        NotFoundError: there is none, or it belongs to an appspace that `actor` may not enter.
    """
    project = db.session.scalar(
        select(Project).where(Project.id == project_id, Project.appspace_id.in_(visible_appspaces(actor)))
    )
    if project is None:
        raise NotFoundError("project")
    return project


def lock_project(session: Session, actor: Actor, project_id: str) -> Project:
    """The project, held until the transaction ends: what changes in it changes one at a time.

    Raises:
        NotFoundError: as in `get_project`.
    """
    project = session.scalar(
        select(Project)
        .where(Project.id == project_id, Project.appspace_id.in_(visible_appspaces(actor)))
        .with_for_update()
    )
    if project is None:
        raise NotFoundError("project")
    return project


def create_project(actor: Actor, *, name: str, description: str = "") -> Project:
    """Create an empty project in the actor's personal appspace.

    Raises:
        InvalidInputError: the name or the description is not acceptable.
    """
    project = Project(
        name=checked_name(name),
        description=_checked_description(description),
        created_by_name=actor.name,
    )
    with transaction() as session:
        project.appspace_id = home_appspace(actor).id
        session.add(project)
    log.info("project_created", project_id=project.id, actor=actor.user_id)
    return project


def rename_project(actor: Actor, project_id: str, *, name: str, description: str) -> Project:
    """Give a project another name and description; keys and callers know it by its id and notice nothing.

    Raises:
        InvalidInputError: the name or the description is not acceptable.
        NotFoundError: as in `get_project`.
    """
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        project.name = checked_name(name)
        project.description = _checked_description(description)
    return project


def change_settings(
    actor: Actor,
    project_id: str,
    *,
    ignores_unknown_inputs: bool,
    keeps_run_data: bool,
    demands_green_tests: bool = False,
) -> Project:
    """Say how the project's Blueprints are called, what comes into force, and what is kept of runs.

    Raises:
        NotFoundError: as in `get_project`.
    """
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        project.ignores_unknown_inputs = ignores_unknown_inputs
        project.keeps_run_data = keeps_run_data
        project.demands_green_tests = demands_green_tests
    return project


def losing_project(project_id: str) -> list[str]:
    """What would lose the project if it were deleted, as pages name it."""
    return [name for kind in dependents.registered() for name in kind.losing(project_id)]


def delete_project(actor: Actor, project_id: str, *, typed_name: str) -> Project:
    """Delete a project with all it holds. `typed_name` must be its name: a wrong row is easily clicked.

    Raises:
        InvalidInputError: `typed_name` is not the project's name.
        NotFoundError: as in `get_project`.
    """
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        # Names may hold several spaces in a row, which a page shows as one.
        if typed_name.split() != project.name.split():
            raise InvalidInputError({"name": ["This is not the project's name. Nothing was deleted."]})
        for kind in dependents.registered():
            kind.before_delete(session, project, actor.name)
        session.flush()
        # The database removes what hangs on the row; loading it all first would only cost memory.
        session.execute(delete(Project).where(Project.id == project.id))
        session.expunge(project)
    log.info("project_deleted", project_id=project.id, actor=actor.user_id)
    return project


def checked_name(name: str) -> str:
    """A project's name, trimmed.

    Raises:
        InvalidInputError: it is empty, too long, or holds characters that cannot be seen.
    """
    name = name.strip()
    if not name:
        raise InvalidInputError({"name": ["Give the project a name."]})
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInputError(
            {"name": [f"The name has {len(name)} characters; {MAX_NAME_CHARACTERS} are the most."]}
        )
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise InvalidInputError({"name": ["The name holds a line break or a control character."]})
    return name


def _checked_description(description: str) -> str:
    description = description.strip()
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        sentence = f"The description is longer than {MAX_DESCRIPTION_CHARACTERS:,} characters."
        raise InvalidInputError({"description": [sentence]})
    if "\0" in description:
        raise InvalidInputError({"description": ["The description holds a NUL character."]})
    return description
