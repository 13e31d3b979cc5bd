"""Tokens to statements."""

from abc import abstractmethod
from typing import NoReturn

from leapter.veritas import ast
from leapter.veritas.control import ASSIGNMENTS, ControlParser
from leapter.veritas.expressions import VALUE_STARTS
from leapter.veritas.instead import (
    DECLARING,
    FOLLOWERS,
    FOREIGN_STATEMENTS,
    MISWRITTEN,
    STATEMENTS_INSTEAD,
)
from leapter.veritas.lexer import Token, text_value
from leapter.veritas.reader import NESTING, ParseError
from leapter.veritas.types import WORDS

# How many words without quotes may be a title.
_MOST_TITLE_WORDS = 20


class StatementParser(ControlParser):
    """Reads the statements of a function; the parser of functions is built on it."""

    @abstractmethod
    def _nested_function(self) -> None: ...

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
            if token.text in DECLARING and following.kind == "name" and not following.after_newline:
                return self._foreign_declaration(token)
            if following.kind == ":" and self.peek(2).kind == "name":
                self.findings.error(
                    token.start,
                    "missing_var",
                    f"`{token.text}` is declared with `var`.",
                    f"var {token.text}: …",
                )
                return self._var(has_word=False)
            if token.text in FOREIGN_STATEMENTS and (
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
        if word == token.text or word not in MISWRITTEN:
            return
        if (following.kind in MISWRITTEN[word] and (following.kind != "(" or self.is_header())) or (
            word in ("return", "break", "continue") and following.after_newline
        ):
            self.report_case(token, word)
            if word in ("choose", "section", "decide"):
                token.kind = "name"

    def _fail_foreign_statement(self, word: str) -> NoReturn:
        problem = self.problem("foreign_statement", f"There is no `{word}` here.", FOREIGN_STATEMENTS[word])
        followers = FOLLOWERS.get(word, ())
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
        declaration = self._var()
        for declarator in declaration.declarators:
            declarator.has_type = True  # that it has none is part of what was reported
        return declaration

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
        self.statement_start = start
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
                STATEMENTS_INSTEAD.get(
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

    def _var(self, *, has_word: bool = True) -> ast.Var:
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
        if self.token.kind in VALUE_STARTS and not self.token.after_newline:
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
