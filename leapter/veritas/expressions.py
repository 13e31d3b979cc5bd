"""Tokens to expressions."""

from leapter.veritas import ast
from leapter.veritas.instead import (
    FOREIGN_OPERATORS,
    FOREIGN_PAIRS,
    FOREIGN_STARTS,
    FOREIGN_WORDS,
    INSTEAD,
)
from leapter.veritas.lexer import Token, text_value
from leapter.veritas.reader import NestingError, ParseError, TokenReader
from leapter.veritas.values import ABSENT, NULL, to_code_units

# Operators on the longest path down an expression: `a + b + c` has two.
MAX_HEIGHT = 200

# Loosest first; `or` and `and` are `||` and `&&`, `is` and `isnt` are `===` and `!==`.
_LEVELS = {
    "||": 1, "or": 1,
    "&&": 2, "and": 2,
    "==": 3, "!=": 3, "===": 3, "!==": 3, "is": 3, "isnt": 3,
    "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5,
    "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_SYNONYMS = {"or": "||", "and": "&&", "is": "===", "isnt": "!==", "not": "!"}
VALUE_STARTS = frozenset(("name", "number", "string", "true", "false", "null", "absent", "(", "[", "{"))


def _instead_of_function(callee: ast.Expression) -> str:
    """What to write instead of passing a function to `callee`."""
    instead = INSTEAD.get(callee.name) if isinstance(callee, ast.Property) else None
    return f"Use {instead or INSTEAD['forEach']}."


class ExpressionParser(TokenReader):
    """Reads expressions from a list of tokens; the parser of statements is built on it."""

    # Expressions

    def missing(self, offset: int) -> ast.Expression:
        """Stands in for an expression that could not be read."""
        return ast.Literal(offset, offset, 1, ABSENT)

    def expression(self) -> ast.Expression:
        condition = self._binary(1)
        if self.token.kind != "?":
            return condition
        # A long ladder `a ? b : c ? d : e` is read in a loop, not by recursion.
        ladder: list[tuple[ast.Expression, ast.Expression]] = []
        last = condition
        while self.token.kind == "?":
            offset = self.token.start
            self.advance()
            with self.nested(offset):
                consequent = self.expression()
            self.expect(":", "`:` is expected here, before the value for false")
            ladder.append((last, consequent))
            last = self._binary(1)
        for condition, consequent in reversed(ladder):
            height = self._height(condition.start, condition, consequent, last)
            last = ast.Conditional(condition.start, last.end, height, condition, consequent, last)
        return last

    def _height(self, offset: int, *below: ast.Expression) -> int:
        height = 1 + max(expression.height for expression in below)
        if height > MAX_HEIGHT:
            raise NestingError(
                offset,
                f"This expression has more than {MAX_HEIGHT} operators in a row.",
                "Split it with locals.",
            )
        return height

    def _binary(self, lowest: int) -> ast.Expression:
        left = self.unary()
        while True:
            token = self.token
            kind = token.kind
            level = _LEVELS.get(kind)
            width = 1
            if kind in FOREIGN_STARTS:
                kind, width = self._foreign_operator(left)
                level = _LEVELS.get(kind)
            if level is None or level < lowest:
                return left
            for _ in range(width):
                self.advance()
            operator = _SYNONYMS.get(kind, kind)
            if token.kind == "is" and self.token.kind == "not":
                self.findings.warning(
                    token.start,
                    "is_not",
                    "`x is not y` compares x with the truth value of `not y`.",
                    "Write isnt for “is different from”.",
                )
            right = self._binary(level + 1)
            height = self._height(left.start, left, right)
            if level <= 2:
                left = ast.Logical(left.start, right.end, height, operator, left, right)
            else:
                left = ast.Binary(left.start, right.end, height, operator, left, right)

    def _foreign_operator(self, left: ast.Expression) -> tuple[str, int]:
        """Reports an operator of another language behind `left`; returns the one to read the rest with, and
        how many tokens it has.
        """
        token, following = self.token, self.peek()
        pair = token.text + following.text
        # `done =! done` assigns where it begins a statement.
        is_pair = pair != "=!" or left.start != self.statement_start
        if is_pair and pair in FOREIGN_PAIRS and following.start == token.end:
            fix, operator = FOREIGN_PAIRS[pair]
            shown, width = pair, 2
        elif token.kind == "not" and following.kind == "in":
            fix, operator = FOREIGN_PAIRS["not in"]
            shown, width = "not in", 2
        elif token.text in FOREIGN_OPERATORS and not token.after_newline:
            fix, operator = FOREIGN_OPERATORS[token.text]
            shown, width = token.text, 1
        else:
            return token.kind, 1
        self.findings.error(token.start, "foreign_operator", f"There is no operator `{shown}`.", fix)
        return operator, width

    def unary(self) -> ast.Expression:
        kind = self.token.kind
        if kind not in ("!", "not", "-", "+"):
            return self.postfix()
        operators: list[Token] = []
        while self.token.kind in ("!", "not", "-", "+"):
            operators.append(self.token)
            self.advance()
        operand = self.postfix()
        for token in reversed(operators):
            height = self._height(token.start, operand)
            operand = ast.Unary(
                token.start, operand.end, height, _SYNONYMS.get(token.kind, token.kind), operand
            )
        return operand

    def postfix(self) -> ast.Expression:
        expression = self.primary()
        while True:
            token = self.token
            if token.kind == "?" and self.peek().kind == "." and self.peek().start == token.end:
                self.findings.error(
                    token.start,
                    "foreign_operator",
                    "There is no operator `?.`.",
                    "Test first: x == null ? absent : x.name",
                )
                self.advance()
                token = self.token
            if token.kind == ".":
                self.advance()
                name = self.token
                if not (name.kind == "name" or name.text.isidentifier()) or name.kind == "string":
                    self.fail(
                        "expected_property", f"The name of a property is expected here, not {self.shown()}."
                    )
                self.advance()
                height = self._height(expression.start, expression)
                expression = ast.Property(
                    expression.start, name.end, height, expression, name.text, name.start
                )
            elif token.kind == "[":
                self.advance()
                with self.nested(token.start):
                    index = self.expression()
                self.expect("]", "`]` is expected here")
                height = self._height(expression.start, expression, index)
                expression = ast.Index(expression.start, self.last_end, height, expression, index)
            elif token.kind == "(":
                self.advance()
                with self.nested(token.start):
                    arguments = self._arguments(_instead_of_function(expression))
                self.expect(")", "`)` or a comma is expected here")
                height = self._height(
                    expression.start, expression, *[argument.value for argument in arguments]
                )
                expression = ast.Call(expression.start, self.last_end, height, expression, arguments)
            else:
                return expression

    def _arguments(self, instead: str) -> list[ast.Argument]:
        arguments: list[ast.Argument] = []
        while self.token.kind not in (")", "end"):
            start = self.token.start
            name: str | None = None
            if self.token.kind == "name" and self.peek().kind == ":":
                name = self.token.text
                self.advance()
                self.advance()
            if self.token.kind == "function":
                self.fail("function_value", "A function cannot be passed on.", instead)
            if self._is_arrow_function():
                self.fail("arrow_function", "There are no arrow functions.", instead)
            value = self.expression()
            arguments.append(ast.Argument(name, value, start))
            if not self.accept(","):
                break
        return arguments

    def _is_arrow_function(self) -> bool:
        """Whether `x => …` or `(x, y) => …` begins here."""
        if self.token.kind == "name":
            return self.peek().kind == "=>"
        distance = 1
        if self.token.kind == "(":
            while self.peek(distance).kind in ("name", ","):
                distance += 1
            return self.peek(distance).kind == ")" and self.peek(distance + 1).kind == "=>"
        return False

    def primary(self) -> ast.Expression:
        token = self.token
        kind = token.kind
        if kind == "name":
            following = self.peek()
            if token.text in FOREIGN_WORDS and following.kind in VALUE_STARTS and not following.after_newline:
                is_thrown = self.position > 0 and self.tokens[self.position - 1].kind == "throw"
                fix = 'throw "What is wrong";' if is_thrown else FOREIGN_WORDS[token.text]
                self.fail("foreign_word", f"There is no `{token.text}` here.", fix)
            self.advance()
            return ast.Name(token.start, token.end, 1, token.text)
        if kind == "number":
            self.advance()
            return ast.Literal(token.start, token.end, 1, float(token.text))
        if kind == "string":
            self.advance()
            return ast.Literal(token.start, token.end, 1, to_code_units(text_value(token.text)))
        if kind in ("true", "false"):
            self.advance()
            return ast.Literal(token.start, token.end, 1, kind == "true")
        if kind == "null":
            self.advance()
            return ast.Literal(token.start, token.end, 1, NULL)
        if kind == "absent":
            self.advance()
            return ast.Literal(token.start, token.end, 1, ABSENT)
        if kind == "(":
            self.advance()
            with self.nested(token.start):
                inner = self.expression()
            self.expect(")", "`)` is expected here")
            # The parentheses belong to the text of what stands in them.
            inner.start, inner.end = token.start, self.last_end
            return inner
        if kind == "[":
            return self.list_literal()
        if kind == "{":
            return self._object()
        raise self._no_value()

    def _no_value(self) -> ParseError:
        """The problem with the present token, where a value should be."""
        token = self.token
        if token.kind in ("++", "--"):
            target = self.peek().text if self.peek().kind == "name" else "x"
            return self.problem("increment", f"There is no `{token.kind}`.", f"{target} {token.kind[0]}= 1")
        if token.kind == "function":
            return self.problem(
                "function_value", "A function is not a value.", "Declare it before the Blueprint's function."
            )
        if token.kind == "if":
            return self.problem("if_expression", "`if` is not a value.", "Write condition ? value : other.")
        if token.kind == "=":
            return self.problem(
                "expected_value", "A value is expected here, not `=`.", "Compare with ===, == or is."
            )
        if token.kind == "`":
            return self.problem("template", "There are no templates.", 'Join text with +: "Total: " + total')
        before = self.tokens[self.position - 1].kind if self.position else ""
        if before == "%":
            return self.missed(
                "expected_value",
                "`%` divides and gives the remainder: a value is expected here",
                "5 % is 0.05",
            )
        if token.notes and any(note.kind == "description" for note in token.notes):
            return ParseError(
                token.notes[0].start,
                "expected_value",
                'Between """ stands a description, which is not a value.',
                "Put text between single or double quotes.",
            )
        return self.missed(
            "expected_value", "A value is expected here", 'Write a number, "a text", a name or a call.'
        )

    def list_literal(self) -> ast.ListLiteral:
        start = self.token.start
        elements: list[ast.Expression] = []
        height = 0
        with self.nested(start):
            self.advance()
            while self.token.kind not in ("]", "end"):
                element = self.expression()
                height = max(height, element.height)
                elements.append(element)
                if not self.accept(","):
                    break
            self.expect("]", "`]` or a comma is expected here")
        return ast.ListLiteral(start, self.last_end, height + 1, elements)

    def _object(self) -> ast.Expression:
        start = self.token.start
        entries: list[tuple[str, ast.Expression]] = []
        height = 0
        with self.nested(start):
            self.advance()
            while self.token.kind not in ("}", "end"):
                key = self.token
                if key.kind == "string":
                    name = to_code_units(text_value(key.text))
                elif key.kind == "name" or key.text.isidentifier() or key.kind == "number":
                    name = key.text
                else:
                    self.fail(
                        "expected_key", f"A key is expected here, not {self.shown()}.", '{"key": value}'
                    )
                self.advance()
                self.expect(":", "`:` is expected here, behind the key")
                value = self.expression()
                height = max(height, value.height)
                entries.append((name, value))
                if not self.accept(","):
                    break
            self.expect("}", "`}` or a comma is expected here")
        return ast.ObjectLiteral(start, self.last_end, height + 1, entries)
