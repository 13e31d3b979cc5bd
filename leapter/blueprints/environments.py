"""The project around a Blueprint: the Blueprints that it can call, and the types that it can name."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from types import MappingProxyType

from sqlalchemy import Connection, and_, select
from sqlalchemy.orm import Session

from leapter import veritas
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.errors import NotFoundError
from leapter.projects.archive import TYPES_PATH
from leapter.projects.models import Project, ProjectFile

MAX_SIGNATURES = 2_000

# The source of a revision, by the revision's id.
LoadSource = Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Callee:
    """A Blueprint as others see it: by its revision in force, or by its newest where none is."""

    blueprint_id: str
    revision_id: str
    is_in_force: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectEnvironment:
    """A project at one release; `callees` are its Blueprints by call identifier.

    A source is read when the signature in it is asked for, and only then. `drafts` are signatures of sources
    that are not stored yet, by call identifier; they go before what the revisions say.
    """

    release: str
    types_text: str
    callees: Mapping[str, Callee]
    load_source: LoadSource
    drafts: Mapping[str, veritas.Signature] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def types(self) -> veritas.Types:
        """What the types document defines; definitions with errors are left out."""
        return read_types(self.types_text)

    def for_checking(self, *, without: str | None = None) -> veritas.Environment:
        """What the checker is told; `without` is the id of the Blueprint that is checked."""
        return veritas.Environment(types=self.types, blueprints=_Signatures(self, without))

    def signature(self, identifier: str) -> veritas.Signature | None:
        """The signature of a Blueprint; None where there is none of this name, or none that can be read."""
        if identifier in self.drafts:
            return self.drafts[identifier]
        callee = self.callees.get(identifier)
        return None if callee is None else self.signature_of(callee.revision_id)

    def signature_of(self, revision_id: str) -> veritas.Signature | None:
        """The signature of any revision of the project; None where it cannot be read."""
        return _signatures.get(revision_id, self)

    def blueprint_of(self, revision_id: str) -> str:
        """The id of the Blueprint that runs by this revision; "" where none does any longer."""
        callees = self.callees.values()
        return next((callee.blueprint_id for callee in callees if callee.revision_id == revision_id), "")

    def fingerprint(self, calls: Iterable[str], *, uses_types: bool) -> str:
        """A text that changes with what there is to see of these Blueprints and types.

        What was found out about a source that names them holds as long as this stays.
        """
        seen = [self.types_text if uses_types else ""]
        for identifier in sorted(calls):
            seen += [identifier, self.seen(identifier)]
        return hashlib.sha256("\0".join(seen).encode("utf-8", "surrogatepass")).hexdigest()

    def seen(self, identifier: str) -> str:
        """All that a caller's check depends on, of the Blueprint that is called `identifier`."""
        signature = self.signature(identifier)
        if signature is None:
            return ""
        parameters = (*signature.inputs, *signature.outputs)
        shown = [(one.name, one.type, one.required, one.choices) for one in parameters]
        types = self.types_text if any(_is_named(one.type) for one in parameters) else ""
        return f"{len(signature.inputs)} {shown!r} {types}"

    def with_draft(self, blueprint_id: str | None, signature: veritas.Signature) -> "ProjectEnvironment":
        """The project with a revision of this signature in force; `blueprint_id` is None for a new one."""
        others = {
            identifier: callee
            for identifier, callee in self.callees.items()
            if callee.blueprint_id != blueprint_id
        }
        return replace(self, callees=others, drafts={signature.call_identifier: signature})

    def with_types(self, text: str) -> "ProjectEnvironment":
        """The project with another types document."""
        return replace(self, types_text=text)


def load(
    executor: Session | Connection, project_id: str, load_source: LoadSource | None = None
) -> ProjectEnvironment:
    """The project as `executor` sees it, in its transaction or outside of one.

    `load_source` reads sources once `executor` is gone; by default `executor` does.

    Raises:
        NotFoundError: there is no such project, perhaps no longer.
    """
    project = (
        select(Project.release, ProjectFile.content)
        .outerjoin(ProjectFile, and_(ProjectFile.project_id == Project.id, ProjectFile.path == TYPES_PATH))
        .where(Project.id == project_id)
    )
    blueprints = (
        select(
            Project.release,
            Blueprint.call_identifier,
            Blueprint.id,
            Blueprint.revision_in_force_id,
            Blueprint.newest_revision_id,
        )
        .join(Project, Project.id == Blueprint.project_id)
        .where(Blueprint.project_id == project_id)
    )
    while True:
        found = executor.execute(project).one_or_none()
        if found is None:
            raise NotFoundError("project")
        release, content = found
        rows = executor.execute(blueprints).all()
        # Somebody may save in between: what belongs together has one release.
        if all(row.release == release for row in rows):
            break
    callees = {
        identifier: Callee(
            blueprint_id=blueprint_id, revision_id=in_force or newest, is_in_force=in_force is not None
        )
        for _, identifier, blueprint_id, in_force, newest in rows
    }
    return ProjectEnvironment(
        release=release,
        types_text=types_text_of(content),
        callees=MappingProxyType(callees),
        load_source=load_source or partial(source_of, executor),
    )


def source_of(executor: Session | Connection, revision_id: str) -> str:
    """Read the source of a revision.

    Raises:
        NotFoundError: there is no such revision, perhaps no longer.
    """
    source = executor.scalar(select(BlueprintRevision.source).where(BlueprintRevision.id == revision_id))
    if source is None:
        raise NotFoundError("revision")
    return source


def types_text_of(content: bytes | None) -> str:
    """The text of a types document; a project without one has an empty one."""
    return "" if content is None else bytes(content).decode("utf-8-sig", "replace")


@lru_cache(maxsize=64)
def read_types(text: str) -> veritas.Types:
    """The definitions of a types document that have no errors."""
    return veritas.analyze_types(text).types


def _is_named(declared: veritas.Type) -> bool:
    while declared.element is not None:
        declared = declared.element
    return declared.kind == "named"


class _Signatures(Mapping[str, veritas.Signature]):
    """The Blueprints of a project as the checker asks for them, one at a time."""

    def __init__(self, project: ProjectEnvironment, without: str | None) -> None:
        self._project = project
        # A dict for its order and its speed.
        self._identifiers = {
            identifier: None
            for identifier, callee in project.callees.items()
            if callee.blueprint_id != without
        } | dict.fromkeys(project.drafts)

    def __getitem__(self, identifier: str) -> veritas.Signature:
        signature = self._project.signature(identifier) if identifier in self._identifiers else None
        if signature is None:
            raise KeyError(identifier)
        return signature

    def __iter__(self) -> Iterator[str]:
        return iter(self._identifiers)

    def __len__(self) -> int:
        return len(self._identifiers)


class _SignatureCache:
    """Signatures of revisions, the least recently used leave first.

    A revision never changes, so its signature is another one only where the types are.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, str], veritas.Signature | None] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, revision_id: str, project: ProjectEnvironment) -> veritas.Signature | None:
        digest = hashlib.sha256(project.types_text.encode("utf-8", "surrogatepass")).hexdigest()
        key = (revision_id, digest)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        source = project.load_source(revision_id)
        # Only what stands at the top of a source is asked for: whom its body calls plays no part.
        signature = veritas.analyze(source, veritas.Environment(types=project.types)).signature
        with self._lock:
            self._found[key] = signature
            while len(self._found) > MAX_SIGNATURES:
                self._found.popitem(last=False)
        return signature


_signatures = _SignatureCache()
