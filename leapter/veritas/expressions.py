"""Tokens to expressions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from leapter.veritas import ast
from leapter.veritas.findings import Findings
from leapter.veritas.instead import INSTEAD
from leapter.veritas.lexer import Note, Token, text_value
from leapter.veritas.source import Source
from leapter.veritas.values import ABSENT, NULL, to_code_units

# Levels of parentheses, brackets and braces inside each other. One level takes at most eleven Python frames.
MAX_NESTING = 50
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
_FOREIGN_WORDS = {
    "new": "Write a literal: [] or {…}.",
    "typeof": "The type of every input and local is declared; nothing needs to ask for it.",
    "delete": "Assign null instead.",
    "void": "Write absent.",
    "await": "Nothing here has to be waited for.",
    "NOT": "Write not",
    "Not": "Write not",
}
# Operators of other languages: what to write, and the operator that the rest is read with.
_FOREIGN_OPERATORS = {
    "&": ("Write and, or + to join texts.", "&&"),
    "|": ("Write or", "||"),
    "^": ("Write Math.pow(base, exponent) for a power, isnt for “either, not both”.", "*"),
    "in": ("Write contains(list, value)", "==="),
    "mod": ("Write %", "%"),
    "div": ("Write Math.floor(a / b)", "/"),
    "xor": ("Write isnt", "!=="),
    "equals": ("Write is", "==="),
    "between": ("Write x >= a and x <= b", ">="),
    "instanceof": ("The type of every input and local is declared; nothing needs to ask for it.", "==="),
    "AND": ("Write and", "&&"),
    "OR": ("Write or", "||"),
    "IS": ("Write is", "==="),
    "ISNT": ("Write isnt", "!=="),
    "MOD": ("Write %", "%"),
    "And": ("Write and", "&&"),
    "Or": ("Write or", "||"),
    "Is": ("Write is", "==="),
}
# The same, for two signs that stand side by side.
_FOREIGN_PAIRS = {
    "**": ("Write Math.pow(base, exponent)", "*"),
    "<>": ("Write isnt", "!=="),
    "=<": ("Write <= for “less or equal”.", "<="),
    "??": ("Write if_absent(value, fallback)", "||"),
    "not in": ("Write !contains(list, value)", "==="),
}
_FOREIGN_STARTS = frozenset(("&", "|", "^", "in", "name", "*", "<", "=", "?", "not"))

_VALUE_STARTS = frozenset(("name", "number", "string", "true", "false", "null", "absent", "(", "[", "{"))

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


def _instead_of_function(callee: ast.Expression) -> str:
    """What to write instead of passing a function to `callee`."""
    instead = INSTEAD.get(callee.name) if isinstance(callee, ast.Property) else None
    return f"Use {instead or INSTEAD['forEach']}."


class ExpressionParser:
    """Reads expressions from a list of tokens; the parser of statements is built on it."""

    def __init__(self, source: Source, findings: Findings, tokens: list[Token]) -> None:
        self.source = source
        self.findings = findings
        self.tokens = tokens
        self.position = 0
        self.token = tokens[0]
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
                result.label = note.text
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
        notes.label = notes.label or others.label
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
            notes.label = last.trailing.text
        last.trailing = None

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
            if kind in _FOREIGN_STARTS:
                kind, width = self._foreign_operator()
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

    def _foreign_operator(self) -> tuple[str, int]:
        """Reports an operator of another language; returns the one to read the rest with, and how many tokens
        it has.
        """
        token, following = self.token, self.peek()
        pair = token.text + following.text
        if pair in _FOREIGN_PAIRS and following.start == token.end:
            fix, operator = _FOREIGN_PAIRS[pair]
            shown, width = pair, 2
        elif token.kind == "not" and following.kind == "in":
            fix, operator = _FOREIGN_PAIRS["not in"]
            shown, width = "not in", 2
        elif token.text in _FOREIGN_OPERATORS and not token.after_newline:
            fix, operator = _FOREIGN_OPERATORS[token.text]
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
            if (
                token.text in _FOREIGN_WORDS
                and following.kind in _VALUE_STARTS
                and not following.after_newline
            ):
                is_thrown = self.position > 0 and self.tokens[self.position - 1].kind == "throw"
                fix = 'throw "What is wrong";' if is_thrown else _FOREIGN_WORDS[token.text]
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
        return self.missed("expected_value", "A value is expected here")

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
