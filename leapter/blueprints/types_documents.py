"""The types document of a project: read, checked and saved as a whole."""

import hashlib
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter import veritas
from leapter.accounts.access import Actor
from leapter.blueprints import environments, rechecking, types_trials
from leapter.blueprints.environments import types_text_of
from leapter.blueprints.models import BlueprintRevision
from leapter.blueprints.rechecking import Affected
from leapter.blueprints.service import checked_text
from leapter.blueprints.types_trials import Reddened, TypesTrial
from leapter.blueprints.verdicts import Verdict, is_report_red
from leapter.clock import now
from leapter.db import db, transaction
from leapter.errors import ChangedMeanwhileError, InvalidInputError
from leapter.projects.archive import TYPES_PATH
from leapter.projects.models import ProjectFile
from leapter.projects.service import get_project, lock_project

log = get_logger("leapter.blueprints")

_MAX_REASONS = 3


class TypesDocumentError(InvalidInputError):
    """The document has errors, so it was not saved; `findings` are all that the checker says of it."""

    def __init__(self, findings: tuple[veritas.Finding, ...]) -> None:
        errors = [finding for finding in findings if finding.severity == "error"]
        super().__init__({"source": [f"Line {finding.line}: {finding.message}" for finding in errors]})
        self.findings = findings


class RefusedTypesError(InvalidInputError):
    """The project demands that all tests pass, and with this document some do not, or cannot run at all."""

    def __init__(self, trial: TypesTrial) -> None:
        why = [f"{affected.label} could not run any more" for affected in trial.stops]
        for one in trial.reddened:
            count = len(one.cases)
            tests = "1 test" if count == 1 else f"{count} tests"
            why.append(f"{tests} of {one.label} would fail")
        more = [f"{len(why) - _MAX_REASONS} more"] if len(why) > _MAX_REASONS else []
        said = [*why[:_MAX_REASONS], *more]
        reasons = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
        sentence = (
            f"Nothing was saved. This project demands that all tests pass, and with these types {reasons}. "
            "Change the types, the Blueprints or their tests, or take the demand back in the project’s "
            "settings."
        )
        super().__init__({"source": [sentence]})
        self.trial = trial


@dataclass(frozen=True, kw_only=True, slots=True)
class TypesDocument:
    """The document as it is stored; `text` is empty where a project has none.

    `version` is another text for another content.
    """

    text: str
    version: str
    types: veritas.Types
    findings: tuple[veritas.Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedTypes:
    """What saving did to the Blueprints of the project; see `rechecking.Settled`.

    `reddened` are those whose tests passed and do not any more.
    """

    changed: bool
    findings: tuple[veritas.Finding, ...]
    stopped: tuple[Affected, ...]
    started: tuple[Affected, ...]
    reddened: tuple[Reddened, ...]


def get(actor: Actor, project_id: str) -> TypesDocument:
    """The types document of a project.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    return _read(db.session(), get_project(actor, project_id).id)


def exists(project_id: str) -> bool:
    """Whether a project has one. That it may be seen is for the caller to know."""
    found = select(ProjectFile.path).where(
        ProjectFile.project_id == project_id, ProjectFile.path == TYPES_PATH
    )
    return db.session.scalar(found) is not None


def try_out(actor: Actor, project_id: str, *, text: str) -> TypesTrial:
    """What saving a document without errors would do; see `types_trials.try_out`.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    return types_trials.try_out(get_project(actor, project_id), text)


def save(
    actor: Actor, project_id: str, *, text: str, base_version: str, trial: TypesTrial | None = None
) -> SavedTypes:
    """Save another types document; an empty one takes it away. It holds for the next run.

    Args:
        base_version: the version that was edited.
        trial: what `try_out` said of this text, where it was asked already.

    Raises:
        TypesDocumentError: it has errors; nothing is stored.
        RefusedTypesError: the project demands that all tests pass, and they would not; nothing is stored.
        InvalidInputError: it cannot be stored.
        ChangedMeanwhileError: somebody saved another one in between; nothing is stored.
        NotFoundError: as in `projects.service.get_project`.
    """
    analysis = veritas.analyze_types(checked_text(text))
    if not analysis.has_errors and (trial is None or trial.text != text):
        # Before the database's one write lock is taken: tests take long.
        trial = try_out(actor, project_id, text=text)
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        present = _read(session, project.id)
        if present.version != base_version:
            raise ChangedMeanwhileError("types document")
        if analysis.has_errors:
            raise TypesDocumentError(analysis.findings)
        before = environments.load(session, project.id)
        changed = text != present.text
        if trial is not None and trial.release != project.release:
            # The tests stand: there is no time for them now.
            trial = replace(trial, stops=types_trials.broken_by(session, project.id, before, text))
        if changed and project.demands_green_tests and trial is not None and not trial.is_clear:
            raise RefusedTypesError(trial)
        if changed:
            stored = session.get(ProjectFile, (project.id, TYPES_PATH))
            if stored is not None:
                session.delete(stored)
                session.flush()
            if text.strip():
                session.add(ProjectFile(project_id=project.id, path=TYPES_PATH, content=text.encode()))
            for revision_id, verdict in trial.verdicts.items() if trial else ():
                turned = any(one.verdict is verdict for one in trial.reddened) if trial else False
                _note_tests(session, revision_id, verdict, turned_by=actor.name if turned else None)
        settled = rechecking.settle(session, project, before)
    if changed:
        log.info("types_document_saved", project_id=project_id, actor=actor.user_id)
    return SavedTypes(
        changed=changed,
        findings=analysis.findings,
        stopped=settled.stopped,
        started=settled.started,
        reddened=trial.reddened if trial else (),
    )


def _note_tests(session: Session, revision_id: str, verdict: Verdict, *, turned_by: str | None) -> None:
    """Keep what the tests of a revision in force say with the new types, where that is or was red."""
    revision = session.get(BlueprintRevision, revision_id)
    if revision is None:
        return
    kept = revision.test_report or {"breaks": []}
    was_red = is_report_red(revision.test_report)
    if verdict.is_green and not was_red:
        return
    turned = {} if was_red or turned_by is None else {"types_by": turned_by, "types_at": now().isoformat()}
    revision.test_report = kept | verdict.to_json() | turned


def _read(session: Session, project_id: str) -> TypesDocument:
    stored = session.get(ProjectFile, (project_id, TYPES_PATH))
    content = b"" if stored is None else bytes(stored.content)
    text = types_text_of(content)
    analysis = veritas.analyze_types(text)
    return TypesDocument(
        text=text,
        version=hashlib.sha256(content).hexdigest(),
        types=analysis.types,
        findings=analysis.findings,
    )
