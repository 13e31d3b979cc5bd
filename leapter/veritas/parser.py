"""Tokens to the syntax tree."""

from leapter.veritas import ast
from leapter.veritas.findings import Findings
from leapter.veritas.instead import FUNCTION_WORDS, MODIFIERS
from leapter.veritas.lexer import tokenize
from leapter.veritas.reader import NestingError, ParseError
from leapter.veritas.source import Source
from leapter.veritas.statements import StatementParser


def parse(source: Source, findings: Findings) -> ast.Document:
    """The syntax tree of a logic file. What cannot be understood becomes a finding and is stepped over."""
    parser = Parser(source, findings, tokenize(source, findings))
    document = ast.Document(source)
    try:
        parser.document(document)
    except NestingError as problem:
        report = findings.close if problem.code == "too_large" else findings.error
        report(problem.offset, problem.code, problem.message, problem.fix)
    document.size = len(parser.tokens) + parser.cell_size
    return document


class Parser(StatementParser):
    """Recursive descent; nesting is bounded, so that no source can exhaust Python's stack."""

    # Top level

    def document(self, document: ast.Document) -> None:
        while self.token.kind != "end":
            if self._is_function():
                try:
                    document.functions.append(self._function())
                except ParseError as problem:
                    self.report(problem)
                    self._skip_to_function()
                continue
            if self.accept(";"):
                continue
            self._outside()
        if not document.functions and not self.findings.has_errors:
            self.findings.error(
                self.token.start,
                "no_function",
                "There is no function here, so there is nothing to run.",
                "function name(input: number) -> output: number { … }",
            )
        # An id at the top of the file is the Blueprint's, although helpers may stand between.
        if document.functions and document.main.notes.blueprint_id is None:
            for function in document.functions:
                document.main.notes.blueprint_id = (
                    document.main.notes.blueprint_id or function.notes.blueprint_id
                )

    def _is_function(self) -> bool:
        """Whether a function begins here; what other languages write for it is reported."""
        token = self.token
        if token.kind != "name":
            return token.kind == "function"
        if self.peek().kind == "(":
            self.findings.error(
                token.start,
                "expected_function",
                f"The word `function` is missing before `{token.text}`.",
                f"function {token.text}(…) -> output: number {{ … }}",
            )
            return True
        if token.text in MODIFIERS and self.peek().kind in ("function", "name"):
            self.findings.error(
                token.start, "foreign_statement", f"There is no `{token.text}` here.", "Leave it out."
            )
            notes, token.notes = token.notes, None
            self.advance()
            self.token.notes = [*(notes or ()), *(self.token.notes or ())]
            return self._is_function()
        if self.peek().kind == "name" and self.peek(2).kind in ("(", ":"):
            if token.text.lower() == "function":
                self.report_case(token, "function")
                return True
            if token.text in FUNCTION_WORDS:
                self.findings.error(
                    token.start,
                    "foreign_statement",
                    f"There is no `{token.text}` here.",
                    "Write function.",
                )
                return True
        return False

    def _outside(self) -> None:
        """Something that is no function, outside of functions."""
        if self.token.kind == "}" and self._missing_braces < 0:
            self.report_surplus(self.token)
            self.advance()
            return
        if self.token.text == "define" or self.token.kind == "@":
            self.findings.error(
                self.token.start,
                "misplaced_type",
                "Types are not defined in a logic file.",
                "Move them to the project's types document, data/types.data.vts.",
            )
        else:
            self.report(
                self.problem(
                    "expected_function",
                    f"A function is expected here, not {self.shown()}.",
                    "function name(input: number) -> output: number { … }",
                )
            )
        self.advance()
        self._skip_to_function()

    def _skip_to_function(self) -> None:
        while self.token.kind != "end" and not (
            self.token.kind == "function" and self.peek().kind in ("name", "(")
        ):
            self.advance()

    def _function(self) -> ast.Function:
        notes = self.notes()
        start = self.token.start
        indent = self._indent_of(start)
        if self.peek().kind != "(" or self.token.kind == "function":
            self.advance()
        name = ""
        if self.token.kind == "(":
            self.findings.error(
                self.token.start,
                "expected_name",
                "A function needs a name, not `(`.",
                "function parking_fee(…) …",
            )
        else:
            name = self._new_name("A function")
            self._end_function_name(name)
        function = ast.Function(notes, name, start, self.source.line_of(start), [], [], [])
        if not self.accept("("):
            self.report(
                self.missed("expected_token", "The inputs of a function stand in parentheses: `(`", "Add (")
            )
        function.inputs = self._parameters(")")
        if self.token.kind == "}" and self.peek().kind == ")":  # the other half of a pair that was reported
            self.advance()
        if not self.accept(")"):
            self.report(self.missed("expected_token", "The inputs end with `)`", "Add )"))
        self._outputs(function)
        if self.token.kind != "{" and not self._is_body_without_brace():
            raise self.missed("expected_body", f"The body of `{name}` is expected here: `{{`")
        function.body = self._block()
        while self._missing_braces < 0 and self.token.kind not in ("end", "function", ";", "}"):
            # One brace too many ended the function early.
            closing = self.tokens[self.position - 1]
            self.report_surplus(closing)
            function.body += self._statements_until_brace(closing, indent)
        return function

    def _end_function_name(self, name: str) -> None:
        """Reports a name of several words: `parking-fee(`, `parking fee(`."""
        first = self.position
        words = [name]
        while self.token.kind in ("name", "-", ".", "number") and not self.token.after_newline:
            if self.token.kind in ("name", "number"):
                words.append(self.token.text)
            self.advance()
        if self.token.kind != "(":
            self.position, self.token = first, self.tokens[first]
        elif self.position > first:
            self.findings.error(
                self.tokens[first].start,
                "expected_name",
                "The name of a function is one word.",
                f"function {'_'.join(words)}(…)",
            )

    def _is_body_without_brace(self) -> bool:
        return self._missing_braces < 0 and self.token.after_newline

    def _outputs(self, function: ast.Function) -> None:
        if self.token.kind == "{":
            return
        arrow = self.token
        if arrow.kind != "->":
            self.report(
                self.missed(
                    "expected_outputs",
                    "The outputs are expected here, after `->`",
                    "function name(…) -> result: number { … }",
                )
            )
            if arrow.kind == ":":  # `): number {`, a type alone
                while self.token.kind not in ("{", "end", "function"):
                    self.advance()
                return
        if arrow.kind in ("->", "=>", ":"):
            self.advance()
            self.token.notes = [*(arrow.notes or ()), *(self.token.notes or ())] or None
        elif arrow.kind != "name":
            return
        if self.accept("("):
            function.outputs = self._parameters(")")
            self.accept(")")
        else:
            function.outputs = self._parameters("{")

    def _nested_function(self) -> None:
        self.findings.error(
            self.token.start,
            "nested_function",
            "A function cannot be declared inside another.",
            "Move it before the Blueprint's function.",
        )
        first = self.position
        if self.peek().kind == "name":
            self.findings.lost_names.add(self.peek().text)
        try:
            with self.nested(self.token.start):
                self._function()
        except ParseError as problem:
            self.report(problem)
            self._skip_statement(first)
