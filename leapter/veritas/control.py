"""Tokens to the statements that hold others: choose and loops."""

from leapter.veritas import ast
from leapter.veritas.blocks import BlockParser
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Token
from leapter.veritas.reader import NESTING, NestingError, ParseError
from leapter.veritas.source import Source
from leapter.veritas.types import ANY

# CPython compiles at most 20 loops inside each other; a Blueprint needs far fewer.
MAX_NESTED_LOOPS = 16

ASSIGNMENTS = frozenset(("=", "+=", "-=", "*=", "/=", "%="))
_ELSE_IF = frozenset(("elif", "elseif", "elsif", "elseIf", "ElseIf", "Elif"))
# How far the end of a header is looked for.
_MOST_HEADER_TOKENS = 200
_BRANCH_WORDS = {"If": "if", "IF": "if", "Else": "else", "ELSE": "else"}


class ControlParser(BlockParser):
    """Reads `choose` and loops; the parser of statements is built on it."""

    def __init__(self, source: Source, findings: Findings, tokens: list[Token]) -> None:
        super().__init__(source, findings, tokens)
        self._loops = 0

    # choose

    def _choose(self, *, has_word: bool = True) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        indent = self._indent_of(start)
        if has_word:
            self.advance()
        branches: list[ast.Branch] = []
        opening = self.token
        if not self.accept("{"):
            self.report(
                self.missed(
                    "expected_block",
                    "`{` is expected here, before the branches of `choose`",
                    "choose { if (…) { … } else { … } }",
                )
            )
            if self._missing_braces >= 0:
                branches = self._branches(inside_choose=True)
                return ast.Choose(notes, start, self.last_end, self.source.line_of(start), branches)
            self._missing_braces += 1
        trusted = self._trusted(indent)
        has_others = False
        with self.nested(opening.start):
            while True:
                branches += self._branches(
                    inside_choose=True, has_else=bool(branches) and branches[-1].condition is None
                )
                if self.accept(";"):
                    continue
                if self.token.kind == "end" or self._is_next_function() or self._is_outside(trusted):
                    self._report_unclosed(opening)
                    break
                if self.accept("}"):
                    break
                branches += self._other_than_branch(has_branches=bool(branches))
                has_others = True
        if not branches and not has_others:
            self.findings.error(
                start, "empty_choose", "`choose` needs at least one branch.", "choose { if (…) { … } }"
            )
        return ast.Choose(notes, start, self.last_end, self.source.line_of(start), branches)

    def _other_than_branch(self, *, has_branches: bool) -> list[ast.Branch]:
        """Reports what is no branch inside `choose`; a branch without its word is read as one."""
        token = self.token
        line = self.source.line_of(token.start)
        if token.kind == "(":
            self.findings.error(
                token.start, "expected_branch", "`if` is missing before this condition.", "if (…) { … }"
            )
            notes = self.notes()
            return [ast.Branch(notes, token.start, line, self._guarded_condition(), self._block())]
        if token.kind == "{" and has_branches:
            self.findings.error(
                token.start,
                "expected_branch",
                "`if (…)` or `else` is missing before this block.",
                "else { … }",
            )
            notes = self.notes()
            return [ast.Branch(notes, token.start, line, None, self._block())]
        self.findings.error(
            token.start,
            "expected_branch",
            f"Inside `choose` stand only if (…) {{ … }} and else {{ … }}, not {self.shown()}.",
            "Move the statement into a branch, or out of `choose`.",
        )
        notes = self.notes()
        if self.is_header():  # `when (…) { … }`
            self.advance()
            return [ast.Branch(notes, token.start, line, self._guarded_condition(), self._block())]
        if token.kind == "name" and self.peek().kind == "{":  # `otherwise { … }`
            self.advance()
            return [ast.Branch(notes, token.start, line, None, self._block())]
        self._guarded_statement()
        return []

    def _is_branch(self) -> bool:
        """Whether a branch begins here; words for it that are no words of the language are reported."""
        token = self.token
        if token.kind == "name":
            if token.text in _ELSE_IF and self.is_header():
                self._report_else_if(token.start)
                token.kind = "if"
            elif token.text in _BRANCH_WORDS and (self.peek().kind in ("{", "if") or self.is_header()):
                self.report_case(token, _BRANCH_WORDS[token.text])
        return token.kind in ("if", "else")

    def is_header(self) -> bool:
        """Whether parentheses with a block behind them follow the present word: it is no call."""
        if self.peek().kind != "(":
            return False
        depth = 0
        for distance in range(1, _MOST_HEADER_TOKENS):
            depth += NESTING.get(self.peek(distance).kind, 0)
            if depth == 0:
                return self.peek(distance + 1).kind == "{"
        return False

    def report_case(self, token: Token, word: str) -> None:
        """Reports a word that is one of the language but for its case, and reads it as that."""
        self.findings.error(
            token.start,
            "wrong_case",
            f"`{token.text}` has capital letters; words of the language have none.",
            f"Write {word}",
        )
        token.kind = token.text = word

    def _report_else_if(self, start: int) -> None:
        self.findings.error(
            start,
            "else_if",
            "There is no `else if`: the branches of `choose` are tried in order until one is true.",
            "Write if (…) { … } without `else`, inside choose { … }.",
        )

    def _branches(self, *, inside_choose: bool, has_else: bool = False) -> list[ast.Branch]:
        branches: list[ast.Branch] = []
        indent = self._indent_of(self.token.start)
        while self._is_branch():
            if branches and not inside_choose and self.token.kind == "if":
                break
            if inside_choose and branches and self._missing_braces > 0:
                column = self.source.position(self.token.start)[1] - 1
                if self.token.after_newline and column < indent:
                    break
            if has_else:
                self.findings.error(
                    self.token.start,
                    "branch_after_else",
                    "`else` is the last branch of a `choose`.",
                    "Move this branch before it.",
                )
            notes = self.notes()
            start = self.token.start
            line = self.source.line_of(start)
            if self.token.kind == "else":
                self.advance()
                if self.token.kind != "if":
                    has_else = True
                    branches.append(ast.Branch(notes, start, line, None, self._block()))
                    continue
                self._report_else_if(start)
            self.advance()
            # `if x > 5 then …`: what says how a branch is written says it for its block, too.
            is_bare = self.token.kind != "("
            condition = self._guarded_condition(is_reported=is_bare and not inside_choose)
            branches.append(ast.Branch(notes, start, line, condition, self._block(is_reported=is_bare)))
        return branches

    def _bare_if(self, *, is_reported: bool = False) -> ast.Statement:
        start = self.token.start
        word = self.token.kind
        if not is_reported:
            self.findings.error(
                start,
                f"bare_{word}",
                f"`{word}` stands only inside `choose`.",
                "choose { if (…) { … } else { … } }",
            )
        branches = self._branches(inside_choose=False)
        notes = ast.Notes(label=branches[0].notes.label)
        return ast.Choose(notes, start, self.last_end, self.source.line_of(start), branches)

    # Headers

    def _guarded_condition(self, *, is_reported: bool = False) -> ast.Expression:
        """The condition of a branch or loop; if it cannot be read, the block behind it still can.

        `is_reported` says that parentheses which are missing were reported.
        """
        start, first = self.token.start, self.position
        try:
            return self._condition(is_reported)
        except ParseError as problem:
            self.report(problem)
            self._skip_header(first)
            return self.missing(start)

    def _skip_header(self, first: int) -> None:
        """To the block behind a header that begins with the token `first` and could not be read."""
        depth = self.depth_since(first)
        while self.token.kind not in ("}", "end"):
            if self.token.kind == "{" or (
                depth <= 0 and (self.token.after_newline or self.token.kind == ";")
            ):
                return
            depth += NESTING.get(self.token.kind, 0)
            self.advance()

    def _condition(self, is_reported: bool) -> ast.Expression:
        has_parentheses = self.token.kind == "("
        if has_parentheses:
            self.advance()
        elif not is_reported:
            self.findings.error(
                self.token.start,
                "missing_parentheses",
                "A condition stands in parentheses.",
                f"{self.tokens[self.position - 1].text} (…) {{ … }}",
            )
        condition = self.expression()
        while self.token.kind in ("=", "=>"):
            if self.token.kind == "=":
                self.findings.error(
                    self.token.start,
                    "assignment_in_condition",
                    "`=` assigns; a condition compares.",
                    "Write == or is.",
                )
            else:
                self.findings.error(
                    self.token.start,
                    "foreign_operator",
                    "There is no operator `=>`.",
                    "Write >= for “greater or equal”.",
                )
            self.advance()
            self.expression()
        self._end_header(has_parentheses, "The condition ends with `)`")
        return condition

    def _end_header(self, has_parentheses: bool, sentence: str) -> None:
        if has_parentheses:
            self.expect(")", sentence)
        else:
            self.accept(")")  # the other half of a pair that was reported

    # Loops

    def _loop_body(self, start: int) -> list[ast.Statement]:
        self._loops += 1
        try:
            if self._loops > MAX_NESTED_LOOPS:
                raise NestingError(
                    start,
                    f"Loops are nested more than {MAX_NESTED_LOOPS} deep.",
                    "Move the inner loops to a helper function.",
                )
            return self._block()
        finally:
            self._loops -= 1

    def _for(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        self.advance()
        if self.token.text == "each" and self.token.kind == "name":
            self.findings.error(
                self.token.start, "for_each", "There is no `for each`.", "for (var x in list) { … }"
            )
            self.advance()
        first = self.position
        has_parentheses = self.accept("(")
        if not has_parentheses:
            self.findings.error(
                self.token.start,
                "missing_parentheses",
                "The header of a loop stands in parentheses.",
                "for (var x in list) { … }",
            )
        declares = self.token.kind == "var" or (
            self.token.text in ("let", "const") and self.peek().kind == "name"
        )
        name = self.peek() if declares else self.token
        if name.kind == "name" and self._is_for_in(2 if declares else 1):
            if declares:
                if self.token.kind == "name":
                    self.findings.error(
                        self.token.start,
                        "foreign_statement",
                        f"There is no `{self.token.text}` here.",
                        "Write var.",
                    )
                self.advance()
            return self._for_in(notes, start, line, first, declares=declares or not has_parentheses)
        loop = ast.For(notes, start, start, line, None, None, None, [])
        try:
            if declares:
                self.findings.error(
                    self.token.start,
                    "var_in_header",
                    "The header of a `for` declares nothing.",
                    f"Write var {name.text}: number; before the loop.",
                )
                self.findings.lost_names.add(name.text)
                self.advance()
            self._for_header(loop)
            self._end_header(has_parentheses, "The header ends with `)`")
        except ParseError as problem:
            self.report(problem)
            self._skip_header(first)
        loop.body = self._loop_body(start)
        loop.end = self.last_end
        return loop

    def _is_for_in(self, distance: int) -> bool:
        """Whether the header goes through a list; `distance` is that of the token behind its first name."""
        behind = self.peek(distance)
        if behind.kind in ("in", "name"):
            return True
        if behind.kind != ":":
            return False
        while behind.kind not in ("in", ")", "=", ";", "{", "end"):
            distance += 1
            behind = self.peek(distance)
        return behind.kind in ("in", ")")

    def _for_header(self, loop: ast.For) -> None:
        if not self.accept(";"):
            loop.initial = self._header_assignment()
            self._expect_semicolon("first part of the header")
        if not self.accept(";"):
            loop.condition = self.expression()
            self._expect_semicolon("condition")
        if self.token.kind not in (")", "{"):
            loop.update = self._header_assignment()

    def _expect_semicolon(self, part: str) -> None:
        # Commas instead of semicolons are a slip that leaves no doubt.
        if self.token.kind == ",":
            self.findings.error(
                self.token.start,
                "expected_token",
                f"A `;` is expected behind the {part}, not `,`.",
                "for (i = 0; i < n; i += 1) { … }",
            )
            self.advance()
            return
        self.expect(";", f"A `;` is expected behind the {part}")

    def _header_assignment(self) -> ast.Assignment:
        start = self.token.start
        if self.token.kind in ("++", "--"):
            return self._increment(start, ast.Notes(), None)
        target = self.postfix()
        if self.token.kind in ("++", "--"):
            return self._increment(start, ast.Notes(), target)
        if self.accept(":"):  # a type, which the header of a `for` has no place for
            self._type()
        operator = self.token.kind
        if operator not in ASSIGNMENTS:
            raise self.missed(
                "expected_assignment", "An assignment is expected here", "for (i = 0; i < n; i += 1) { … }"
            )
        self._check_target(target)
        self.advance()
        value = self.expression()
        return ast.Assignment(
            ast.Notes(), start, self.last_end, self.source.line_of(start), target, operator, value
        )

    def _increment(self, start: int, notes: ast.Notes, target: ast.Expression | None) -> ast.Assignment:
        """`x++` or, where `target` is None, `++x`; reported, and read as `x += 1`."""
        operator = self.token
        self.advance()
        if target is None:
            target = self.postfix()
        written = self.source.text[target.start : target.end]
        self.findings.error(
            operator.start,
            "increment",
            f"There is no `{operator.kind}`.",
            f"{written} {operator.kind[0]}= 1",
        )
        self._check_target(target)
        one = ast.Literal(operator.start, operator.end, 1, 1.0)
        line = self.source.line_of(start)
        return ast.Assignment(notes, start, self.last_end, line, target, operator.kind[0] + "=", one)

    def _for_in(
        self, notes: ast.Notes, start: int, line: int, first: int, *, declares: bool
    ) -> ast.Statement:
        has_parentheses = self.tokens[first].kind == "("
        variable_start = self.token.start
        variable = self._new_name("A loop variable")
        kind = ANY
        values = self.missing(start)
        try:
            if self.token.kind == ":" and self.peek(2).kind == ")":  # `for (x : list)`, as in Java
                self.findings.error(
                    self.token.start,
                    "for_of",
                    "A loop over a list is written with `in`.",
                    f"for (var {variable} in list) {{ … }}",
                )
                self.advance()
            else:
                if self.token.kind == ":":
                    kind, _, _ = self._declared_type(variable)
                self._expect_in(variable)
            values = self.expression()
            self._end_header(has_parentheses, "The header ends with `)`")
        except ParseError as problem:
            self.report(problem)
            self._skip_header(first)
        body = self._loop_body(start)
        return ast.ForIn(
            notes, start, self.last_end, line, variable, variable_start, declares, kind, values, body
        )

    def _expect_in(self, variable: str) -> None:
        if self.token.text != "of":
            self.expect("in", "`in` is expected here")
            return
        self.findings.error(
            self.token.start,
            "for_of",
            "A loop over a list is written with `in`.",
            f"for (var {variable} in list) {{ … }}",
        )
        self.advance()

    def _while(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        self.advance()
        condition = self._guarded_condition()
        body = self._loop_body(start)
        return ast.While(notes, start, self.last_end, self.source.line_of(start), condition, body)
