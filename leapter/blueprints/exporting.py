"""Export of projects: the files that import as the same project, and the source of one Blueprint.

What came in with an import and has not changed goes out byte for byte. A Blueprint goes out as it is shown:
its newest revision, also where another one is in force.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import defer

from leapter.accounts.access import Actor
from leapter.blueprints import importing, service
from leapter.blueprints.checking import check
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.db import db
from leapter.projects.archive import MANIFEST_PATH, Manifest, read_manifest
from leapter.projects.manifest import BLUEPRINT_IDS, new_manifest, with_members
from leapter.projects.models import Project, ProjectFile
from leapter.projects.service import get_project
from leapter.projects.slugs import slug_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """A project as files. `name` is one for a zip or a folder, without ending.

    `files` gives path and content, once, reading each when it is its turn: a project may be large.
    """

    project: Project
    name: str
    blueprint_count: int
    files: Iterator[tuple[str, bytes]]


def export_project(actor: Actor, project_id: str) -> Export:
    """The project as it is stored now; two exports of the same state hold the same files in the same order.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    project = get_project(actor, project_id)
    rows = db.session.execute(
        select(Blueprint, BlueprintRevision)
        .join(BlueprintRevision, BlueprintRevision.id == Blueprint.newest_revision_id)
        .where(Blueprint.project_id == project.id)
        .options(defer(BlueprintRevision.source))
    )
    # Of several with one call identifier, the first to be imported gets it: those that can run go first.
    ordered = sorted(
        ((blueprint, revision) for blueprint, revision in rows),
        key=lambda pair: (pair[1].has_errors, pair[0].source_path),
    )
    paths = db.session.scalars(
        select(ProjectFile.path)
        .where(ProjectFile.project_id == project.id, ProjectFile.path != MANIFEST_PATH)
        .order_by(ProjectFile.path)
    )
    return Export(
        project=project,
        name=_file_name(project),
        blueprint_count=len(ordered),
        files=_files(project, ordered, sorted(paths)),
    )


def source_of(actor: Actor, project_id: str, blueprint_id: str) -> tuple[str, bytes]:
    """The file name of a Blueprint's source, and its newest revision byte for byte.

    Raises:
        NotFoundError: as in `service.get_blueprint`.
    """
    shown = service.get_blueprint(actor, project_id, blueprint_id)
    return f"{shown.blueprint.slug}.logic.vts", shown.newest.source.encode()


def _file_name(project: Project) -> str:
    return slug_of(project.name) or "project"


def _files(
    project: Project, ordered: list[tuple[Blueprint, BlueprintRevision]], paths: list[str]
) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST_PATH, _manifest(project, ordered)
    for blueprint, revision in ordered:
        yield blueprint.source_path, _source(revision).encode()
    for path in paths:
        content = db.session.scalar(
            select(ProjectFile.content).where(ProjectFile.project_id == project.id, ProjectFile.path == path)
        )
        if content is not None:  # deleted between the list and here
            yield path, bytes(content)


def _source(revision: BlueprintRevision) -> str:
    return db.session.scalars(
        select(BlueprintRevision.source).where(BlueprintRevision.id == revision.id)
    ).one()


def _manifest(project: Project, ordered: list[tuple[Blueprint, BlueprintRevision]]) -> bytes:
    stored = db.session.get(ProjectFile, (project.id, MANIFEST_PATH))
    if stored is None:
        return new_manifest(
            project_id=project.id,
            label=project.name,
            description=project.description,
            main_slug=project.main_slug,
            blueprint_ids=_untold_ids(ordered, project.id, {}),
        )
    said = read_manifest(stored.content)
    changed: dict[tuple[str, ...], object] = {}
    name = (said.label or "").strip() or importing.name_from(_file_name(project))
    if name != project.name:
        changed["app", "label"] = project.name
    if _plain(said.description) != _plain(project.description):
        changed["app", "description"] = project.description
    if said.project_id not in (None, project.id):
        changed["app", "id"] = project.id
    slugs = [blueprint.slug for blueprint, _ in ordered]
    if project.main_slug != importing.main_slug(said.main_slug, slugs):
        changed["main",] = project.main_slug
    ids = _untold_ids(ordered, _namespace(said, project), said.blueprint_ids)
    if ids != said.blueprint_ids:
        changed[BLUEPRINT_IDS,] = ids
    return with_members(stored.content, changed) if changed else bytes(stored.content)


def _namespace(said: Manifest, project: Project) -> str:
    """Where ids will be derived from when the manifest, with this project's id in it, is imported."""
    return importing.id_namespace(said, project.id) if said.project_id is None else project.id


def _untold_ids(
    ordered: list[tuple[Blueprint, BlueprintRevision]], namespace: str, said: Mapping[str, str]
) -> dict[str, str]:
    """The ids, by slug, that an import of these Blueprints would not give them unless it is told.

    What the manifest has `said` already stays, unless it is not true.
    """
    slugs = {blueprint.slug for blueprint, _ in ordered}
    ids = {slug: given for slug, given in said.items() if slug not in slugs}
    taken: set[str] = set()
    for blueprint, revision in ordered:
        slug = blueprint.slug
        given = service.choose_id(None, _written_id(blueprint, revision), namespace, slug, taken)
        if given != blueprint.id or said.get(slug) == blueprint.id:
            ids[slug] = blueprint.id
        taken.add(blueprint.id)
    return ids


def _written_id(blueprint: Blueprint, revision: BlueprintRevision) -> str | None:
    """The id that the source of a revision says, where it can be read so far."""
    source = _source(revision)
    marks = source.count("//#id")
    if not marks:
        return None
    # Reading a whole source takes long, and nearly every one with the line has the Blueprint's own id there.
    own = re.search(rf"^[ \t\ufeff]*//#id[ \t]+{re.escape(blueprint.id)}[ \t\r]*$", source, re.MULTILINE)
    if marks == 1 and own and not revision.has_errors:
        return blueprint.id
    return check(source).blueprint_id


def _plain(description: str) -> str:
    """A description as a form sends it back when nobody has typed in it."""
    return description.replace("\r\n", "\n").strip()
