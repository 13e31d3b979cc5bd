"""The types document of a project: read, checked and saved as a whole."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter import veritas
from leapter.accounts.access import Actor
from leapter.blueprints import environments, rechecking
from leapter.blueprints.environments import types_text_of
from leapter.blueprints.rechecking import Affected
from leapter.blueprints.service import checked_text
from leapter.db import db, transaction
from leapter.errors import ChangedMeanwhileError, InvalidInputError
from leapter.projects.archive import TYPES_PATH
from leapter.projects.models import ProjectFile
from leapter.projects.service import get_project, lock_project

log = get_logger("leapter.blueprints")


class TypesDocumentError(InvalidInputError):
    """The document has errors, so it was not saved; `findings` are all that the checker says of it."""

    def __init__(self, findings: tuple[veritas.Finding, ...]) -> None:
        errors = [finding for finding in findings if finding.severity == "error"]
        super().__init__({"source": [f"Line {finding.line}: {finding.message}" for finding in errors]})
        self.findings = findings


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
    """What saving did to the Blueprints of the project; see `rechecking.Settled`."""

    changed: bool
    findings: tuple[veritas.Finding, ...]
    stopped: tuple[Affected, ...]
    started: tuple[Affected, ...]


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


def would_break(actor: Actor, project_id: str, *, text: str) -> tuple[Affected, ...]:
    """The Blueprints in force that would have errors with this document, with all findings.

    Raises:
        NotFoundError: as in `projects.service.get_project`.
    """
    session = db.session()
    before = environments.load(session, get_project(actor, project_id).id)
    return rechecking.would_break(session, project_id, before, before.with_types(text))


def save(actor: Actor, project_id: str, *, text: str, base_version: str) -> SavedTypes:
    """Save another types document; an empty one takes it away. It holds for the next run.

    Args:
        base_version: the version that was edited.

    Raises:
        TypesDocumentError: it has errors; nothing is stored.
        InvalidInputError: it cannot be stored.
        ChangedMeanwhileError: somebody saved another one in between; nothing is stored.
        NotFoundError: as in `projects.service.get_project`.
    """
    analysis = veritas.analyze_types(checked_text(text))
    with transaction() as session:
        project = lock_project(session, actor, project_id)
        present = _read(session, project.id)
        if present.version != base_version:
            raise ChangedMeanwhileError("types document")
        if analysis.has_errors:
            raise TypesDocumentError(analysis.findings)
        before = environments.load(session, project.id)
        changed = text != present.text
        if changed:
            stored = session.get(ProjectFile, (project.id, TYPES_PATH))
            if stored is not None:
                session.delete(stored)
                session.flush()
            if text.strip():
                session.add(ProjectFile(project_id=project.id, path=TYPES_PATH, content=text.encode()))
        settled = rechecking.settle(session, project, before)
    if changed:
        log.info("types_document_saved", project_id=project_id, actor=actor.user_id)
    return SavedTypes(
        changed=changed, findings=analysis.findings, stopped=settled.stopped, started=settled.started
    )


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
