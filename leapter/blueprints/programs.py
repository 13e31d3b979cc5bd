"""Compiled programs of revisions, kept in this process."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from sqlalchemy import select

from leapter import veritas
from leapter.blueprints.models import BlueprintRevision
from leapter.db import db
from leapter.errors import LeapterError, NotFoundError

MAX_PROGRAMS = 500
MAX_SOURCE_CHARACTERS = 8 * 1024 * 1024


class CannotRunError(LeapterError):
    """The revision has errors, so there is no program.

    A revision that could run when it was saved can come to this through a newer version of the language.

    Args:
        findings: what the checker says, in the order of the source.
    """

    def __init__(self, findings: tuple[veritas.Finding, ...]) -> None:
        super().__init__(f"{sum(finding.severity == 'error' for finding in findings)} errors")
        self.findings = findings


class Programs:
    """A bounded cache: revision id to compiled program, the least recently used leaves first.

    A revision never changes, so what is kept never grows stale. Safe to use from several threads; a revision
    is compiled once however many threads ask for it at the same time.

    Args:
        capacity: how many programs are kept at most.
        source_capacity: how many characters of source their revisions have together, at most; a single larger
            one is kept alone.
    """

    def __init__(self, capacity: int = MAX_PROGRAMS, source_capacity: int = MAX_SOURCE_CHARACTERS) -> None:
        self._capacity = capacity
        self._source_capacity = source_capacity
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._source_size = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, revision_id: str, load: Callable[[str], str]) -> veritas.Program:
        """Return the program of a revision; on a miss, `load(revision_id)` gives its source.

        Raises:
            CannotRunError: the source has errors.
            Exception: whatever `load` raises; nothing is kept then.
        """
        with self._lock:
            entry = self._entries.get(revision_id)
            if entry is None:
                entry = self._entries[revision_id] = _Entry()
            else:
                self._entries.move_to_end(revision_id)
        result = entry.result
        if result is None:
            result = self._fill(revision_id, entry, load)
        if isinstance(result, CannotRunError):
            # A new object for each caller: a raised one gathers the tracebacks of all who raise it.
            raise CannotRunError(result.findings)
        return result

    def _fill(
        self, revision_id: str, entry: "_Entry", load: Callable[[str], str]
    ) -> "veritas.Program | CannotRunError":
        with entry.compiling:
            if entry.result is not None:
                return entry.result
            try:
                source = load(revision_id)
                result = _compile(source)
            except BaseException:
                with self._lock:
                    if self._entries.get(revision_id) is entry:
                        del self._entries[revision_id]
                raise
            with self._lock:
                entry.result = result
                if self._entries.get(revision_id) is entry:
                    entry.size = len(source)
                    self._source_size += entry.size
                self._evict()
            return result

    def _evict(self) -> None:
        while len(self._entries) > 1 and (
            len(self._entries) > self._capacity or self._source_size > self._source_capacity
        ):
            _, entry = self._entries.popitem(last=False)
            self._source_size -= entry.size


class _Entry:
    __slots__ = ("compiling", "result", "size")

    def __init__(self) -> None:
        self.compiling = threading.Lock()
        self.result: veritas.Program | CannotRunError | None = None
        self.size = 0  # in characters, once it is compiled


def _compile(source: str) -> veritas.Program | CannotRunError:
    analysis = veritas.analyze(source)
    if analysis.has_errors or analysis.document is None:
        return CannotRunError(analysis.findings)
    return veritas.compile_program(analysis.document)


_programs = Programs()


def load_source(revision_id: str) -> str:
    """Read the source of a revision, on a connection that is given back at once.

    Raises:
        NotFoundError: there is no such revision, perhaps no longer.
    """
    with db.engine.connect() as connection:
        source = connection.scalar(
            select(BlueprintRevision.source).where(BlueprintRevision.id == revision_id)
        )
    if source is None:
        raise NotFoundError("revision")
    return source


def get(revision_id: str, load: Callable[[str], str] = load_source) -> veritas.Program:
    """Return the program of a revision from this process's cache; see `Programs.get`."""
    return _programs.get(revision_id, load)
