"""Verbs on Blueprints."""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, defer
from structlog import get_logger

from leapter import veritas
from leapter.accounts.access import Actor, visible_appspaces
from leapter.blueprints import environments, identifiers, rechecking
from leapter.blueprints.checking import CheckedSource, check, other_id
from leapter.blueprints.environments import ProjectEnvironment
from leapter.blueprints.models import Blueprint, BlueprintRevision, source_path
from leapter.blueprints.rechecking import Affected, Settled
from leapter.blueprints.trials import Trial, broken_by, try_out
from leapter.blueprints.verdicts import Verdict, is_report_red
from leapter.clock import now
from leapter.db import db, new_id, transaction
from leapter.errors import ChangedMeanwhileError, InvalidInputError, NotFoundError
from leapter.projects.archive import ArchiveError, decode_source
from leapter.projects.models import Project
from leapter.projects.service import get_project, lock_project
from leapter.projects.slugs import slug_of

log = get_logger("leapter.blueprints")

MAX_BLUEPRINTS = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownBlueprint:
    """A Blueprint with the newest of its revisions and the one that runs, None where none can."""

    project: Project
    blueprint: Blueprint
    newest: BlueprintRevision
    in_force: BlueprintRevision | None

    @property
    def can_run(self) -> bool:
        """Whether the revision in force runs: what it calls may have changed under it."""
        return self.in_force is not None and not self.in_force.has_errors

    @property
    def findings(self) -> tuple[veritas.Finding, ...]:
        """The findings of the newest revision."""
        return findings_of(self.newest)

    @property
    def findings_in_force(self) -> tuple[veritas.Finding, ...]:
        """The findings of the revision in force; none where none is."""
        return () if self.in_force is None else findings_of(self.in_force)

    @property
    def error_count(self) -> int:
        """How many errors keep the newest revision from running."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def is_red(self) -> bool:
        """Whether a revision is in force that runs though not all of its tests passed when they last ran."""
        return self.can_run and self.in_force is not None and is_report_red(self.in_force.test_report)

    @property
    def is_held(self) -> bool:
        """Whether the newest revision could run, but was not put into force."""
        return not self.newest.has_errors and self.newest.id != self.blueprint.revision_in_force_id


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedRevision:
    """What saving did. `changed` is False where the source was the newest one already.

    `stopped` and `started` are other Blueprints of the project, as in `rechecking.Settled`. `trial` is there
    where it could run.
    """

    number: int
    changed: bool
    error_count: int
    number_in_force: int | None
    stopped: tuple[Affected, ...]
    started: tuple[Affected, ...]
    trial: Trial | None

    @property
    def is_held(self) -> bool:
        """Whether it could run, but is not in force."""
        return not self.error_count and self.number != self.number_in_force


class StaleRevisionError(ChangedMeanwhileError):
    """A source was typed over an older revision than the newest."""

    def __init__(self) -> None:
        super().__init__("Blueprint")


class RedTestsError(InvalidInputError):
    """The project demands green tests, and this revision's are red."""

    def __init__(self, trial: Trial | None) -> None:
        why = trial.verdict.summary if trial else "they could not be run"
        sentence = (
            f"This project demands that all tests pass, and {why}. Mend the Blueprint or its tests, or take "
            "the demand back in the project’s settings."
        )
        super().__init__({"": [sentence]})


def list_blueprints(actor: Actor, project_id: str) -> list[ShownBlueprint]:
    """The Blueprints of a project: the main one first, then by label.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    project = get_project(actor, project_id)
    in_force = aliased(BlueprintRevision)
    rows = db.session.execute(
        select(Blueprint, BlueprintRevision, in_force)
        .join(BlueprintRevision, BlueprintRevision.id == Blueprint.newest_revision_id)
        .outerjoin(in_force, in_force.id == Blueprint.revision_in_force_id)
        .where(Blueprint.project_id == project.id)
        # The sources of a whole project may be megabytes, and no list shows them.
        .options(defer(BlueprintRevision.source), defer(in_force.source))
    )
    shown = [
        ShownBlueprint(project=project, blueprint=blueprint, newest=newest, in_force=running)
        for blueprint, newest, running in rows
    ]
    return sorted(
        shown,
        key=lambda one: (
            one.blueprint.slug != project.main_slug,
            one.blueprint.label.lower(),
            one.blueprint.slug,
        ),
    )


def count_blueprints(project_ids: list[str]) -> dict[str, int]:
    """How many Blueprints each of these projects has. That they may be seen is for the caller to know."""
    rows = db.session.execute(
        select(Blueprint.project_id, func.count())
        .where(Blueprint.project_id.in_(project_ids))
        .group_by(Blueprint.project_id)
    )
    counts = {row[0]: row[1] for row in rows}
    return {project_id: counts.get(project_id, 0) for project_id in project_ids}


def projects_that_run(actor: Actor) -> set[str]:
    """The ids of the projects that `actor` can see and in which some Blueprint can run."""
    statement = (
        select(Blueprint.project_id)
        .join(Project, Project.id == Blueprint.project_id)
        .join(BlueprintRevision, BlueprintRevision.id == Blueprint.revision_in_force_id)
        .where(Project.appspace_id.in_(visible_appspaces(actor)), BlueprintRevision.has_errors.is_(False))
    )
    return set(db.session.scalars(statement.distinct()))


def get_blueprint(actor: Actor, project_id: str, blueprint_id: str) -> ShownBlueprint:
    """The Blueprint.

    Raises:
        NotFoundError: there is none, or it belongs to an appspace that `actor` may not enter.
    """
    in_force = aliased(BlueprintRevision)
    row = db.session.execute(
        select(Project, Blueprint, BlueprintRevision, in_force)
        .join(Blueprint, Blueprint.project_id == Project.id)
        .join(BlueprintRevision, BlueprintRevision.id == Blueprint.newest_revision_id)
        .outerjoin(in_force, in_force.id == Blueprint.revision_in_force_id)
        .where(
            Project.id == project_id,
            Blueprint.id == blueprint_id,
            Project.appspace_id.in_(visible_appspaces(actor)),
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError("Blueprint")
    project, blueprint, newest, running = row
    return ShownBlueprint(project=project, blueprint=blueprint, newest=newest, in_force=running)


def newest_sound(shown: ShownBlueprint) -> BlueprintRevision | None:
    """The newest revision without errors, in force or not."""
    if not shown.newest.has_errors:
        return shown.newest
    return db.session.scalar(
        select(BlueprintRevision)
        .where(
            BlueprintRevision.project_id == shown.project.id,
            BlueprintRevision.blueprint_id == shown.blueprint.id,
            BlueprintRevision.has_errors.is_(False),
        )
        .order_by(BlueprintRevision.number.desc())
        .limit(1)
    )


def create_blueprint(actor: Actor, project_id: str, *, source: str) -> ShownBlueprint:
    """Store a new Blueprint; one with errors is stored too, but does not run.

    Raises:
        InvalidInputError: the source cannot be stored, or the project is full.
        NotFoundError: as in `projects.service.get_project`.
    """
    text = checked_text(source)
    before = environments.load(db.session(), get_project(actor, project_id).id)
    checked = check(text, before.for_checking())
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        if project.release != before.release:
            before = environments.load(session, project.id)
            checked = check(text, before.for_checking())
        others = _blueprints_of(session, project)
        if len(others) >= MAX_BLUEPRINTS:
            raise InvalidInputError({"source": [f"A project holds at most {MAX_BLUEPRINTS:,} Blueprints."]})
        slug = identifiers.free(slug_of(checked.label) or "blueprint", "-", {other.slug for other in others})
        blueprint = store_blueprint(session, project, others, slug=slug, checked=checked, by=actor.name)
        if project.main_slug is None:
            project.main_slug = slug
        rechecking.settle(session, project, before)
    log.info(
        "blueprint_created",
        project_id=project_id,
        blueprint_id=blueprint.id,
        has_errors=checked.has_errors,
        actor=actor.user_id,
    )
    return get_blueprint(actor, project_id, blueprint.id)


def save_revision(
    actor: Actor, project_id: str, blueprint_id: str, *, source: str, base_revision_id: str
) -> SavedRevision:
    """Save another source of a Blueprint. It comes into force if nothing speaks against it.

    Where it has errors, where its tests are red, or where another Blueprint in force could not run any more
    with it, it is kept, and what was in force stays so: see `put_in_force`.

    Args:
        base_revision_id: the revision that was edited.

    Raises:
        InvalidInputError: the source cannot be stored.
        StaleRevisionError: somebody saved another revision in between; nothing is stored.
        NotFoundError: as in `get_blueprint`.
    """
    text = checked_text(source)
    shown = get_blueprint(actor, project_id, blueprint_id)
    if shown.newest.id != base_revision_id:
        raise StaleRevisionError
    # Parsing and testing take longest: both are done before the database's one write lock is taken.
    before = environments.load(db.session(), project_id)
    checked = check(text, before.for_checking(without=blueprint_id))
    trial = _try_out(shown, checked, before)
    with transaction() as session:
        project, blueprint, others = _lock_blueprint(session, actor, project_id, blueprint_id)
        if project.release != before.release:
            before = environments.load(session, project.id)
            checked = check(text, before.for_checking(without=blueprint_id))
            trial = _tried_again(session, trial, blueprint, checked, before)
        newest = session.get_one(BlueprintRevision, blueprint.newest_revision_id)
        if newest.id != base_revision_id:
            raise StaleRevisionError
        if checked.blueprint_id not in (None, blueprint.id):
            checked = checked.with_findings(other_id(checked, taken=False))
        checked = identifiers.refuse_taken(checked, others)
        findings = [finding.to_json() for finding in checked.findings]
        changed = source != newest.source or findings != newest.findings
        settled = None
        if changed:
            is_held = trial is None or not trial.is_clear
            newest = _new_revision(
                session, blueprint, checked, number=newest.number + 1, by=actor.name, is_held=is_held
            )
            newest.test_report = trial.to_json() if trial else None
            identifiers.describe(session, blueprint, checked, others, is_held=is_held)
            settled = rechecking.settle(session, project, before)
        saved = _saved(session, blueprint, newest, changed=changed, settled=settled, trial=trial)
    if changed:
        log.info(
            "blueprint_revision_saved",
            project_id=project_id,
            blueprint_id=blueprint_id,
            revision=saved.number,
            revision_in_force=saved.number_in_force,
            actor=actor.user_id,
        )
    return saved


def put_in_force(actor: Actor, project_id: str, blueprint_id: str, *, revision_id: str) -> SavedRevision:
    """Put the newest revision into force, whatever speaks against it. What is in force already stays so.

    Raises:
        InvalidInputError: it has errors, or the project demands green tests and they are red.
        StaleRevisionError: `revision_id` is not the newest one, perhaps no longer.
        NotFoundError: as in `get_blueprint`.
    """
    shown = get_blueprint(actor, project_id, blueprint_id)
    if shown.newest.id != revision_id:
        raise StaleRevisionError
    trial = try_newest(shown)
    with transaction() as session:
        project, blueprint, others = _lock_blueprint(session, actor, project_id, blueprint_id)
        if blueprint.newest_revision_id != revision_id:
            raise StaleRevisionError
        newest = session.get_one(BlueprintRevision, revision_id)
        changed = blueprint.revision_in_force_id != revision_id
        settled = None
        if changed:
            before = environments.load(session, project.id)
            checked = check(newest.source, before.for_checking(without=blueprint.id))
            checked = identifiers.refuse_taken(checked, others)
            _refuse_errors(newest, checked)
            if project.demands_green_tests and (trial is None or not trial.verdict.is_green):
                raise RedTestsError(trial)
            newest.test_report = (trial.to_json() | _put_by(actor.name)) if trial else None
            blueprint.revision_in_force_id = revision_id
            identifiers.describe(session, blueprint, checked, others)
            settled = rechecking.settle(session, project, before)
        put = _saved(session, blueprint, newest, changed=changed, settled=settled, trial=trial)
    if changed:
        log.info(
            "blueprint_revision_put_in_force",
            project_id=project_id,
            blueprint_id=blueprint_id,
            revision=put.number,
            was_clear=trial is not None and trial.is_clear,
            actor=actor.user_id,
        )
    return put


def note_tests(shown: ShownBlueprint, revision_id: str, verdict: Verdict) -> None:
    """Keep what all tests of a revision said just now, in place of what they said before.

    That changes nothing of what is in force. Nothing happens where the revision is gone.
    """
    with transaction() as session:
        revision = session.get(BlueprintRevision, revision_id)
        if revision is not None and revision.project_id == shown.project.id:
            kept = revision.test_report or {"breaks": []}
            revision.test_report = kept | verdict.to_json()


def try_newest(shown: ShownBlueprint) -> Trial | None:
    """What speaks against putting the newest revision into force; None where it cannot come into force."""
    if not shown.is_held:
        return None
    before = environments.load(db.session(), shown.project.id)
    checked = check(shown.newest.source, before.for_checking(without=shown.blueprint.id))
    return _try_out(shown, checked, before)


def would_break(
    actor: Actor, project_id: str, blueprint_id: str | None, *, source: str
) -> tuple[Affected, ...]:
    """The other Blueprints in force that would have errors with this source in force, with all findings.

    Args:
        blueprint_id: the Blueprint that `source` would be a revision of, None for a new one.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    session = db.session()
    before = environments.load(session, get_project(actor, project_id).id)
    signature = check(source, before.for_checking(without=blueprint_id)).signature
    if signature is None:
        return ()
    return rechecking.would_break(session, project_id, before, before.with_draft(blueprint_id, signature))


def find_called(shown: ShownBlueprint, identifier: str) -> Blueprint | None:
    """The Blueprint of the same project that is called `identifier`, if there is one."""
    return db.session.scalar(
        select(Blueprint).where(
            Blueprint.project_id == shown.project.id, Blueprint.call_identifier == identifier
        )
    )


def choose_main(actor: Actor, project_id: str, blueprint_id: str) -> ShownBlueprint:
    """Make a Blueprint the main one of its project: the one that stands first and that its manifest names.

    Raises:
        NotFoundError: as in `get_blueprint`.
    """
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        blueprint = session.get(Blueprint, (project.id, blueprint_id))
        if blueprint is None:
            raise NotFoundError("Blueprint")
        project.main_slug = blueprint.slug
    log.info("main_blueprint_chosen", project_id=project_id, blueprint_id=blueprint_id, actor=actor.user_id)
    return get_blueprint(actor, project_id, blueprint_id)


def store_blueprint(
    session: Session,
    project: Project,
    others: list[Blueprint],
    *,
    slug: str,
    checked: CheckedSource,
    by: str,
    given_id: str | None = None,
    namespace: str | None = None,
    path: str | None = None,
) -> Blueprint:
    """Add a Blueprint with its first revision, in the caller's transaction.

    Args:
        others: all Blueprints that the project has; the new one is appended.
        slug: a slug that none of them has.
        by: the name of who stores it.
        given_id: the id it had where it comes from, which goes before the one in its source.
        namespace: the UUID to derive its id from where none is given, by default the project's.
        path: where its source is in the project's folder, if it comes from one.
    """
    taken = {other.id for other in others}
    blueprint_id = choose_id(given_id, checked.blueprint_id, namespace or project.id, slug, taken)
    if checked.blueprint_id not in (None, blueprint_id):
        checked = checked.with_findings(other_id(checked, taken=checked.blueprint_id in taken))
    checked = identifiers.refuse_taken(checked, others)
    blueprint = Blueprint(
        project_id=project.id,
        id=blueprint_id,
        slug=slug,
        file_path=None if path == source_path(slug) else path,
    )
    revision = _new_revision(session, blueprint, checked, number=1, by=by)
    identifiers.describe(session, blueprint, checked, others)
    session.add(blueprint)
    session.flush()
    session.add(revision)
    others.append(blueprint)
    return blueprint


def choose_id(
    given_id: str | None, written_id: str | None, namespace: str, slug: str, taken: Collection[str]
) -> str:
    """The id of a new Blueprint: one that it comes with, else one derived from its slug; none of `taken`.

    Derived, it is the same wherever the project is imported, though no file names it.
    """
    derived = str(uuid.uuid5(uuid.UUID(namespace), slug))
    for candidate in (given_id, written_id, derived):
        if candidate is not None and candidate not in taken:
            return candidate
    return new_id()


def findings_of(revision: BlueprintRevision) -> tuple[veritas.Finding, ...]:
    """The findings that were stored with a revision."""
    return tuple(veritas.Finding.from_json(data) for data in revision.findings)


def checked_text(source: str) -> str:
    """A source that can be stored, unchanged.

    Raises:
        InvalidInputError: it is too long, or holds what is no text.
    """
    try:
        return decode_source("The source", source.encode("utf-8"))
    except UnicodeEncodeError:
        raise InvalidInputError({"source": ["The source holds characters that are not Unicode."]}) from None
    except ArchiveError as error:
        raise InvalidInputError({"source": error.errors["files"]}) from None


def with_line_endings_of(text: str, model: str) -> str:
    """Give `text`, as a browser's form sends it, the line endings of `model`.

    A form sends every line ending as CR LF. A source whose lines end in LF, or in both kinds, gets LF, unless
    it is the same text as `model`: that comes back as it was.
    """
    plain = re.sub(r"\r\n|\r", "\n", text)
    if plain == re.sub(r"\r\n|\r", "\n", model):
        return model
    only_pairs = "\r\n" in model and "\n" not in model.replace("\r\n", "")
    return plain.replace("\n", "\r\n") if only_pairs else plain


def _blueprints_of(session: Session, project: Project) -> list[Blueprint]:
    return list(
        session.scalars(
            select(Blueprint).where(Blueprint.project_id == project.id).order_by(Blueprint.created_at)
        )
    )


def _lock_blueprint(
    session: Session, actor: Actor, project_id: str, blueprint_id: str
) -> tuple[Project, Blueprint, list[Blueprint]]:
    """The project, held until the transaction ends; the Blueprint, and the others of the project."""
    project = lock_project(session, actor, project_id)
    others = _blueprints_of(session, project)
    blueprint = next((other for other in others if other.id == blueprint_id), None)
    if blueprint is None:
        raise NotFoundError("Blueprint")
    others.remove(blueprint)
    return project, blueprint, others


def _try_out(shown: ShownBlueprint, checked: CheckedSource, before: ProjectEnvironment) -> Trial | None:
    if checked.has_errors or checked.signature is None:
        return None
    return try_out(shown.project, shown.blueprint, checked.source, checked.signature, before)


def _tried_again(
    session: Session,
    trial: Trial | None,
    blueprint: Blueprint,
    checked: CheckedSource,
    before: ProjectEnvironment,
) -> Trial | None:
    """The trial in a project that has changed meanwhile. Its tests stand: there is no time for them now."""
    if trial is None or checked.has_errors or checked.signature is None:
        return None
    return replace(trial, breaks=broken_by(session, blueprint, checked.signature, before))


def _put_by(name: str) -> dict[str, str]:
    """Who put a revision into force, and when, as it is kept with what its tests said."""
    return {"put_by": name, "put_at": now().isoformat()}


def _refuse_errors(revision: BlueprintRevision, checked: CheckedSource) -> None:
    found = [finding.message for finding in checked.findings if finding.severity == "error"]
    if found:
        raise InvalidInputError({"": [f"Revision {revision.number} cannot run. {found[0]}"]})


def _saved(
    session: Session,
    blueprint: Blueprint,
    newest: BlueprintRevision,
    *,
    changed: bool,
    settled: Settled | None,
    trial: Trial | None,
) -> SavedRevision:
    in_force = blueprint.revision_in_force_id and session.get(
        BlueprintRevision, blueprint.revision_in_force_id
    )
    return SavedRevision(
        number=newest.number,
        changed=changed,
        error_count=sum(finding["severity"] == "error" for finding in newest.findings),
        number_in_force=in_force.number if in_force else None,
        stopped=settled.stopped if settled else (),
        started=settled.started if settled else (),
        trial=trial,
    )


def _new_revision(
    session: Session,
    blueprint: Blueprint,
    checked: CheckedSource,
    *,
    number: int,
    by: str,
    is_held: bool = False,
) -> BlueprintRevision:
    revision = BlueprintRevision(
        id=new_id(),
        project_id=blueprint.project_id,
        blueprint_id=blueprint.id,
        number=number,
        source=checked.source,
        created_by_name=by,
    )
    rechecking.note(revision, checked)
    blueprint.newest_revision_id = revision.id
    if not checked.has_errors and not is_held:
        blueprint.revision_in_force_id = revision.id
    if number > 1:
        session.add(revision)
    return revision
