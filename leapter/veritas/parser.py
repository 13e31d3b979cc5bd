"""Tokens to the syntax tree."""

from typing import NoReturn

from leapter.veritas import ast
from leapter.veritas.control import ASSIGNMENTS, ControlParser
from leapter.veritas.expressions import NESTING, NestingError, ParseError
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Token, text_value, tokenize
from leapter.veritas.source import Source
from leapter.veritas.types import WORDS

_FOREIGN_STATEMENTS = {
    "switch": "Write choose { if (…) { … } else { … } }, or a decision table: decide first.",
    "do": "Write while (…) { … }.",
    "try": "There is nothing to catch: test with choose first.",
    "foreach": "Write for (var x in list) { … }",
    "until": "Write while (!(…)) { … }.",
    "unless": "Write choose { if (!(…)) { … } }.",
    "loop": "Write while (…) { … }.",
    "repeat": "Write while (…) { … }.",
    "import": "A Blueprint is called by its call identifier; nothing is imported.",
    "export": "Nothing is exported: the outputs are the result.",
    "class": "Use an object {…} or a list.",
    "def": "A function is declared with the word function, before the Blueprint's.",
    "set": "Write x = …",
    "print": "Assign what is to be seen to an output.",
    "call": "Write the call alone: list.push(x);",
    "assert": 'Write choose { if (!(…)) { throw "…"; } }.',
    "raise": "Write throw.",
}
# What to write for words that begin or end statements in other languages.
_STATEMENTS_INSTEAD = {
    "if": "choose { if (…) { … } else { … } }",
    "else": "choose { if (…) { … } else { … } }",
    "for": "for (var x in list) { … }",
    "while": "while (…) { … }",
    "end": "A block ends with }.",
    "case": "choose { if (…) { … } else { … } }",
    "when": "choose { if (…) { … } else { … } }",
}
_MOST_TITLE_WORDS = 20
# Blocks that go with the statement before them: `try { } catch (e) { }`, `do { } while (c)`.
_FOLLOWERS = {"try": ("catch", "finally"), "do": ("while",)}
# Words that are the language's own but for their case, and what may follow them.
_MISWRITTEN = {
    "function": ("name",),
    "var": ("name",),
    "if": ("(",),
    "else": ("{", "if"),
    "for": ("(",),
    "while": ("(",),
    "throw": ("string", "name"),
    "return": (";", "}"),
    "break": (";", "}"),
    "continue": (";", "}"),
    "choose": ("{",),
    "section": ("string",),
    "decide": ("name",),
}
_VALUE_STARTS = frozenset(("name", "number", "string", "true", "false", "null", "absent", "[", "{", "("))
_FUNCTION_WORDS = frozenset(("func", "def", "fn", "fun", "sub", "procedure", "proc"))
# Words that other languages write before `function`.
_MODIFIERS = frozenset(("export", "async", "public", "private", "static", "default"))
# Words that other languages declare a local with.
_DECLARING = (
    frozenset(("let", "const", "int", "float", "double", "bool", "str", "auto", "val", "dim", "String"))
    | WORDS.keys()
)


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


class Parser(ControlParser):
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
        if token.text in _MODIFIERS and self.peek().kind in ("function", "name"):
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
            if token.text in _FUNCTION_WORDS:
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

    # Statements

    def _guarded_statement(self) -> ast.Statement | None:
        if self.token.kind == "function":
            self._nested_function()
            return None
        first = self.position
        try:
            statement = self._statement()
        except ParseError as problem:
            self.report(problem)
            if self.position == first:
                self.advance()
            self._skip_statement(first)
            return None
        self.take_trailing_label(statement.notes)
        return statement

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

    def _skip_statement(self, first: int) -> None:
        """Behind a statement that begins with the token `first` and could not be read."""
        self.skip(first, frozenset(), self._indent_of(self.tokens[first].start))
        self.accept(";")

    def _statement(self) -> ast.Statement:
        token = self.token
        kind = token.kind
        if kind == "name":
            self._correct_case(token)
            kind = token.kind
        if kind == "name":
            following = self.peek()
            if token.text == "section" and self._is_section(following):
                return self._section()
            if token.text == "choose" and following.kind in ("{", "if"):
                return self._choose()
            if token.text == "decide" and (following.text == "first" or following.kind == "table"):
                return self._decide()
            if token.text == "decide" and self.peek(2).kind == "table":
                return self._decide()
            if token.text == "first" and following.kind == "table":
                self.findings.error(
                    token.start, "expected_decide", "`decide` is missing before `first`.", "decide first"
                )
                return self._decide(has_word=False)
            if token.text in _DECLARING and following.kind == "name" and not following.after_newline:
                return self._foreign_declaration(token)
            if following.kind == ":" and self.peek(2).kind == "name":
                self.findings.error(
                    token.start,
                    "missing_var",
                    f"`{token.text}` is declared with `var`.",
                    f"var {token.text}: …",
                )
                return self._var(has_word=False)
            if token.text in _FOREIGN_STATEMENTS and (
                (following.kind in ("name", "{", "string") and not following.after_newline)
                or self.is_header()
            ):
                self._fail_foreign_statement(token.text)
            if self._is_branch():
                return self._bare_if(is_reported=True)
            return self._simple()
        if kind in ("|", "table"):
            self._fail_table()
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
            if self.peek().kind == "if":
                self.findings.error(
                    token.start,
                    "missing_choose",
                    "`choose` is missing before these branches.",
                    "choose { … }",
                )
                return self._choose(has_word=False)
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

    def _fail_table(self) -> NoReturn:
        problem = self.problem(
            "expected_decide",
            "A table stands directly below `decide first`.",
            "decide first, in the line above",
        )
        while self.token.kind != "end" and (not self.token.after_newline or self.token.kind == "|"):
            self.advance()
        raise problem

    def _is_section(self, following: Token) -> bool:
        if following.kind == "(":
            return self.peek(2).kind == "string" and self.is_header()
        distance = 1
        # Perhaps there is a title without quotes.
        while following.kind == "name" and not following.after_newline and distance < _MOST_TITLE_WORDS:
            distance += 1
            following = self.peek(distance)
        return following.kind == "{" or (following.kind == "string" and distance == 1)

    def _correct_case(self, token: Token) -> None:
        """Reads `If (`, `RETURN;` and the like as the words that they are but for their case."""
        word = token.text.lower()
        following = self.peek()
        if word == token.text or word not in _MISWRITTEN:
            return
        if (following.kind in _MISWRITTEN[word] and (following.kind != "(" or self.is_header())) or (
            word in ("return", "break", "continue") and following.after_newline
        ):
            self.report_case(token, word)
            if word in ("choose", "section", "decide"):
                token.kind = "name"

    def _fail_foreign_statement(self, word: str) -> NoReturn:
        problem = self.problem("foreign_statement", f"There is no `{word}` here.", _FOREIGN_STATEMENTS[word])
        followers = _FOLLOWERS.get(word, ())
        if followers:
            self._skip_blocks(followers)
        raise problem

    def _skip_blocks(self, followers: tuple[str, ...]) -> None:
        """Up to the last of the blocks that belong to the present word."""
        depth = 0
        while self.peek().kind != "end" and (depth or self.peek().kind != "}"):
            self.advance()
            depth += NESTING.get(self.token.kind, 0)
            if depth:
                continue
            if self.token.kind == ";" or (self.token.kind == "}" and self.peek().text not in followers):
                return

    def _foreign_declaration(self, token: Token) -> ast.Statement:
        name = self.peek().text
        kind = WORDS.get(token.text)
        self.findings.error(
            token.start,
            "foreign_statement",
            f"A local is declared with `var`, not with `{token.text}`.",
            f"var {name}: {token.text}" if kind else f"Write var {name}: number",
        )
        return self._var()

    def _end(self) -> int:
        """The end of a simple statement; returns the offset just behind it."""
        end = self.tokens[self.position - 1].end
        if self.accept(";") or self.token.kind in ("}", "end") or self.token.after_newline:
            return end
        if self.token.kind == "=>":
            self.fail("arrow_function", "There are no arrow functions.", "Use for (var x in list) { … }.")
        if self.token.kind in (")", "]"):
            opening = "(" if self.token.kind == ")" else "["
            self.fail(
                "expected_end",
                f"There is one `{self.token.kind}` more than there are `{opening}`.",
                f"Remove it, or add the missing {opening}.",
            )
        before = self.tokens[self.position - 1]
        following = self.peek()
        if (
            self.token.kind == ","
            and before.kind == following.kind == "number"
            and self.token.end == following.start
        ):
            whole, part = before.text, following.text
            fix = f"Write {whole}.{part}"
            if len(part) == 3 and whole != "0":
                fix = f"Write {whole}{part}, or {whole}.{part}"
            raise ParseError(
                before.start,
                "bad_number",
                "A number has a decimal point, and nothing between thousands.",
                fix,
            )
        if self.token.kind in ("++", "--"):
            self.fail(
                "increment",
                f"There is no `{self.token.kind}`.",
                f"Write {before.text} {self.token.kind[0]} 1",
            )
        if self.token.kind == "string" and before.text in ("f", "F") and before.end == self.token.start:
            raise ParseError(
                before.start, "template", "There are no templates.", 'Join text with +: "Total: " + total'
            )
        is_value = self.token.kind in ("name", "number", "string", "true", "false", "null", "absent")
        raise self.problem(
            "expected_end",
            f"The statement is expected to end here, not {self.shown()}.",
            "Write an operator between the values, or end the statement with ; or a new line."
            if is_value
            else "End it with ; or a new line.",
        )

    def _simple(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        if self.token.kind in ("++", "--"):
            increment = self._increment(start, notes, None)
            increment.end = self._end()
            return increment
        expression = self.expression()
        operator = self.token.kind
        if (
            isinstance(expression, ast.Name)
            and operator in ("name", "number", "string")
            and not self.token.after_newline
        ):
            raise ParseError(
                start,
                "unknown_statement",
                f"No statement begins with `{expression.name}`.",
                _STATEMENTS_INSTEAD.get(
                    expression.name.lower(), "Assign with =, as in x = 5; or call: list.push(x);"
                ),
            )
        if operator == ":" and self.peek().kind == "=":
            self.findings.error(self.token.start, "foreign_operator", "There is no operator `:=`.", "Write =")
            self.advance()
            operator = "="
        if operator in ASSIGNMENTS:
            self._check_target(expression)
            first = self.position
            self.advance()
            value = self.expression()
            if self.token.kind in ASSIGNMENTS:
                self._fail_second_assignment(first)
            return ast.Assignment(notes, start, self._end(), line, expression, operator, value)
        if operator in ("++", "--") and not self.token.after_newline:
            increment = self._increment(start, notes, expression)
            increment.end = self._end()
            return increment
        return ast.ExpressionStatement(notes, start, self._end(), line, expression)

    def _fail_second_assignment(self, first: int) -> NoReturn:
        """A second `=`: of the next line, where the first one, at the token `first`, lacks its value."""
        for position in range(self.position - 1, first, -1):
            if self.tokens[position].after_newline:
                self.position, self.token = position, self.tokens[position]
                raise self.missed("expected_value", "A value is expected here")
        self.fail("chained_assignment", "One statement assigns once.", "Write two assignments.")

    def _section(self) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        self.advance()
        title = ""
        if self.token.kind == "(":
            self.findings.error(
                self.token.start,
                "missing_title",
                "The title of a section stands alone.",
                'section "Title" { … }',
            )
            self.advance()
            title = text_value(self.token.text)
            while self.token.kind != "{":
                self.advance()
        elif self.token.kind == "string":
            title = text_value(self.token.text)
            self.advance()
        else:
            self.findings.error(
                self.last_end,
                "missing_title",
                "A section needs a title, in quotes.",
                'section "Title" { … }',
            )
            while self.token.kind == "name":
                self.advance()
        if self.token.kind == "{":
            # A description directly behind the brace is the section's, not its first statement's.
            following = self.peek()
            if following.notes and following.notes[0].kind == "description":
                inside = following.notes[0].text
                notes.description = f"{notes.description}\n{inside}" if notes.description else inside
                following.notes = following.notes[1:]
        if not notes.label:
            notes.label = title
        body = self._block()
        return ast.Section(notes, start, self.last_end, self.source.line_of(start), title, body)

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

    def _var(self, *, has_word: bool = True) -> ast.Statement:
        notes = self.notes()
        start = self.token.start
        line = self.source.line_of(start)
        if has_word:
            self.advance()
        declarators: list[ast.Declarator] = []
        while True:
            own_notes = self.notes()
            name_start = self.token.start
            name = self._new_name("A local")
            kind, has_type, _ = self._declared_type(name)
            declarator = ast.Declarator(
                own_notes, name, name_start, self.source.line_of(name_start), kind, has_type, None
            )
            declarators.append(declarator)
            position = self.position
            try:
                declarator.initial = self._initial()
                if self.token.kind != ",":
                    end = self._end()
                    break
            except ParseError as problem:
                # The name is declared, whatever is wrong behind it; and so are those behind it.
                self.report(problem)
                self._skip_initial(position)
                if self.token.kind != "," and not self._is_declarator():
                    end = self.last_end
                    self.accept(";")
                    break
            if self.token.kind == ",":
                self.take_trailing_label(own_notes)
                self.advance()
                self.take_trailing_label(own_notes)
        if len(declarators) > 1:
            self.take_trailing_label(own_notes)
        return ast.Var(notes, start, end, line, declarators)

    def _is_declarator(self) -> bool:
        """Whether `name:` follows in the same line."""
        return self.token.kind == "name" and self.peek().kind == ":" and not self.token.after_newline

    def _initial(self) -> ast.Expression | None:
        """The value that a local is declared with."""
        if self.token.kind in _VALUE_STARTS and not self.token.after_newline:
            if self._is_declarator():
                raise self.problem(
                    "expected_comma", f"A comma is expected here, not {self.shown()}.", "Add a comma"
                )
            self.findings.error(
                self.token.start, "expected_equals", "`=` is expected before this value.", "Add ="
            )
            return self.expression()
        if not self.accept("="):
            return None
        first = self.position - 1
        value = self.expression()
        if self.token.kind in ASSIGNMENTS:
            self._fail_second_assignment(first)
        if self._is_declarator():
            raise self.problem(
                "expected_comma", f"A comma is expected here, not {self.shown()}.", "Add a comma"
            )
        return value

    def _skip_initial(self, first: int) -> None:
        """To the next declarator of a `var`, or to its end; names between count as declared."""
        if self._is_declarator() and self.depth_since(first) == 0:
            return
        begin = self.position
        self.skip(first, frozenset((",", "function")), self._indent_of(self.tokens[first].start))
        for position in range(first, max(begin, self.position)):
            if self.tokens[position].kind == "name" and self.tokens[position + 1].kind == ":":
                self.findings.lost_names.add(self.tokens[position].text)
