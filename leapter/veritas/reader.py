"""Steps through tokens: what the parsers of expressions, tables and statements have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from leapter.veritas import ast
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Note, Token
from leapter.veritas.source import Source

# Levels of parentheses, brackets and braces inside each other. One level takes at most eleven Python frames.
MAX_NESTING = 50
# What each bracket and brace adds to the depth.
_BRACKETS = {"(": 1, "[": 1, ")": -1, "]": -1}
_BRACES = {"{": 1, "}": -1}
NESTING = _BRACKETS | _BRACES


class ParseError(Exception):
    """A problem at which the parser gives a statement up; it goes on behind it."""

    def __init__(self, offset: int, code: str, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.code = code
        self.message = message
        self.fix = fix


class NestingError(Exception):
    """Nesting beyond the bound; the parser stops, since what follows would only repeat it."""

    def __init__(self, offset: int, message: str, fix: str, *, code: str = "too_deep") -> None:
        super().__init__(message)
        self.offset = offset
        self.code = code
        self.message = message
        self.fix = fix


class TokenReader:
    """The present token, what stands before it, and how to go on where something cannot be read."""

    def __init__(self, source: Source, findings: Findings, tokens: list[Token]) -> None:
        self.source = source
        self.findings = findings
        self.tokens = tokens
        self.position = 0
        self.token = tokens[0]
        # Where the statement begins that may be an assignment.
        self.statement_start = -1
        self._depth = 0

    # Tokens

    def advance(self) -> None:
        self.position = min(self.position + 1, len(self.tokens) - 1)
        self.token = self.tokens[self.position]

    def peek(self, distance: int = 1) -> Token:
        return self.tokens[min(self.position + distance, len(self.tokens) - 1)]

    def accept(self, kind: str) -> bool:
        if self.token.kind == kind:
            self.advance()
            return True
        return False

    def expect(self, kind: str, sentence: str) -> None:
        if self.token.kind != kind:
            if self.token.kind == "=" and kind in (")", "]") and "comma" not in sentence:
                raise self.problem(
                    "assignment_in_condition", "`=` assigns; a condition compares.", "Write == or is."
                )
            fix = f"Add a comma, or {kind}" if "comma" in sentence else f"Add {kind}"
            raise self.missed("expected_token", sentence, fix)
        self.advance()

    def missed(self, code: str, sentence: str, fix: str | None = None) -> ParseError:
        """A problem with what is missing before the present token: at the end of a line that is not
        complete, else at the token.
        """
        if self.position and (self.token.after_newline or self.token.kind == "end"):
            return ParseError(self.last_end, code, f"{sentence}, before the line ends.", fix)
        return ParseError(self.token.start, code, f"{sentence}, not {self.shown()}.", fix)

    def depth_since(self, first: int) -> int:
        """How many brackets and braces are open that were opened since the token `first`."""
        depth = 0
        for token in self.tokens[first : self.position]:
            depth = max(0, depth + NESTING.get(token.kind, 0))
        return depth

    def skip(self, first: int, stops: frozenset[str], indent: int) -> None:
        """Behind something that begins with the token `first` and could not be read: to one of `stops`
        outside brackets, to `;` or `}` outside braces, or to where a line begins that is indented no further
        than `indent`.
        """
        brackets = braces = 0
        for token in self.tokens[first : self.position]:
            brackets = max(0, brackets + _BRACKETS.get(token.kind, 0))
            braces = max(0, braces + _BRACES.get(token.kind, 0))
        while self.token.kind != "end":
            kind = self.token.kind
            if braces == 0 and (kind in (";", "}") or (brackets == 0 and kind in stops)):
                return
            if self.token.after_newline:
                closes = (kind in (")", "]") and brackets > 0) or (kind == "}" and braces > 0)
                if not closes and self.source.position(self.token.start)[1] - 1 <= indent:
                    return
            brackets = max(0, brackets + _BRACKETS.get(kind, 0))
            braces = max(0, braces + _BRACES.get(kind, 0))
            self.advance()

    @property
    def last_end(self) -> int:
        return self.tokens[self.position - 1].end if self.position else self.token.start

    def shown(self) -> str:
        """The present token, for a message."""
        token = self.token
        if token.kind == "end":
            return "the end of the text"
        text = token.text if len(token.text) <= 30 else token.text[:29] + "…"
        return text if token.kind == "string" else f"`{text}`"

    def problem(self, code: str, message: str, fix: str | None = None) -> ParseError:
        """A problem at the present token."""
        return ParseError(self.token.start, code, message, fix)

    def fail(self, code: str, message: str, fix: str | None = None) -> NoReturn:
        raise self.problem(code, message, fix)

    def report(self, problem: ParseError) -> None:
        """Records a problem, unless it only follows from another one at the same place."""
        if self.findings.has_error_at(problem.offset):
            return
        self.findings.error(problem.offset, problem.code, problem.message, problem.fix)

    @contextmanager
    def nested(self, offset: int) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise NestingError(
                offset,
                f"Brackets and braces are nested more than {MAX_NESTING} deep.",
                "Split it with locals or helpers.",
            )
        try:
            yield
        finally:
            self._depth -= 1

    # Annotations

    def notes(self) -> ast.Notes:
        return self.notes_of(self.token)

    def notes_of(self, token: Token) -> ast.Notes:
        """What stands before `token`; taken once, so that a declarator does not repeat its statement's."""
        notes: list[Note] | None = token.notes
        token.notes = None
        result = ast.Notes()
        for note in notes or ():
            if note.kind == "label":
                result.label, result.label_start = note.text, note.start
            elif note.kind == "description":
                result.description = note.text
            elif note.kind == "id":
                result.blueprint_id = note.text
            else:
                result.node_id = note.text
                result.has_own_id = True
                letter, _, digits = note.text.partition("-")
                if any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                    self.findings.warning(
                        note.start,
                        "bad_node_id",
                        f"`@{note.text}` is not a node id.",
                        f"@{letter}-1a2b3c4d: a letter, a dash, hexadecimal digits",
                    )
                    result.node_id, result.has_own_id = "", False
        return result

    def _add_notes(self, notes: ast.Notes, others: ast.Notes) -> None:
        """Fills in what `notes` do not have."""
        if not notes.label:
            notes.label, notes.label_start = others.label, others.label_start
        notes.description = notes.description or others.description
        notes.blueprint_id = notes.blueprint_id or others.blueprint_id
        if not notes.has_own_id:
            notes.node_id, notes.has_own_id = others.node_id, others.has_own_id

    def take_trailing_label(self, notes: ast.Notes) -> None:
        """Gives a label at the end of the line to what ends there, unless that has one before it; then it
        belongs to what follows.
        """
        last = self.tokens[self.position - 1]
        if last.trailing is None:
            return
        if notes.label:
            self.token.notes = [last.trailing, *(self.token.notes or ())]
        else:
            notes.label, notes.label_start = last.trailing.text, last.trailing.start
        last.trailing = None
