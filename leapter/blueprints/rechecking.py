"""What a change of one Blueprint, or of the types document, means for the others of its project.

What the checker finds in a source depends on the Blueprints that it calls and the types that it names. Every
verb that changes what runs ends with `settle`, so that stored findings stay true.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, defer
from structlog import get_logger

from leapter import veritas
from leapter.blueprints import environments, identifiers
from leapter.blueprints.checking import CheckedSource, check
from leapter.blueprints.environments import ProjectEnvironment
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.db import new_id
from leapter.projects.models import Project

log = get_logger("leapter.blueprints")

# What the server found out when a source was saved, and the checker does not find again.
_KEPT_CODES = frozenset({"id_not_used"})
_DUPLICATE = "duplicate_call_identifier"


@dataclass(frozen=True, kw_only=True, slots=True)
class Affected:
    """A Blueprint that another one's change does something to. `findings` are those with the change."""

    blueprint_id: str
    slug: str
    label: str
    findings: tuple[veritas.Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What a change did to other Blueprints of the project.

    `stopped` are in force and have errors now; `started` had errors and run now. Both are by label.
    """

    stopped: tuple[Affected, ...]
    started: tuple[Affected, ...]


def settle(session: Session, project: Project, before: ProjectEnvironment) -> Settled:
    """Bring the project into line with what was changed in this transaction.

    If what there is to see of its Blueprints or types is another thing now, the project gets a new release.
    The newest revisions and those in force that depend on what changed are checked anew. A Blueprint of which
    nothing runs comes into force if that makes its newest revision sound, which may change more; not where
    the project demands that its tests pass first.

    Args:
        project: locked by this transaction.
        before: the project before the change.
    """
    stopped: dict[str, Affected] = {}
    started: list[Affected] = []
    session.flush()
    after = environments.load(session, project.id)
    while before.callees != after.callees or before.types_text != after.types_text:
        project.release = new_id()
        blueprints = {
            blueprint.id: blueprint
            for blueprint in session.scalars(select(Blueprint).where(Blueprint.project_id == project.id))
        }
        for revision in list(_dependents(session, project.id, before, after, with_duplicates=True)):
            blueprint = blueprints[revision.blueprint_id]
            others = [other for other in blueprints.values() if other is not blueprint]
            had_errors = revision.has_errors
            checked = _check_again(revision, blueprint, others, after)
            if checked.has_errors == had_errors:
                continue
            affected = _affected(blueprint, checked)
            if checked.has_errors and revision.id == blueprint.revision_in_force_id:
                stopped[blueprint.id] = affected
            elif not checked.has_errors and revision.id == blueprint.revision_in_force_id:
                stopped.pop(blueprint.id, None)
                started.append(affected)
            elif not checked.has_errors and not _runs(session, blueprint) and not project.demands_green_tests:
                blueprint.revision_in_force_id = revision.id
                identifiers.describe(session, blueprint, checked, others)
                stopped.pop(blueprint.id, None)
                started.append(affected)
        session.flush()
        before, after = after, environments.load(session, project.id)
    settled = Settled(stopped=_by_label(stopped.values()), started=_by_label(started))
    if settled.stopped or settled.started:
        log.info(
            "blueprints_rechecked",
            project_id=project.id,
            stopped=[affected.blueprint_id for affected in settled.stopped],
            started=[affected.blueprint_id for affected in settled.started],
        )
    return settled


def would_break(
    session: Session, project_id: str, before: ProjectEnvironment, after: ProjectEnvironment
) -> tuple[Affected, ...]:
    """The Blueprints in force that run in `before` and would have errors in `after`, by label.

    `after` comes from `before`, by `with_draft` or `with_types`.
    """
    broken = []
    drafted = {callee.blueprint_id for callee in before.callees.values()} - {
        callee.blueprint_id for callee in after.callees.values()
    }
    for revision in _dependents(session, project_id, before, after, with_duplicates=False):
        blueprint = session.get_one(Blueprint, (project_id, revision.blueprint_id))
        is_in_force = revision.id == blueprint.revision_in_force_id
        if not is_in_force or revision.has_errors or blueprint.id in drafted:
            continue
        checked = check(revision.source, after.for_checking(without=blueprint.id))
        if checked.has_errors:
            broken.append(_affected(blueprint, checked))
    return _by_label(broken)


def note(revision: BlueprintRevision, checked: CheckedSource) -> None:
    """Write down what the check of a revision found, and what it depends on."""
    revision.findings = [finding.to_json() for finding in checked.findings]
    revision.has_errors = checked.has_errors
    revision.calls = sorted(checked.calls)
    revision.uses_types = checked.uses_types


def _dependents(
    session: Session,
    project_id: str,
    before: ProjectEnvironment,
    after: ProjectEnvironment,
    *,
    with_duplicates: bool,
) -> Iterator[BlueprintRevision]:
    """The revisions, newest or in force, whose findings may be others in `after`; those in force come first.

    `with_duplicates` adds those that another Blueprint's call identifier keeps from running.
    """
    rows = session.execute(
        select(BlueprintRevision, Blueprint.revision_in_force_id)
        .join(
            Blueprint,
            or_(
                Blueprint.newest_revision_id == BlueprintRevision.id,
                Blueprint.revision_in_force_id == BlueprintRevision.id,
            ),
        )
        .where(Blueprint.project_id == project_id, BlueprintRevision.project_id == project_id)
        .options(defer(BlueprintRevision.source), defer(BlueprintRevision.findings))
        .order_by(BlueprintRevision.blueprint_id, BlueprintRevision.number)
    ).all()
    has_new_types = before.types_text != after.types_text
    called = {identifier for revision, _ in rows for identifier in revision.calls or ()}
    changed = {
        identifier
        for identifier in called
        if _may_differ(identifier, before, after) and before.seen(identifier) != after.seen(identifier)
    }
    for revision, _ in sorted(rows, key=lambda row: row[0].id != row[1]):
        if (
            revision.calls is None
            or not changed.isdisjoint(revision.calls)
            or (has_new_types and revision.uses_types)
            or (with_duplicates and revision.has_errors and _is_duplicate(revision))
        ):
            yield revision


def _may_differ(identifier: str, before: ProjectEnvironment, after: ProjectEnvironment) -> bool:
    return (
        before.types_text != after.types_text
        or before.callees.get(identifier) != after.callees.get(identifier)
        or identifier in before.drafts
        or identifier in after.drafts
    )


def _is_duplicate(revision: BlueprintRevision) -> bool:
    return any(finding["code"] == _DUPLICATE for finding in revision.findings)


def _check_again(
    revision: BlueprintRevision, blueprint: Blueprint, others: list[Blueprint], after: ProjectEnvironment
) -> CheckedSource:
    kept = [
        veritas.Finding.from_json(finding) for finding in revision.findings if finding["code"] in _KEPT_CODES
    ]
    checked = check(revision.source, after.for_checking(without=blueprint.id)).with_findings(*kept)
    if revision.id != blueprint.revision_in_force_id:
        checked = identifiers.refuse_taken(checked, others)
    note(revision, checked)
    return checked


def _runs(session: Session, blueprint: Blueprint) -> bool:
    """Whether a revision of the Blueprint is in force and has no errors."""
    if blueprint.revision_in_force_id is None:
        return False
    return not session.get_one(BlueprintRevision, blueprint.revision_in_force_id).has_errors


def _by_label(affected: Iterable[Affected]) -> tuple[Affected, ...]:
    return tuple(sorted(affected, key=lambda one: one.label.lower()))


def _affected(blueprint: Blueprint, checked: CheckedSource) -> Affected:
    return Affected(
        blueprint_id=blueprint.id, slug=blueprint.slug, label=blueprint.label, findings=checked.findings
    )
