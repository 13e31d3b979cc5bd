"""Tokens to blocks, and to where a brace is missing or one too many."""

import re
from abc import abstractmethod
from typing import cast

from leapter.veritas import ast
from leapter.veritas.declarations import DeclarationParser
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Token
from leapter.veritas.reader import NESTING
from leapter.veritas.source import Source

_BLANKS = re.compile(r"[^\S\r\n]*")


class BlockParser(DeclarationParser):
    """Reads blocks; the parser of control statements is built on it."""

    def __init__(self, source: Source, findings: Findings, tokens: list[Token]) -> None:
        super().__init__(source, findings, tokens)
        self._has_unclosed = False
        self._indents: dict[int, int] = {}
        # How many `}` the source lacks (negative: has too many). Only then does indentation say where.
        self._missing_braces = sum(NESTING.get(token.kind, 0) for token in tokens if token.kind in "{}")

    @abstractmethod
    def _guarded_statement(self) -> ast.Statement | None: ...

    def _indent_of(self, offset: int) -> int:
        """How far the line of `offset` is indented, in characters."""
        line = self.source.line_of(offset)
        if line not in self._indents:
            start = self.source.start_of(line)
            blanks = cast("re.Match[str]", _BLANKS.match(self.source.text, start))
            self._indents[line] = blanks.end() - start
        return self._indents[line]

    def _is_outside(self, indent: int | None) -> bool:
        """Whether a `}` seems to be missing before the present token, which begins a line: the block around
        it belongs to a line indented by `indent` (None where indentation says nothing).
        """
        if indent is None or self._missing_braces <= 0 or not self.token.after_newline:
            return False
        column = self.source.position(self.token.start)[1] - 1
        return column < indent if self.token.kind == "}" else column <= indent

    def _trusted(self, indent: int) -> int | None:
        """`indent`, that of the line which opens a block, if the first line of the block has more."""
        if not self.token.after_newline or self.source.position(self.token.start)[1] - 1 <= indent:
            return None
        return indent

    def _is_next_function(self) -> bool:
        """Whether a function begins here that stands beside the present one, not inside it."""
        if self.token.kind != "function" or self._missing_braces <= 0:
            return False
        return self.source.position(self.token.start)[1] == 1

    def _report_unclosed(self, opening: Token) -> None:
        # Where several blocks are still open at the end, one missing brace is reported once.
        if self._missing_braces > 0 or not self._has_unclosed:
            self._has_unclosed = True
            self._missing_braces -= 1
            if self.findings.has_open_text:
                return
            self.findings.error(
                self.last_end,
                "unclosed_brace",
                "A `}` is missing behind this: "
                f"the `{{` in line {self.source.line_of(opening.start)} is never closed.",
                "Add the missing }.",
            )

    def _block(self, *, is_reported: bool = False) -> list[ast.Statement]:
        """`{ … }`, or what was meant by it; `is_reported` says that its lack was reported with its header."""
        if self.token.text in ("then", "do") and self.token.kind == "name":
            if not is_reported:
                self.findings.error(
                    self.token.start,
                    "foreign_word",
                    f"There is no `{self.token.text}` here.",
                    "Put the statements in { … }.",
                )
            is_reported = True
            self.advance()
        opening = self.token
        before = opening if opening.kind == "{" else self.tokens[self.position - 1]
        indent = self._indent_of(before.start)
        if opening.kind != "{":
            if not is_reported:
                self.report(
                    self.missed("expected_block", "`{` is expected here", "Put the statements in { … }.")
                )
            if self._missing_braces < 0 and self.token.kind != "}":
                self._missing_braces += 1
                with self.nested(opening.start):
                    return self._statements_until_brace(opening, indent)
            if self.token.kind in ("}", "end") or self.accept(";"):
                return []
            statement = self._guarded_statement()
            return [] if statement is None else [statement]
        self.advance()
        with self.nested(opening.start):
            return self._statements_until_brace(opening, indent)

    def _statements_until_brace(self, opening: Token, indent: int) -> list[ast.Statement]:
        statements: list[ast.Statement] = []
        trusted = self._trusted(indent)
        while True:
            if self.token.kind == "end" or self._is_next_function() or self._is_outside(trusted):
                self._report_unclosed(opening)
                return statements
            if self.token.kind == "}":
                if not self._is_surplus(indent):
                    break
                self.advance()
                continue
            if self.accept(";"):
                continue
            statement = self._guarded_statement()
            if statement is not None:
                statements.append(statement)
        self.advance()
        return statements

    def _is_surplus(self, indent: int) -> bool:
        """Whether the present `}` is one too many, by its indentation; reports it if so."""
        if self._missing_braces >= 0 or not self.token.after_newline:
            return False
        if self.source.position(self.token.start)[1] - 1 <= indent:
            return False
        self.report_surplus(self.token)
        return True

    def report_surplus(self, token: Token) -> None:
        self._missing_braces += 1
        if self.findings.has_open_text:
            return
        self.findings.error(
            token.start, "surplus_brace", "There is one `}` more than there are `{`.", "Remove one }."
        )
