"""A project as files: its Blueprints, checked and ready to run together, without any database."""

from dataclasses import dataclass, replace

from leapter import veritas
from leapter.blueprints.checking import CheckedSource, check, duplicate_identifier
from leapter.blueprints.environments import Callee, ProjectEnvironment, types_text_of
from leapter.blueprints.programs import LinkedProgram, Programs
from leapter.blueprints.suite_texts import ENDING, StoredSuite, suite_folder, suites_among
from leapter.db import new_id
from leapter.projects.archive import TYPES_PATH, LogicSource, ProjectArchive


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceBlueprint:
    """A Blueprint of a folder or zip. `program` is there if it has no errors."""

    source: LogicSource
    checked: CheckedSource
    program: LinkedProgram | None
    suites: tuple[StoredSuite, ...]

    @property
    def label(self) -> str:
        """What to call it."""
        return self.checked.label or self.source.slug


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """A project. `types_findings` are those of its types document, `strays` are suites of no Blueprint."""

    blueprints: tuple[WorkspaceBlueprint, ...]
    types_findings: tuple[veritas.Finding, ...]
    strays: tuple[str, ...]


def open_workspace(archive: ProjectArchive) -> Workspace:
    """Check all of an archive, and link what can run: Blueprints see each other and the types document."""
    checked_sources, _ = check_all(archive)
    ids = {source.slug: new_id() for source, _ in checked_sources}
    owners: dict[str, str] = {}
    told: list[tuple[LogicSource, CheckedSource]] = []
    for source, checked in checked_sources:
        owner = owners.get(checked.call_identifier)
        if owner is not None:
            told.append((source, checked.with_findings(duplicate_identifier(checked, owner))))
            continue
        told.append((source, checked))
        if not checked.has_errors:
            owners[checked.call_identifier] = checked.label
    callees: dict[str, Callee] = {}
    for source, checked in sorted(told, key=lambda pair: pair[1].has_errors):
        callee = Callee(
            blueprint_id=source.slug, revision_id=ids[source.slug], is_in_force=not checked.has_errors
        )
        callees.setdefault(checked.call_identifier, callee)
    texts = {ids[source.slug]: source.text for source, _ in told}
    types_text = types_text_of(archive.files.get(TYPES_PATH))
    project = ProjectEnvironment(
        release="files", types_text=types_text, callees=callees, load_source=texts.__getitem__
    )
    programs = Programs(texts.__getitem__, lambda _: project)
    blueprints = tuple(
        WorkspaceBlueprint(
            source=source,
            checked=checked,
            program=None
            if checked.has_errors
            else programs.get(ids[source.slug], project_id="", release=project.release),
            suites=tuple(suites_among(archive.files, suite_folder(source.path, source.slug))),
        )
        for source, checked in told
    )
    seen = {suite.path for blueprint in blueprints for suite in blueprint.suites}
    return Workspace(
        blueprints=blueprints,
        types_findings=veritas.analyze_types(types_text).findings,
        strays=tuple(path for path in sorted(archive.files) if path.endswith(ENDING) and path not in seen),
    )


def check_all(archive: ProjectArchive) -> tuple[list[tuple[LogicSource, CheckedSource]], ProjectEnvironment]:
    """The sources, checked as Blueprints of one project, which see each other whatever their order.

    Of several with one call identifier, the first has it.
    """
    types_text = types_text_of(archive.files.get(TYPES_PATH))
    alone = ProjectEnvironment(release="", types_text=types_text, callees={}, load_source=str)
    checked_sources = [(source, check(source.text, alone.for_checking())) for source in archive.sources]
    callees: dict[str, Callee] = {}
    signatures: dict[str, veritas.Signature] = {}
    for source, checked in checked_sources:
        if checked.signature is not None and checked.call_identifier not in callees:
            signatures[checked.call_identifier] = checked.signature
            callees[checked.call_identifier] = Callee(
                blueprint_id=source.slug, revision_id="", is_in_force=True
            )
    together = replace(alone, callees=callees, drafts=signatures)
    return [
        (source, check(source.text, together.for_checking()))
        if checked.calls or checked.has_helpers
        else (source, checked)
        for source, checked in checked_sources
    ], together
