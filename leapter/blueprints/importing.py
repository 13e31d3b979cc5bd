"""Import of projects: all of an archive or nothing, with a report of what came in."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter import projects, veritas
from leapter.accounts.access import Actor, home_appspace
from leapter.blueprints import rechecking, service
from leapter.blueprints.checking import CheckedSource, finding_at
from leapter.blueprints.environments import ProjectEnvironment, types_text_of
from leapter.blueprints.models import Blueprint
from leapter.blueprints.sample_inputs import program_in_force
from leapter.blueprints.service import MAX_BLUEPRINTS, ShownBlueprint
from leapter.blueprints.suite_files import list_suites
from leapter.blueprints.suite_texts import ENDING
from leapter.blueprints.verdicts import Verdict, judge, summary
from leapter.blueprints.workspace import check_all
from leapter.db import db, new_id, transaction
from leapter.errors import NotFoundError
from leapter.projects.archive import (
    MANIFEST_PATH,
    TYPES_PATH,
    ArchiveError,
    LogicSource,
    Manifest,
    ProjectArchive,
    read_manifest,
    read_path,
)
from leapter.projects.models import Project, ProjectFile
from leapter.projects.service import checked_name, get_project
from leapter.projects.slugs import slug_of, title_of

log = get_logger("leapter.blueprints")

# Stands for the project's id where its manifest has none: imported again, Blueprints keep their ids.
_NO_PROJECT = "d9b33475-1ec3-41da-b3a2-9d9a66bde4d6"

EXAMPLES_FOLDER = Path(projects.__file__).parent / "examples"


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A project that comes with the product; `name` is its folder's."""

    name: str
    label: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFinding:
    """A finding with the file of the project that it is about."""

    file: str
    finding: veritas.Finding

    def to_json(self) -> dict[str, Any]:
        """The finding's members, and `file`."""
        return {"file": self.file, **self.finding.to_json()}


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReport:
    """What a project holds, as its import reports it. `notes` are sentences about the whole."""

    project: Project
    blueprints: tuple[ShownBlueprint, ...]
    findings: tuple[FileFinding, ...]
    notes: tuple[str, ...]
    file_count: int
    suite_count: int

    @property
    def error_count(self) -> int:
        """How many findings are errors."""
        return sum(found.finding.severity == "error" for found in self.findings)

    def to_json(self) -> dict[str, Any]:
        """What `leapter project import --json` prints."""
        return {
            "projectId": self.project.id,
            "name": self.project.name,
            "appspaceId": self.project.appspace_id,
            "blueprints": [
                {"id": one.blueprint.id, "slug": one.blueprint.slug, "label": one.blueprint.label}
                for one in self.blueprints
            ],
            "findings": [found.to_json() for found in self.findings],
        }


def import_archive(actor: Actor, archive: ProjectArchive, *, name: str | None = None) -> ImportReport:
    """Make a project of an archive, in the actor's personal appspace, in one transaction.

    A Blueprint with errors comes in too, but does not run. The manifest's `app.id` becomes the project's id
    where it is free; where another appspace has it, the project gets a new one.

    Args:
        name: the project's name; by default the manifest's label, else the archive's name.

    Raises:
        InvalidInputError: the archive cannot be a project here; nothing was stored.
    """
    if len(archive.sources) > MAX_BLUEPRINTS:
        raise ArchiveError(f"A project holds at most {MAX_BLUEPRINTS:,} Blueprints.")
    manifest = archive.manifest
    wanted = (name or "").strip() or ((manifest and manifest.label) or "").strip()
    # Parsing takes longest: it is done before the database's one write lock is taken.
    checked_sources, foreseen = check_all(archive)
    try:
        project = _store(actor, archive, wanted, checked_sources, foreseen)
    except IntegrityError:
        # Only where several write at once (PostgreSQL): another import took the id after it was found free.
        raise ArchiveError("Another import was in the way. Nothing was stored; import again.") from None
    log.info("project_imported", project_id=project.id, blueprints=len(checked_sources), actor=actor.user_id)
    stored = report(actor, project.id)
    if manifest is not None:
        return stored
    # Files without a manifest are stored by their slugs, so only the archive knows what they were called.
    notes = _on_slugs((source.path, source.slug) for source in archive.sources)
    return replace(stored, notes=(*notes, *stored.notes))


def _store(
    actor: Actor,
    archive: ProjectArchive,
    wanted_name: str,
    checked_sources: list[tuple[LogicSource, CheckedSource]],
    foreseen: ProjectEnvironment,
) -> Project:
    manifest = archive.manifest
    slugs = [source.slug for source in archive.sources]
    with transaction() as session:
        appspace_id = home_appspace(actor).id
        project = Project(
            id=_project_id(session, manifest.project_id if manifest else None, appspace_id),
            appspace_id=appspace_id,
            name=checked_name(wanted_name or name_from(archive.name)),
            description=manifest.description if manifest else "",
            main_slug=main_slug(manifest.main_slug, slugs) if manifest else next(iter(slugs), None),
            created_by_name=actor.name,
        )
        session.add(project)
        session.flush()
        session.add_all(
            ProjectFile(project_id=project.id, path=path, content=content)
            for path, content in archive.files.items()
        )
        stored: list[Blueprint] = []
        for source, checked in checked_sources:
            service.store_blueprint(
                session,
                project,
                stored,
                slug=source.slug,
                checked=checked,
                by=actor.name,
                given_id=manifest.blueprint_ids.get(source.slug) if manifest else None,
                namespace=id_namespace(manifest, project.id),
                # Files without a manifest are no project yet: they get their places here.
                path=source.path if manifest else None,
            )
        got = {blueprint.call_identifier: blueprint.slug for blueprint in stored}
        if got != {identifier: callee.blueprint_id for identifier, callee in foreseen.callees.items()}:
            rechecking.settle(session, project, foreseen)
    return project


def report(actor: Actor, project_id: str, *, runs_tests: bool = True) -> ImportReport:
    """The report on a project as it is stored now: right after its import, what came in.

    It says how the test suites fare, unless `runs_tests` is off; all of them together are bounded in time.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    project = get_project(actor, project_id)
    blueprints = service.list_blueprints(actor, project_id)
    paths = list(
        db.session.scalars(
            select(ProjectFile.path).where(ProjectFile.project_id == project.id).order_by(ProjectFile.path)
        )
    )
    manifest_findings, notes = _on_manifest(project, [one.blueprint.slug for one in blueprints])
    notes += _on_slugs((one.blueprint.source_path, one.blueprint.slug) for one in blueprints)
    suites = [path for path in paths if path.endswith(ENDING)]
    suite_findings: list[FileFinding] = []
    if suites and runs_tests:
        said, suite_findings = _on_suites(project, blueprints, suites)
        notes += said
    types = db.session.get(ProjectFile, (project.id, TYPES_PATH))
    # Before the Blueprints: what is wrong with a type is wrong with all that name it.
    findings = [
        FileFinding(file=TYPES_PATH, finding=finding)
        for finding in veritas.analyze_types(types_text_of(types.content if types else None)).findings
    ]
    findings += [
        FileFinding(file=one.blueprint.source_path, finding=finding)
        for one in blueprints
        for finding in one.findings
    ]
    return ImportReport(
        project=project,
        blueprints=tuple(blueprints),
        findings=(*manifest_findings, *findings, *suite_findings),
        notes=tuple(notes),
        file_count=len(paths),
        suite_count=len(suites),
    )


def _on_suites(
    project: Project, blueprints: Iterable[ShownBlueprint], paths: list[str]
) -> tuple[list[str], list[FileFinding]]:
    """Run the suites of what can run; the notes say how they fare."""
    ends_at = time.monotonic() + veritas.SUITES_WALL_TIME_S
    notes: list[str] = []
    found: list[FileFinding] = []
    verdicts: list[Verdict] = []
    seen: set[str] = set()
    for one in blueprints:
        stored = list_suites(one.blueprint)
        seen |= {suite.path for suite in stored}
        found += [
            FileFinding(file=suite.path, finding=each) for suite in stored for each in suite.suite.findings
        ]
        program = program_in_force(one.blueprint) if stored else None
        if program is None:
            if stored:
                notes.append(f"The tests of {one.blueprint.label} were not run, since it cannot run.")
            continue
        ignores = project.ignores_unknown_inputs
        db.session.commit()  # no transaction stays open while they run
        verdict = judge(
            program, stored, ignores_unknown_inputs=ignores, wall_time_s=ends_at - time.monotonic()
        )
        verdicts.append(verdict)
        if not verdict.is_green:
            notes.append(f"{one.blueprint.label}: {verdict.summary}.")
    strays = [path for path in paths if path not in seen]
    if strays:
        notes.append(f"{strays[0]} is beside no Blueprint, so it is kept and not run.")
    whole = summary(
        total=sum(verdict.total for verdict in verdicts),
        passed=sum(verdict.passed for verdict in verdicts),
        broken=sum(verdict.broken for verdict in verdicts),
    )
    if verdicts:
        notes.insert(0, f"{whole[:1].upper()}{whole[1:]}.")
    return notes, found


def import_example(actor: Actor, name: str) -> ImportReport:
    """Import the example project in the folder `name`.

    Raises:
        NotFoundError: there is no such example.
    """
    if name not in {example.name for example in EXAMPLES}:
        raise NotFoundError("example")
    return import_archive(actor, read_path(EXAMPLES_FOLDER / name))


def _project_id(session: Session, wanted: str | None, appspace_id: str) -> str:
    owner = wanted and session.get(Project, wanted)
    if not owner:
        return wanted or new_id()
    if owner.appspace_id == appspace_id:
        raise ArchiveError(
            f"This project is here already: “{owner.name}” has its id. Delete that one, or remove app.id "
            f"from {MANIFEST_PATH} to import a copy."
        )
    # Whose it is stays untold: the id alone must not reveal another appspace.
    return new_id()


def name_from(archive_name: str) -> str:
    """The name of a project whose manifest says none."""
    return title_of(slug_of(archive_name)) or "Imported project"


def main_slug(wanted: str | None, slugs: Collection[str]) -> str | None:
    """The slug of the main Blueprint where the manifest names `wanted`, or None."""
    return wanted if wanted in slugs else min(slugs, default=None)


def id_namespace(manifest: Manifest | None, project_id: str) -> str:
    """The UUID that the ids of Blueprints whose sources have none are derived from."""
    if manifest is None:
        return project_id
    return manifest.project_id or _NO_PROJECT


def _on_manifest(project: Project, slugs: Iterable[str]) -> tuple[list[FileFinding], list[str]]:
    """Findings on the stored manifest and notes about it, by comparing it with the project."""
    stored = db.session.get(ProjectFile, (project.id, MANIFEST_PATH))
    if stored is None:
        return [], []
    manifest = read_manifest(stored.content)
    findings: list[FileFinding] = []
    notes: list[str] = []
    if manifest.project_id not in (None, project.id):
        notes.append(
            "The project got a new id, since the one in its manifest is in use on this server. "
            "Addresses that callers have must be changed to it."
        )
    if manifest.main_slug is not None and manifest.main_slug not in slugs:
        finding = finding_at(
            stored.content.decode("utf-8-sig"),
            r'"main"\s*:',
            severity="warning",
            code="main_not_found",
            message=f"The main Blueprint “{manifest.main_slug}” is not in the project.",
            fix=f"Write the slug of one that is; {project.main_slug} stands in."
            if project.main_slug
            else "Add it, or remove the member.",
        )
        findings.append(FileFinding(file=MANIFEST_PATH, finding=finding))
    return findings, notes


def _on_slugs(sources: Iterable[tuple[str, str]]) -> list[str]:
    """Notes about the files, (path, slug), whose names are no slugs."""
    return [
        f"{path} is the Blueprint {slug} here: a slug has lower-case letters, digits and hyphens only."
        for path, slug in sources
        if PurePosixPath(path).name.removesuffix(".vts").removesuffix(".logic") != slug
    ]


def _read_examples() -> tuple[Example, ...]:
    examples = []
    for folder in sorted(EXAMPLES_FOLDER.iterdir()):
        manifest = read_manifest((folder / MANIFEST_PATH).read_bytes())
        examples.append(
            Example(name=folder.name, label=manifest.label or folder.name, description=manifest.description)
        )
    return tuple(examples)


EXAMPLES = _read_examples()
