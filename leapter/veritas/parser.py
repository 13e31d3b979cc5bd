"""Tokens to the syntax tree."""

from typing import NoReturn

from leapter.veritas import ast
from leapter.veritas.declarations import DeclarationParser
from leapter.veritas.expressions import NestingError, ParseError
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Token, text_value, tokenize
from leapter.veritas.source import Source
from leapter.veritas.types import ANY

# CPython compiles at most 20 loops inside each other; a Blueprint needs far fewer.
MAX_NESTED_LOOPS = 16

_ASSIGNMENTS = frozenset(("=", "+=", "-=", "*=", "/=", "%="))
_FOREIGN_STATEMENTS = {
    "let": "Write var.",
    "const": "Write var.",
    "switch": "Write choose { if (…) { … } else { … } }, or a decision table: decide first.",
    "do": "Write while (…) { … }.",
    "try": "There is nothing to catch: test with choose first.",
    "import": "A Blueprint is called by its call identifier; nothing is imported.",
    "class": "Use an object {…} or a list.",
}


def parse(source: Source, findings: Findings) -> ast.Document:
    """The syntax tree of a logic file. What cannot be understood becomes a finding and is stepped over."""
    parser = Parser(source, findings, tokenize(source, findings))
    document = ast.Document(source)
    try:
        parser.document(document)
    except NestingError as problem:
        findings.error(problem.offset, "too_deep", problem.message, problem.fix)
    return document


class Parser(DeclarationParser):
    """Recursive descent; nesting is bounded, so that no source can exhaust Python's stack."""

    def __init__(self, source: Source, findings: Findings, tokens: list[Token]) -> None:
        super().__init__(source, findings, tokens)
        self._loops = 0

    # Top level

    def document(self, document: ast.Document) -> None:
        while self.token.kind != "end":
            if self.token.kind == "function":
                try:
                    document.functions.append(self._function())
                except ParseError as problem:
                    self.report(problem)
                    self._skip_to_function()
                continue
            if self.token.text == "define" or self.token.kind == "@":
                self.findings.error(
                    self.token.start,
                    "misplaced_type",
                    "Types are not defined in a logic file.",
                    "Move them to the project's types document, data/types.data.vts.",
                )
            else:
                self.findings.error(
                    self.token.start,
                    "expected_function",
                    f"A function is expected here, not {self.shown()}.",
                    "function name(input: number) -> output: number { … }",
                )
            self.advance()
            self._skip_to_function()
        if not document.functions and not self.findings.has_errors:
            self.findings.error(
                self.token.start,
                "no_function",
                "There is no function here, so there is nothing to run.",
                "function name(input: number) -> output: number { … }",
            )

    def _skip_to_function(self) -> None:
        while self.token.kind not in ("end", "function"):
            self.advance()

    def _function(self) -> ast.Function:
        notes = self.notes()
        start = self.token.start
        self.advance()
        if self.token.kind != "name":
            self.fail(
                "expected_name", f"A function needs a name, not {self.shown()}.", "function parking_fee(…) …"
            )
        name = self.token.text
        self.advance()
        self.expect("(", "The inputs of a function stand in parentheses: `(`")
        inputs = self._parameters(")", self._parameter)
        self.expect(")", "The inputs end with `)`")
        outputs: list[ast.Parameter] = []
        if self.accept("->"):
            outputs = self._parameters("{", self._parameter)
        elif self.token.kind != "{":
            self.findings.error(
                self.token.start,
                "expected_outputs",
                f"The outputs are expected here, after `->`, not {self.shown()}.",
                "function name(…) -> result: number { … }",
            )
            while self.token.kind not in ("{", "end", "function"):
                self.advance()
        if self.token.kind != "{":
            self.fail("expected_body", f"The body of `{name}` is expected here: `{{`, not {self.shown()}.")
        body = self._block()
        return ast.Function(notes, name, start, self.source.line_of(start), inputs, outputs, body)

    # Statements

    def _block(self) -> list[ast.Statement]:
        """`{ … }`, or what was meant by it."""
        if self.token.kind != "{":
            self.findings.error(
                self.token.start,
                "expected_block",
                f"`{{` is expected here, not {self.shown()}.",
                "Put the statements in { … }.",
            )
            if self.token.kind in ("}", "end"):
                return []
            statement = self._guarded_statement()
            return [] if statement is None else [statement]
        opening = self.token
        self.advance()
        with self.nested(opening.start):
            return self._statements_until_brace(opening)

    def _statements_until_brace(self, opening: Token) -> list[ast.Statement]:
        statements: list[ast.Statement] = []
        while self.token.kind != "}":
            # A function that begins its line is the next one of the file: a brace is missing before it.
            if self.token.kind == "end" or (
                self.token.kind == "function" and self.source.position(self.token.start)[1] == 1
            ):
                self.findings.error(
                    self.token.start,
                    "unclosed_brace",
                    f"The `{{` in line {self.source.line_of(opening.start)} is never closed.",
                    "Add the missing }.",
                )
                return statements
            if self.accept(";"):
                continue
            if self.token.kind == "function":
                self._nested_function()
                continue
            statement = self._guarded_statement()
            if statement is not None:
                statements.append(statement)
        self.advance()
        return statements

    def _nested_function(self) -> None:
        self.findings.error(
            self.token.start,
            "nested_function",
            "A function cannot be declared inside another.",
            "Move it before the Blueprint's function.",
        )
        try:
            with self.nested(self.token.start):
                self._function()
        except ParseError as problem:
            self.report(problem)
            self._skip_statement()

    def _guarded_statement(self) -> ast.Statement | None:
        position = self.position
        try:
            return self._statement()
        except ParseError as problem:
            self.report(problem)
            if self.position == position:
                self.advance()
            self._skip_statement()
            return None

    def _skip_statement(self) -> None:
        """To the next place where a statement can begin: behind `;`, in a new line, or before `}`."""
        depth = 0
        while self.token.kind != "end":
            kind = self.token.kind
            if depth == 0:
                if kind == ";":
                    self.advance()
                    return
                if kind == "}" or self.token.after_newline:
                    return
            if kind in ("{", "(", "["):
                depth += 1
            elif kind in ("}", ")", "]") and depth > 0:
                depth -= 1
            self.advance()

    def _statement(self) -> ast.Statement:
        token = self.token
        kind = token.kind
        if kind == "name":
            following = self.peek()
            if token.text == "section" and following.kind in ("string", "{"):
                return self._section()
            if token.text == "choose" and following.kind in ("{", "if"):
                return self._choose()
            if token.text == "decide" and following.text == "first":
                return self._decide()
            if token.text in _FOREIGN_STATEMENTS and following.kind in ("name", "{", "(", "string"):
                self.fail(
                    "foreign_statement", f"There is no `{token.text}` here.", _FOREIGN_STATEMENTS[token.text]
                )
            return self._simple()
        if kind == "var":
            return self._var()
        if kind in ("if", "else"):
            return self._bare_if()
        if kind == "for":
            return self._for()
        if kind == "while":
            return self._while()
        if kind in ("return", "break", "continue", "throw"):
            return self._jump()
        if kind == "{":
            self.findings.error(
                token.start,
                "bare_block",
                "A block stands only behind a statement that needs one.",
                'section "Title" { … }',
            )
            notes = self.notes()
            body = self._block()
            return ast.Section(notes, token.start, self.last_end, self.source.line_of(token.start), "", body)
        return self._simple()

    def _end(self) -> int:
        """The end of a simple statement; returns the offset just behind it."""
        end = self.tokens[self.position - 1].end
        if self.accept(";") or self.token.kind in ("}", "end") or self.token.after_newline:
            return end
        if self.token.kind == "=>":
            self.fail("arrow_function", "There are no arrow functions.", "Use for (var x in list) { … }.")
        raise self.problem(
            "expected_end",
            f"The statement is expected to end here, not {self.shown()}.",
            "End it with ; or a new line.",
        )

    def _simple(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        if self.token.kind in ("++", "--"):
            self._fail_increment(self.peek().text or "x")
        expression = self.expression()
        operator = self.token.kind
        if operator in _ASSIGNMENTS:
            self._check_target(expression)
            self.advance()
            value = self.expression()
            if self.token.kind in _ASSIGNMENTS:
                self.fail("chained_assignment", "One statement assigns once.", "Write two assignments.")
            return ast.Assignment(notes, start, self._end(), line, expression, operator, value)
        if operator in ("++", "--") and not self.token.after_newline:
            self._fail_increment(self.source.text[expression.start : expression.end])
        return ast.ExpressionStatement(notes, start, self._end(), line, expression)

    def _fail_increment(self, target: str) -> NoReturn:
        operator = self.token.text
        self.fail("increment", f"There is no `{operator}`.", f"{target} {operator[0]}= 1")

    def _section(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        self.advance()
        title = ""
        if self.token.kind == "string":
            title = text_value(self.token.text)
            self.advance()
        else:
            self.findings.error(
                self.token.start, "missing_title", "A section needs a title.", 'section "Title" { … }'
            )
        if self.token.kind == "{":
            # A description directly behind the brace is the section's, not its first statement's.
            following = self.peek()
            if following.notes and following.notes[0].kind == "description":
                notes.description = notes.description or following.notes[0].text
                following.notes = following.notes[1:]
        if not notes.label:
            notes.label = title
        body = self._block()
        return ast.Section(notes, start, self.last_end, self.source.line_of(start), title, body)

    def _choose(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        self.advance()
        branches: list[ast.Branch] = []
        opening = self.token
        if not self.accept("{"):
            self.findings.error(
                self.token.start,
                "expected_block",
                "`choose` needs braces around its branches.",
                "choose { if (…) { … } else { … } }",
            )
            branches = self._branches(inside_choose=True)
            return ast.Choose(notes, start, self.last_end, self.source.line_of(start), branches)
        with self.nested(opening.start):
            while True:
                branches += self._branches(
                    inside_choose=True, has_else=bool(branches) and branches[-1].condition is None
                )
                if self.accept(";"):
                    continue
                if self.accept("}"):
                    break
                if self.token.kind in ("end", "function"):
                    self.findings.error(
                        self.token.start,
                        "unclosed_brace",
                        f"The `{{` in line {self.source.line_of(opening.start)} is never closed.",
                        "Add the missing }.",
                    )
                    break
                self.findings.error(
                    self.token.start,
                    "expected_branch",
                    f"Inside `choose` stand only if (…) {{ … }} and else {{ … }}, not {self.shown()}.",
                    "Move the statement into a branch, or out of `choose`.",
                )
                self._guarded_statement()
        if not branches:
            self.findings.error(
                start, "empty_choose", "`choose` needs at least one branch.", "choose { if (…) { … } }"
            )
        return ast.Choose(notes, start, self.last_end, self.source.line_of(start), branches)

    def _branches(self, *, inside_choose: bool, has_else: bool = False) -> list[ast.Branch]:
        branches: list[ast.Branch] = []
        while self.token.kind in ("if", "else"):
            if branches and not inside_choose and self.token.kind == "if":
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
                self.findings.error(
                    start,
                    "else_if",
                    "There is no `else if`: the branches of `choose` are tried in order until one is true.",
                    "Write if (…) { … } without `else`, inside choose { … }.",
                )
            self.advance()
            try:
                condition = self._condition()
            except ParseError as problem:
                self.report(problem)
                while self.token.kind not in ("{", "}", ";", "end"):
                    self.advance()
                condition = self.missing(start)
            branches.append(ast.Branch(notes, start, line, condition, self._block()))
        return branches

    def _bare_if(self) -> ast.Statement:
        start = self.token.start
        if self.token.kind == "if":
            self.findings.error(
                start, "bare_if", "`if` stands only inside `choose`.", "choose { if (…) { … } else { … } }"
            )
        else:
            self.findings.error(
                start,
                "bare_else",
                "`else` stands only inside `choose`.",
                "choose { if (…) { … } else { … } }",
            )
        branches = self._branches(inside_choose=False)
        notes = ast.Notes(label=branches[0].notes.label)
        return ast.Choose(notes, start, self.last_end, self.source.line_of(start), branches)

    def _condition(self) -> ast.Expression:
        self.expect("(", "A condition stands in parentheses: `(`")
        condition = self.expression()
        if self.token.kind == "=":
            self.fail("assignment_in_condition", "`=` assigns; a condition compares.", "Write == or is.")
        self.expect(")", "The condition ends with `)`")
        return condition

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
        self.expect("(", "The header of a loop stands in parentheses: `(`")
        is_var = self.token.kind == "var"
        name_ahead = self.peek() if is_var else self.token
        if name_ahead.kind == "name":
            after = self.peek(2 if is_var else 1)
            if after.kind in ("in", ":") or (after.text == "of" and after.kind == "name"):
                return self._for_in(notes, start, line)
        initial: ast.Assignment | None = None
        if is_var:
            self.findings.error(
                self.token.start,
                "var_in_header",
                "The header of a `for` declares nothing.",
                f"Write var {name_ahead.text}: number; before the loop.",
            )
            self.advance()
        if not self.accept(";"):
            initial = self._header_assignment()
            self.expect(";", "A `;` is expected behind the first part of the header")
        condition: ast.Expression | None = None
        if not self.accept(";"):
            condition = self.expression()
            self.expect(";", "A `;` is expected behind the condition")
        update: ast.Assignment | None = None
        if self.token.kind != ")":
            update = self._header_assignment()
        self.expect(")", "The header ends with `)`")
        body = self._loop_body(start)
        return ast.For(notes, start, self.last_end, line, initial, condition, update, body)

    def _header_assignment(self) -> ast.Assignment:
        start = self.token.start
        if self.token.kind in ("++", "--"):
            self._fail_increment(self.peek().text or "i")
        target = self.postfix()
        if self.token.kind in ("++", "--"):
            self._fail_increment(self.source.text[target.start : target.end])
        operator = self.token.kind
        if operator not in _ASSIGNMENTS:
            self.fail(
                "expected_assignment",
                f"An assignment is expected here, not {self.shown()}.",
                "for (i = 0; i < n; i += 1) { … }",
            )
        self._check_target(target)
        self.advance()
        value = self.expression()
        return ast.Assignment(
            ast.Notes(), start, self.last_end, self.source.line_of(start), target, operator, value
        )

    def _for_in(self, notes: ast.Notes, start: int, line: int) -> ast.Statement:
        declares = self.accept("var")
        variable_start = self.token.start
        variable = self._new_name("A loop variable")
        kind = ANY
        if self.accept(":"):
            self._accept_type_word()
            kind = self._type()
        if self.token.text == "of":
            self.findings.error(
                self.token.start,
                "for_of",
                "A loop over a list is written with `in`.",
                f"for (var {variable} in list) {{ … }}",
            )
            self.advance()
        else:
            self.expect("in", "`in` is expected here")
        values = self.expression()
        self.expect(")", "The header ends with `)`")
        body = self._loop_body(start)
        return ast.ForIn(
            notes, start, self.last_end, line, variable, variable_start, declares, kind, values, body
        )

    def _while(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        self.advance()
        condition = self._condition()
        body = self._loop_body(start)
        return ast.While(notes, start, self.last_end, self.source.line_of(start), condition, body)

    def _jump(self) -> ast.Statement:
        notes = self.notes()
        token = self.token
        line = self.source.line_of(token.start)
        self.advance()
        if token.kind == "throw":
            value = self.expression()
            return ast.Throw(notes, token.start, self._end(), line, value)
        if token.kind == "return":
            if self.token.kind not in (";", "}", "end") and not self.token.after_newline:
                self.fail(
                    "return_value",
                    "`return` takes no value: what the outputs hold is the result.",
                    "Assign the output first, then return;",
                )
            return ast.Return(notes, token.start, self._end(), line)
        if token.kind == "break":
            return ast.Break(notes, token.start, self._end(), line)
        return ast.Continue(notes, token.start, self._end(), line)

    def _accept_type_word(self) -> bool:
        if self.token.text == "type" and self.peek().kind == "name":
            self.advance()
            return True
        return False

    def _var(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        self.advance()
        declarators: list[ast.Declarator] = []
        while True:
            own_notes = self.notes()
            name_start = self.token.start
            name = self._new_name("A local")
            kind, has_type = ANY, False
            if self.accept(":"):
                self._accept_type_word()
                kind, has_type = self._type(), True
            initial: ast.Expression | None = None
            if self.accept("="):
                initial = self.expression()
            declarators.append(
                ast.Declarator(
                    own_notes, name, name_start, self.source.line_of(name_start), kind, has_type, initial
                )
            )
            if not self.accept(","):
                break
        return ast.Var(notes, start, self._end(), line, declarators)
