"""Compiled programs of revisions, kept in this process, with those that they call."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from leapter import veritas
from leapter.blueprints import environments
from leapter.blueprints.environments import LoadSource, ProjectEnvironment
from leapter.db import db
from leapter.errors import LeapterError, NotFoundError
from leapter.projects.models import Project

MAX_PROGRAMS = 500
MAX_SOURCE_CHARACTERS = 8 * 1024 * 1024
MAX_PROJECTS = 50

# The project as the database has it now, by its id.
LoadProject = Callable[[str], ProjectEnvironment]


class CannotRunError(LeapterError):
    """The revision has errors, so there is no program.

    A revision that could run when it was saved can come to this through a newer version of the language, or
    through another Blueprint that it calls.

    Args:
        findings: what the checker says, in the order of the source.
    """

    def __init__(self, findings: tuple[veritas.Finding, ...]) -> None:
        super().__init__(f"{sum(finding.severity == 'error' for finding in findings)} errors")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class LinkedProgram:
    """A program with the programs of all Blueprints that a run of it can reach, by call identifier."""

    program: veritas.Program
    library: Mapping[str, veritas.Program]

    @property
    def signature(self) -> veritas.Signature:
        """The Blueprint's signature."""
        return self.program.signature

    def faults(self, inputs: Mapping[str, object]) -> tuple[veritas.Fault, ...]:
        """What a run would say of inputs that do not fit."""
        return self.program.faults(inputs)

    def run(self, inputs: Mapping[str, object], **options: Any) -> veritas.Outcome:
        """Run it; `options` are those of `veritas.Program.run`, but the library."""
        return self.program.run(inputs, library=self.library, **options)


class Programs:
    """A bounded cache: revision id to linked program, the least recently used leaves first.

    A revision never changes, but what it calls does. Every change of what runs gives the project another
    release, and what was linked for one release holds for it alone. Compiled code holds longer: as long as
    the signatures and types that it was checked against. Safe to use from several threads; a revision is
    compiled once however many threads ask for it at the same time.

    Args:
        load_source: reads the source of a revision.
        load_project: reads a project.
        capacity: how many programs are kept at most.
        source_capacity: how many characters of source they have together, at most, each with all that it
            calls; a single larger one is kept alone.
    """

    def __init__(
        self,
        load_source: LoadSource,
        load_project: LoadProject,
        *,
        capacity: int = MAX_PROGRAMS,
        source_capacity: int = MAX_SOURCE_CHARACTERS,
    ) -> None:
        self._load_source = load_source
        self._load_project = load_project
        self._capacity = capacity
        self._source_capacity = source_capacity
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._projects: OrderedDict[str, ProjectEnvironment] = OrderedDict()
        self._source_size = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, revision_id: str, *, project_id: str, release: str) -> LinkedProgram:
        """Return the program of a revision, linked for the present release of its project.

        `release` is the release that the caller read; where what is kept is of another one, the project is
        read anew.

        Raises:
            CannotRunError: the source has errors.
            NotFoundError: the revision or the project is not there, perhaps no longer.
        """
        with self._lock:
            entry = self._entries.get(revision_id)
            if entry is not None:
                self._entries.move_to_end(revision_id)
        linked = None if entry is None else entry.linked
        if linked is not None and (linked.release is None or linked.release == release):
            return linked.program
        return self._link(revision_id, self._project(project_id, release))

    def _project(self, project_id: str, release: str) -> ProjectEnvironment:
        with self._lock:
            project = self._projects.get(project_id)
        if project is not None and project.release == release:
            return project
        project = self._load_project(project_id)
        with self._lock:
            self._projects[project_id] = project
            self._projects.move_to_end(project_id)
            while len(self._projects) > MAX_PROJECTS:
                self._projects.popitem(last=False)
        return project

    def _link(self, revision_id: str, project: ProjectEnvironment) -> LinkedProgram:
        compiled = self._compiled(revision_id, project)
        program = compiled.program
        library: dict[str, veritas.Program] = {}
        size = compiled.size + self._add_callees(library, compiled.calls, project)
        linked = LinkedProgram(program, library)
        release = None if compiled.is_alone else project.release
        with self._lock:
            entry = self._entries.get(revision_id)
            if entry is not None:
                entry.linked = _Linked(release, linked)
                self._source_size += size - entry.size
                entry.size = size
                self._evict()
        return linked

    def of_draft(self, source: str, blueprint_id: str | None, project: ProjectEnvironment) -> LinkedProgram:
        """Return the program of a source that is not in force, linked as if it were; it is not kept.

        Raises:
            CannotRunError: the source has errors.
        """
        analysis = veritas.analyze(source, project.for_checking(without=blueprint_id))
        if analysis.has_errors or analysis.document is None:
            raise CannotRunError(analysis.findings)
        program = veritas.compile_program(analysis.document, model_id=blueprint_id or "")
        library = {program.signature.call_identifier: program}
        self._add_callees(library, analysis.calls, project, without=blueprint_id)
        return LinkedProgram(program, library)

    def _add_callees(
        self,
        library: dict[str, veritas.Program],
        calls: frozenset[str],
        project: ProjectEnvironment,
        *,
        without: str | None = None,
    ) -> int:
        """Add all that can be reached by `calls`, but the Blueprint with the id `without`.

        Returns how many characters of source that is.
        """
        size = 0
        pending = set(calls - library.keys())
        # In a cycle, a program comes up again and is there already.
        while pending:
            identifier = pending.pop()
            callee = project.callees.get(identifier)
            if callee is None or not callee.is_in_force or callee.blueprint_id == without:
                continue  # a run that comes to the call says so
            found = self._compiled(callee.revision_id, project)
            try:
                library[identifier] = found.program
            except CannotRunError:
                continue
            size += found.size
            pending |= found.calls - library.keys()
        return size

    def _compiled(self, revision_id: str, project: ProjectEnvironment) -> "_Compiled":
        """The compiled revision, checked against `project`.

        Each revision has a lock of its own, and no thread waits for a second one while it holds one: threads
        that link the programs of a cycle, each from another end, do not wait for each other.
        """
        with self._lock:
            entry = self._entries.get(revision_id)
            if entry is None:
                entry = self._entries[revision_id] = _Entry()
            else:
                self._entries.move_to_end(revision_id)
        with entry.compiling:
            found = entry.compiled
            if found is None or not (found.is_alone or found.holds_for(project)):
                try:
                    found = _compile(self._load_source(revision_id), project, revision_id)
                except BaseException:
                    with self._lock:
                        if entry.compiled is None and self._entries.get(revision_id) is entry:
                            del self._entries[revision_id]
                    raise
                entry.compiled = found
                with self._lock:
                    if self._entries.get(revision_id) is entry:
                        self._source_size += found.size - entry.size
                        entry.size = found.size
                    self._evict()
        return found

    def _evict(self) -> None:
        while len(self._entries) > 1 and (
            len(self._entries) > self._capacity or self._source_size > self._source_capacity
        ):
            _, entry = self._entries.popitem(last=False)
            self._source_size -= entry.size


@dataclass(frozen=True, slots=True)
class _Linked:
    """`release` is None for a program that depends on nothing else in its project."""

    release: str | None
    program: LinkedProgram


class _Compiled:
    """A revision, checked and compiled if it can be, and what that depends on."""

    __slots__ = ("_findings", "_fingerprint", "_program", "_release", "calls", "size", "uses_types")

    def __init__(
        self, source: str, analysis: veritas.Analysis, project: ProjectEnvironment, blueprint_id: str
    ) -> None:
        self.calls = analysis.calls
        self.uses_types = analysis.uses_types
        self.size = len(source)
        self._findings = analysis.findings
        self._program: veritas.Program | None = None
        if analysis.document is not None and not analysis.has_errors:
            self._program = veritas.compile_program(analysis.document, model_id=blueprint_id)
        self._release = project.release
        self._fingerprint = project.fingerprint(self.calls, uses_types=self.uses_types)

    @property
    def program(self) -> veritas.Program:
        """The program.

        Raises:
            CannotRunError: there is none.
        """
        if self._program is None:
            # A new object for each caller: a raised one gathers the tracebacks of all who raise it.
            raise CannotRunError(self._findings)
        return self._program

    @property
    def is_alone(self) -> bool:
        return not self.calls and not self.uses_types

    def holds_for(self, project: ProjectEnvironment) -> bool:
        if self._release != project.release:
            if self._fingerprint != project.fingerprint(self.calls, uses_types=self.uses_types):
                return False
            self._release = project.release
        return True


class _Entry:
    __slots__ = ("compiled", "compiling", "linked", "size")

    def __init__(self) -> None:
        self.compiling = threading.Lock()
        self.compiled: _Compiled | None = None
        self.linked: _Linked | None = None
        self.size = 0  # in characters, with all that it is linked to


def _compile(source: str, project: ProjectEnvironment, revision_id: str) -> _Compiled:
    analysis = veritas.analyze(source, project.for_checking())
    return _Compiled(source, analysis, project, project.blueprint_of(revision_id))


def load_source(revision_id: str) -> str:
    """Read the source of a revision, on a connection that is given back at once.

    Raises:
        NotFoundError: there is no such revision, perhaps no longer.
    """
    with db.engine.connect() as connection:
        return environments.source_of(connection, revision_id)


def load_project(project_id: str) -> ProjectEnvironment:
    """Read a project, on a connection that is given back at once.

    Raises:
        NotFoundError: there is no such project, perhaps no longer.
    """
    with db.engine.connect() as connection:
        return environments.load(connection, project_id, load_source)


_programs = Programs(load_source, load_project)


def get(revision_id: str, *, project_id: str, release: str | None = None) -> LinkedProgram:
    """Return the program of a revision from this process's cache; see `Programs.get`.

    Without `release`, the project's present one is read from the database.
    """
    return _programs.get(
        revision_id, project_id=project_id, release=release if release is not None else _release(project_id)
    )


def of_draft(source: str, *, project_id: str, blueprint_id: str | None) -> LinkedProgram:
    """Return the program of a source as if it were in force; see `Programs.of_draft`.

    `blueprint_id` is the Blueprint that it would be a revision of, None for a new one.
    """
    return _programs.of_draft(source, blueprint_id, load_project(project_id))


def _release(project_id: str) -> str:
    with db.engine.connect() as connection:
        release = connection.scalar(select(Project.release).where(Project.id == project_id))
    if release is None:
        raise NotFoundError("project")
    return release
