"""Verbs on test suites: files of a project that stay byte for byte until one is changed."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter import veritas
from leapter.accounts.access import Actor
from leapter.blueprints.models import Blueprint
from leapter.blueprints.suite_texts import (
    ENDING,
    CaseChange,
    StoredSuite,
    checked_label,
    encoded,
    find_case,
    members_of,
    name_of,
    new_suite,
    stored_suite,
    suite_folder,
    suites_among,
    with_case,
    with_changed_case,
    without_case,
)
from leapter.db import db, transaction
from leapter.errors import ChangedMeanwhileError, InvalidInputError, NotFoundError
from leapter.projects.archive import MAX_FILES, MAX_UNPACKED_BYTES
from leapter.projects.models import Project, ProjectFile
from leapter.projects.service import lock_project
from leapter.projects.slugs import slug_of

log = get_logger("leapter.blueprints")

_MAX_NAME_CHARACTERS = 60


def list_suites(blueprint: Blueprint) -> list[StoredSuite]:
    """The suites of a Blueprint, by path. That it may be seen is for the caller to know."""
    folder = suite_folder(blueprint.source_path, blueprint.slug)
    rows = db.session.execute(
        select(ProjectFile.path, ProjectFile.content)
        .where(ProjectFile.project_id == blueprint.project_id)
        .where(ProjectFile.path.startswith(f"{folder}/", autoescape=True))
    )
    return suites_among({path: bytes(content) for path, content in rows}, folder)


def get_suite(blueprint: Blueprint, name: str) -> StoredSuite:
    """One suite of a Blueprint.

    Raises:
        NotFoundError: there is none of this name.
    """
    content = db.session.scalar(
        select(ProjectFile.content).where(
            ProjectFile.project_id == blueprint.project_id, ProjectFile.path == _path(blueprint, name)
        )
    )
    if content is None:
        raise NotFoundError("test suite")
    return stored_suite(_path(blueprint, name), bytes(content))


def create_suite(actor: Actor, project_id: str, blueprint_id: str, *, label: str) -> StoredSuite:
    """Add a suite without cases.

    Raises:
        InvalidInputError: the label is not acceptable, or the project is full.
        NotFoundError: there is no such Blueprint.
    """
    label = checked_label(label, "label", "suite")
    with transaction() as session:
        project, blueprint = _lock(session, actor, project_id, blueprint_id)
        path = _add(session, project, blueprint, label, [])
    _log("test_suite_created", actor, project_id, blueprint_id)
    return get_suite(blueprint, name_of(path))


def write_suite(
    actor: Actor, project_id: str, blueprint_id: str, name: str, *, text: str, base_digest: str
) -> StoredSuite:
    """Write the whole text of a suite anew.

    Raises:
        InvalidInputError: it is not one that can be run; the sentences name line and column.
        ChangedMeanwhileError: it is not as it was when it was opened; nothing is written.
        NotFoundError: there is no such suite any more.
    """
    content = encoded(text)
    found = [
        f"Line {finding.line}, column {finding.column}: {finding.message}"
        for finding in veritas.read_suite(content).findings
        if finding.severity == "error"
    ]
    if found:
        raise InvalidInputError({"text": found})

    def change(stored: StoredSuite) -> bytes:
        if stored.digest != base_digest:
            raise ChangedMeanwhileError("test suite")
        return content

    return _change(actor, project_id, blueprint_id, name, change=change, event="test_suite_written")


def delete_suite(actor: Actor, project_id: str, blueprint_id: str, name: str) -> None:
    """Remove a suite with all its cases.

    Raises:
        NotFoundError: there is no such suite any more.
    """
    with transaction() as session:
        project, blueprint = _lock(session, actor, project_id, blueprint_id)
        session.delete(_get_file(session, project, blueprint, name))
    _log("test_suite_deleted", actor, project_id, blueprint_id)


def add_case(
    actor: Actor,
    project_id: str,
    blueprint_id: str,
    name: str,
    *,
    case_id: str,
    change: CaseChange,
    suite_label: str = "",
) -> StoredSuite:
    """Add a case at the end of a suite. Where that has a case of this id already, nothing happens: the same
    form was sent twice.

    Args:
        name: the suite's, or "" for a new one labelled `suite_label`.
        case_id: an id that nobody else has, made with the form.

    Raises:
        InvalidInputError: something typed is not acceptable, or the suite or the project is full.
        NotFoundError: there is no such suite any more.
    """
    data = {"id": case_id, **members_of(change)}
    if name:
        return _change(
            actor,
            project_id,
            blueprint_id,
            name,
            change=lambda stored: with_case(stored, data),
            event="test_case_added",
        )
    label = checked_label(suite_label, "suite_label", "new suite")
    with transaction() as session:
        project, blueprint = _lock(session, actor, project_id, blueprint_id)
        for stored in list_suites(blueprint):
            if find_case(stored, case_id):
                return stored
        path = _add(session, project, blueprint, label, [data])
    _log("test_suite_created", actor, project_id, blueprint_id)
    return get_suite(blueprint, name_of(path))


def change_case(
    actor: Actor,
    project_id: str,
    blueprint_id: str,
    name: str,
    *,
    case_id: str,
    change: CaseChange,
    base_digest: str,
) -> StoredSuite:
    """Write the members of a case anew.

    Args:
        base_digest: `case_digest` of the case as it was when it was opened.

    Raises:
        InvalidInputError: something typed is not acceptable.
        ChangedMeanwhileError: the case is not as it was; nothing is written.
        NotFoundError: there is no such case any more.
    """
    members = members_of(change)

    def rewrite(stored: StoredSuite) -> bytes:
        return with_changed_case(stored, case_id, members, base_digest)

    return _change(actor, project_id, blueprint_id, name, change=rewrite, event="test_case_changed")


def delete_case(actor: Actor, project_id: str, blueprint_id: str, name: str, *, case_id: str) -> None:
    """Remove a case.

    Raises:
        NotFoundError: there is no such case any more.
    """

    def rewrite(stored: StoredSuite) -> bytes:
        return without_case(stored, case_id)

    _change(actor, project_id, blueprint_id, name, change=rewrite, event="test_case_deleted")


def _path(blueprint: Blueprint, name: str) -> str:
    return f"{suite_folder(blueprint.source_path, blueprint.slug)}/{name}{ENDING}"


def _lock(session: Session, actor: Actor, project_id: str, blueprint_id: str) -> tuple[Project, Blueprint]:
    project = lock_project(session, actor, project_id)
    blueprint = session.get(Blueprint, (project.id, blueprint_id))
    if blueprint is None:
        raise NotFoundError("Blueprint")
    return project, blueprint


def _get_file(session: Session, project: Project, blueprint: Blueprint, name: str) -> ProjectFile:
    file = session.get(ProjectFile, (project.id, _path(blueprint, name)))
    if file is None:
        raise NotFoundError("test suite")
    return file


def _add(
    session: Session, project: Project, blueprint: Blueprint, label: str, cases: list[dict[str, Any]]
) -> str:
    """A new file for a suite with this label; the path is its own."""
    folder = suite_folder(blueprint.source_path, blueprint.slug)
    paths = set(session.scalars(select(ProjectFile.path).where(ProjectFile.project_id == project.id)))
    if len(paths) >= MAX_FILES:
        raise InvalidInputError({"": [f"A project holds at most {MAX_FILES:,} files, and this one is full."]})
    wanted = slug_of(label)[:_MAX_NAME_CHARACTERS].strip("-") or "suite"
    path = _free_path(paths, folder, wanted)
    content = new_suite(label, cases)
    _check_room(session, project, len(content))
    session.add(ProjectFile(project_id=project.id, path=path, content=content))
    return path


def _free_path(paths: Iterable[str], folder: str, wanted: str) -> str:
    # Whatever their case: on some systems two such files could not be in one folder.
    taken = {path.casefold() for path in paths}
    number = 1
    path = f"{folder}/{wanted}{ENDING}"
    while path.casefold() in taken:
        number += 1
        path = f"{folder}/{wanted}-{number}{ENDING}"
    return path


def _change(
    actor: Actor,
    project_id: str,
    blueprint_id: str,
    name: str,
    *,
    change: Callable[[StoredSuite], bytes],
    event: str,
) -> StoredSuite:
    with transaction() as session:
        project, blueprint = _lock(session, actor, project_id, blueprint_id)
        file = _get_file(session, project, blueprint, name)
        before = bytes(file.content)
        content = change(stored_suite(file.path, before))
        if content != before:
            _check_room(session, project, len(content) - len(before))
            file.content = content
    if content != before:
        _log(event, actor, project_id, blueprint_id)
    return get_suite(blueprint, name)


def _check_room(session: Session, project: Project, more: int) -> None:
    """Whether so many bytes more still make a project that can be imported."""
    used = session.scalar(
        select(func.sum(func.length(ProjectFile.content))).where(ProjectFile.project_id == project.id)
    )
    if more > 0 and (used or 0) + more > MAX_UNPACKED_BYTES:
        raise InvalidInputError({"": ["The files of the project are as large as they may be."]})


def _log(event: str, actor: Actor, project_id: str, blueprint_id: str) -> None:
    log.info(event, project_id=project_id, blueprint_id=blueprint_id, actor=actor.user_id)
