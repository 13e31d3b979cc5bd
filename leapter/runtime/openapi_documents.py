"""The OpenAPI documents of projects as they are sent, kept in this process while they hold."""

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import select

from leapter.blueprints import programs
from leapter.blueprints.models import Blueprint
from leapter.blueprints.sample_inputs import sample_run
from leapter.blueprints.suite_texts import ENDING
from leapter.db import db
from leapter.errors import NotFoundError
from leapter.projects.models import Project, ProjectFile
from leapter.runtime import stored
from leapter.runtime.access import Grant
from leapter.runtime.openapi import Described, Subject, document_of
from leapter.runtime.problems import to_json

MAX_DOCUMENTS = 200
MAX_BYTES = 32 * 1024 * 1024

# Blueprints whose turn comes later than this get no example: a caller waits for the document.
_SAMPLES_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """JSON, and the entity tag of that very text, without quotes."""

    body: bytes
    etag: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """All that a document is made of: what runs changes with the release, examples with the test suites."""

    subject: Subject
    release: str
    main_slug: str | None
    suites: str


class Documents:
    """A bounded cache: the least recently used leaves first. Safe to use from several threads.

    Args:
        capacity: how many documents are kept at most.
        byte_capacity: how many bytes they have together, at most; a single larger one is kept alone.
    """

    def __init__(self, *, capacity: int = MAX_DOCUMENTS, byte_capacity: int = MAX_BYTES) -> None:
        self._capacity = capacity
        self._byte_capacity = byte_capacity
        self._documents: OrderedDict[Basis, Document] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._documents)

    def find(self, basis: Basis) -> Document | None:
        """The document that was made of `basis`, if it is kept."""
        with self._lock:
            document = self._documents.get(basis)
            if document is not None:
                self._documents.move_to_end(basis)
            return document

    def keep(self, basis: Basis, document: Document) -> None:
        """Keep the document that was made of `basis`."""
        with self._lock:
            former = self._documents.pop(basis, None)
            self._size += len(document.body) - (0 if former is None else len(former.body))
            self._documents[basis] = document
            while len(self._documents) > 1 and (
                len(self._documents) > self._capacity or self._size > self._byte_capacity
            ):
                _, oldest = self._documents.popitem(last=False)
                self._size -= len(oldest.body)


_documents = Documents()


def get(grant: Grant, base: str) -> Document:
    """Return the document of the project that `grant` is for; `base` is the server's address without `::`.

    Raises:
        NotFoundError: the project has gone meanwhile.
    """
    basis = _basis(grant, base)
    document = _documents.find(basis)
    if document is None:
        body = to_json(document_of(basis.subject, _described(grant)))
        document = Document(body=body, etag=hashlib.sha256(body).hexdigest()[:32])
        _documents.keep(basis, document)
    return document


def _basis(grant: Grant, base: str) -> Basis:
    project = db.session.get(Project, grant.project_id)
    if project is None:
        raise NotFoundError("project")
    return Basis(
        subject=Subject(
            base=base,
            appspace_id=project.appspace_id,
            project_id=project.id,
            name=project.name,
            description=project.description,
            ignores_unknown_inputs=project.ignores_unknown_inputs,
        ),
        release=grant.release,
        main_slug=project.main_slug,
        suites=_digest_of_suites(project.id),
    )


def _digest_of_suites(project_id: str) -> str:
    # A project keeps a few hundred kilobytes of them, which are read and digested within a millisecond.
    statement = (
        select(ProjectFile.path, ProjectFile.content)
        .where(ProjectFile.project_id == project_id, ProjectFile.path.endswith(ENDING, autoescape=True))
        .order_by(ProjectFile.path)
    )
    digest = hashlib.sha256()
    for path, content in db.session.execute(statement):
        digest.update(f"{len(path)} {len(content)} {path}".encode())
        digest.update(content)
    return digest.hexdigest()


def _described(grant: Grant) -> list[Described]:
    statement = select(Blueprint).where(Blueprint.project_id == grant.project_id)
    blueprints = {blueprint.id: blueprint for blueprint in db.session.scalars(statement)}
    until = time.monotonic() + _SAMPLES_S
    found = []
    for one in stored.runnable(grant.project_id, grant.release):
        program = programs.get(one.revision_id, project_id=grant.project_id, release=grant.release)
        blueprint = blueprints.get(one.id)
        sample = None
        if blueprint is not None and time.monotonic() < until:
            sample = sample_run(blueprint, program)
        found.append(Described(runnable=one, sample=sample, faults=program.faults({})))
    return found
