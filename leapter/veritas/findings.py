"""What the parser or the checker has to say about a source."""

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from leapter.veritas.source import Source
from leapter.veritas.spelling import Speller

# Names that one check compares with misspelled ones: about a second of work.
_MOST_COMPARED = 20_000
# What is kept of a message or a fix: names can be long, and 500 findings may say the same one.
_MOST_CHARACTERS = 1_000

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One problem: `line` and `column` count from 1; `excerpt` is the source line with a caret line below
    it.
    """

    severity: Severity
    code: str
    line: int
    column: int
    message: str
    fix: str | None
    excerpt: str

    def to_json(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "code": self.code,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "fix": self.fix,
            "excerpt": self.excerpt,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Finding":
        """The finding that `to_json` wrote. Raises KeyError where a member is missing."""
        return cls(
            severity=data["severity"],
            code=data["code"],
            line=data["line"],
            column=data["column"],
            message=data["message"],
            fix=data["fix"],
            excerpt=data["excerpt"],
        )


class Findings:
    """Collects problems of one source; at most `LIMIT` are kept, so that hostile text cannot flood a page."""

    LIMIT = 500
    # Looking for the nearest of many types takes milliseconds; a text full of unknown ones shall not take
    # minutes.
    MOST_HINTS = 50

    def __init__(self, source: Source) -> None:
        self._source = source
        # By line: the errors that stand for all others of the line.
        self._unread: dict[int, set[tuple[int, int, str, str]]] = {}
        self._error_places: set[tuple[int, int]] = set()
        self._error_offsets: list[int] = []
        # A text, comment or description without its end: braces may have gone with it.
        self.has_open_text = False
        self._found: dict[tuple[int, int, str, str], Finding] = {}
        self._hints_left = self.MOST_HINTS
        self._speller = Speller(_MOST_COMPARED)
        self.has_errors = False
        # Whether nothing more would be kept: what only looks for further problems may stop.
        self.is_full = False
        # Names with letters that no name can have; each is reported where it first stands.
        self.foreign_names: set[str] = set()
        # Names whose declaration could not be read: that they are unknown is no error of its own.
        self.lost_names: set[str] = set()

    def error(self, offset: int, code: str, message: str, fix: str | None = None) -> None:
        self._add("error", offset, code, message, fix)

    def warning(self, offset: int, code: str, message: str, fix: str | None = None) -> None:
        self._add("warning", offset, code, message, fix)

    def take_hint(self) -> bool:
        """Whether one more of the hints that are slow to find may be looked for."""
        self._hints_left -= 1
        return self._hints_left >= 0

    def unread(self, offset: int, code: str, message: str, fix: str) -> None:
        """An error of the lexer: what else is wrong in this line may only follow from it, and is left out."""
        self.error(offset, code, message, fix)
        line, column = self._source.position(offset)
        key = (line, column, code, _cut(message))
        if key in self._found:  # unless there were too many already
            self._unread.setdefault(line, set()).add(key)

    def has_error_at(self, offset: int) -> bool:
        """Whether this very place has an error already."""
        return self._source.position(offset) in self._error_places

    def has_error_within(self, start: int, end: int) -> bool:
        """Whether there is an error from the offset `start` on, before `end`."""
        first = bisect_left(self._error_offsets, start)
        return first < len(self._error_offsets) and self._error_offsets[first] < end

    def nearest(self, name: str, known: Collection[str]) -> str | None:
        """The known name that was probably meant by `name`; see spelling.py."""
        return self._speller.nearest(name, known)

    def close(self, offset: int, code: str, message: str, fix: str) -> None:
        """Reports a problem that makes all further ones idle."""
        self.is_full = False
        self._found = dict(islice(self._found.items(), self.LIMIT - 1))
        self.error(offset, code, message, fix)
        line, column = self._source.position(offset)
        if line in self._unread:
            self._unread[line].add((line, column, code, _cut(message)))
        self.is_full = True

    def _add(self, severity: Severity, offset: int, code: str, message: str, fix: str | None) -> None:
        if self.is_full or (severity == "warning" and len(self._found) >= self.LIMIT):
            return
        self.has_errors = self.has_errors or severity == "error"
        line, column = self._source.position(offset)
        message = _cut(message)
        finding = Finding(
            severity=severity,
            code=code,
            line=line,
            column=column,
            message=message,
            fix=fix if fix is None else _cut(fix),
            excerpt=self._source.excerpt(line, column),
        )
        self._found.setdefault((line, column, code, message), finding)
        if severity == "error":
            self._error_places.add((line, column))
            insort(self._error_offsets, offset)
        self.is_full = self.has_errors and len(self._found) >= self.LIMIT

    def sorted(self) -> tuple[Finding, ...]:
        kept = [
            finding
            for key, finding in self._found.items()
            if finding.line not in self._unread or key in self._unread[finding.line]
        ]
        return tuple(sorted(kept, key=lambda finding: (finding.line, finding.column)))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "…"
