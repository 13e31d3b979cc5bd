"""What the parser or the checker has to say about a source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leapter.veritas.source import Source

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
        self._found: dict[tuple[int, int, str, str], Finding] = {}
        self._hints_left = self.MOST_HINTS
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
        self._unread.setdefault(line, set()).add((line, column, code, message))

    def has_error_at(self, offset: int) -> bool:
        """Whether this very place has an error already."""
        return self._source.position(offset) in self._error_places

    def _add(self, severity: Severity, offset: int, code: str, message: str, fix: str | None) -> None:
        if len(self._found) >= self.LIMIT and (severity == "warning" or self.has_errors):
            return
        line, column = self._source.position(offset)
        finding = Finding(
            severity=severity,
            code=code,
            line=line,
            column=column,
            message=message,
            fix=fix,
            excerpt=self._source.excerpt(line, column),
        )
        self._found.setdefault((line, column, code, message), finding)
        if severity == "error":
            self._error_places.add((line, column))

    @property
    def has_errors(self) -> bool:
        return any(finding.severity == "error" for finding in self._found.values())

    def sorted(self) -> tuple[Finding, ...]:
        kept = [
            finding
            for key, finding in self._found.items()
            if finding.line not in self._unread or key in self._unread[finding.line]
        ]
        return tuple(sorted(kept, key=lambda finding: (finding.line, finding.column)))
