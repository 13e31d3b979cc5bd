"""Tokens to inputs, outputs and their types."""

from leapter.veritas import ast
from leapter.veritas.lexer import Token
from leapter.veritas.reader import NESTING, NestingError, ParseError
from leapter.veritas.tables import TableParser
from leapter.veritas.types import ANY, WORDS, Type

# Before these, `type` is the name of a type.
_BEHIND_TYPE = frozenset((",", ")", "=", "{", "}", "->", ";", "in", "?", "end"))
# What may stand behind the word `any` in its line.
_BEHIND_ANY = frozenset(("single", "multiple", "choice", "of", "constrained_to", "as"))
# How many words of a line are looked at.
_MOST_WORDS = 20
_CONTAINERS = {"list": "list", "array": "list", "map": "map", "dict": "map", "record": "map"}


# Of a default or allowed values, in a mend.
_MOST_SHOWN = 60


def _begins_addition(token: Token) -> bool:
    """Whether allowed values or a default begin here."""
    return token.kind in ("=", "==") or (token.kind == "name" and token.text == "choice")


class DeclarationParser(TableParser):
    """Reads declarations; the parser of statements is built on it."""

    def _parameters(self, closing: str) -> list[ast.Parameter]:
        parameters: list[ast.Parameter] = []
        while self.token.kind not in (closing, "end"):
            position = self.position
            notes = self.notes()
            is_read = False
            try:
                parameters.append(self._parameter(notes))
                is_read = parameters[-1].has_type
            except ParseError as problem:
                self.report(problem)
                self._skip_parameter(position)
                if self.position == position:
                    self.advance()
            self.take_trailing_label(notes)
            if self.token.kind == closing:
                break
            if self.token.kind == ";" and self.peek().kind == "name" and self.peek(2).kind == ":":
                self.findings.error(
                    self.token.start, "expected_comma", "A comma is expected here, not `;`.", "Write ,"
                )
                self.token.kind = ","
            if self.accept(","):
                self.take_trailing_label(notes)
                continue
            if self.token.kind in ("->", "=>", "{", "}", ")", ";", "function", "end"):
                break
            if self.token.after_newline and self.peek().kind != ":" and closing == "{":
                break  # the body, whose brace is missing
            if is_read:
                self.report(self.missed("expected_comma", "A comma is expected here", "Add a comma"))
            if self.token.kind != "name" or self.peek().kind != ":":
                self._skip_parameter(self.position)
                self.accept(",")
        return parameters

    def _skip_parameter(self, first: int) -> None:
        """Behind a parameter that begins with the token `first` and could not be read."""
        depth = self.depth_since(first)
        while self.token.kind != "end":
            kind = self.token.kind
            if kind in ("->", "function") or (depth <= 0 and kind in (",", ")", "{")):
                return
            following = self.peek()
            if (kind == "," and following.kind == "name" and self.peek(2).kind == ":") or (
                kind == ")" and following.kind == "->"
            ):
                return
            if self.token.after_newline and (kind == ")" or (kind == "name" and self.peek().kind == ":")):
                return
            depth += NESTING.get(kind, 0)
            self.advance()

    def _parameter(self, notes: ast.Notes) -> ast.Parameter:
        start = self.token.start
        if self._is_type_first():
            name = self.peek().text
            written = self.token.text
            self.findings.error(
                start, "type_first", f"The name stands before its type: `{name}`.", f"{name}: {written}"
            )
            kind, has_type, has_type_word = Type(kind=WORDS[written], written=written), True, True
            self.advance()
            self.advance()
        else:
            name = self._new_name("An input or output")
            kind, has_type, has_type_word = self._declared_type(name, is_demanded=True)
        parameter = ast.Parameter(notes, name, start, self.source.line_of(start), kind, has_type, None, None)
        position = self.position
        addition = self.token
        is_read = False
        try:
            while self._addition(parameter):
                pass
            is_read = True
        except ParseError as problem:
            # The name is declared, whatever is wrong behind it.
            self.report(problem)
            self._skip_parameter(position)
        if not has_type_word and _begins_addition(addition):
            written = self.source.text[addition.start : self.last_end] if is_read else "…"
            self._report_type_word(parameter, addition, written)
        return parameter

    def _is_type_first(self) -> bool:
        """Whether a parameter is written as in other languages: `number a`."""
        following = self.peek()
        return (
            self.token.kind == following.kind == "name"
            and self.token.text in WORDS
            and following.text not in WORDS
            and self.peek(2).kind in (",", ")", "=", "{", "->")
        )

    def _addition(self, parameter: ast.Parameter) -> bool:
        """Reads allowed values or a default, if there are some."""
        if self.token.text == "choice" and self.token.kind == "name":
            self.advance()
            parameter.choices = self._choices()
            return True
        if self.token.kind in ("=", "=="):
            if self.token.kind == "==":
                self.findings.error(
                    self.token.start, "expected_default", "A default is written with one `=`.", "Write ="
                )
            self.advance()
            parameter.default = self.expression()
            return True
        return False

    def _declared_type(self, name: str, *, is_demanded: bool = False) -> tuple[Type, bool, bool]:
        """What stands behind a declared name: its type, whether one could be read, and whether the word
        `type` begins it.
        """
        has_type_word = False
        # A mark behind the name says in other languages that it may be left out.
        if self.token.kind == "?" and self.peek().kind == ":":
            self._report_optional_mark(name)
        has_type = self.accept(":")
        if not has_type and is_demanded and self._is_prose():
            raise ParseError(
                self.tokens[self.position - 1].start,
                "expected_parameter",
                "This line declares nothing: `name: type` is expected.",
                "A label begins with //*, a comment with //",
            )
        if not has_type and self.token.kind == "name" and not self.token.after_newline:
            self.findings.error(
                self.token.start,
                "expected_colon",
                f"`:` is expected between `{name}` and its type.",
                f"{name}: …",
            )
            has_type = True
        if not has_type:
            if is_demanded and name in WORDS:
                self.findings.error(
                    self.tokens[self.position - 1].start,
                    "missing_name",
                    f"`{name}` is a type; a name stands before it.",
                    f"result: {name}",
                )
            elif is_demanded:
                self.findings.error(
                    self.last_end, "missing_type", f"`{name}` needs a type.", f"{name}: number"
                )
            return ANY, False, False
        if self.token.text == "type" and self.peek().kind not in _BEHIND_TYPE:
            # `type` is also a fine name for a structure's alias, so it is the word only before a type.
            has_type_word = True
            self.advance()
        try:
            declared = self._type()
            if self.token.kind == "?" and self.peek().kind in (",", ")", "=", "{", "->"):
                self._report_optional_mark(name)
            return declared, True, has_type_word
        except ParseError as problem:
            self.report(problem)
            self._skip_type()
            return ANY, False, True

    def _is_prose(self) -> bool:
        """Whether the words of this line are no declaration: a label without its mark, say."""
        if self.token.kind not in ("name", "in", "is", "and", "or", "not", "for", "if"):
            return False
        word = self.token.text
        if self.token.after_newline or word == "type" or word in WORDS or word.lower() in _CONTAINERS:
            return False
        distance = 0
        while distance < _MOST_WORDS and not self.peek(distance).after_newline:
            distance += 1
        return self.peek(distance).kind == "name" and self.peek(distance + 1).kind == ":"

    def _report_optional_mark(self, name: str) -> None:
        self.findings.error(
            self.token.start,
            "optional_mark",
            f"A `?` does not make `{name}` optional; a default does.",
            f"{name}: type number = 0",
        )
        self.advance()

    def _skip_type(self) -> None:
        """To what may stand behind a type; the type itself could not be read."""
        while self.token.kind not in ("=", ",", ")", "->", "{", "}", ";", "in", "end"):
            self.advance()
            if self.token.after_newline:
                return

    def _report_type_word(self, parameter: ast.Parameter, addition: Token, written: str) -> None:
        """`written` is all that stands behind the type, from the token `addition` on."""
        what = "`choice`" if addition.kind == "name" else "a default"
        declared = str(parameter.type) if parameter.has_type else "…"
        if len(written) > _MOST_SHOWN or "\n" in written or "\r" in written:
            written = "= …" if addition.kind != "name" else "choice […]"
        self.findings.error(
            addition.start,
            "missing_type_word",
            f"Before {what}, the type of `{parameter.name}` begins with the word `type`.",
            f"{parameter.name}: type {declared} {written.replace('==', '=')}",
        )

    def _choices(self) -> list[ast.Expression]:
        if self.token.kind == "[":
            return self.list_literal().elements
        self.findings.error(
            self.token.start,
            "expected_choices",
            f"The allowed values are expected here, in brackets, not {self.shown()}.",
            'choice ["a", "b"]',
        )
        values: list[ast.Expression] = []
        closing = {"(": ")", "{": "}"}.get(self.token.kind, "]")
        if self.token.kind in ("(", "{"):
            self.advance()
        while self.token.kind in ("string", "number", "true", "false"):
            values.append(self.expression())
            if self.peek().kind in ("string", "number", "true", "false"):
                self.accept(",")
        self.accept(closing)
        return values

    def _type(self) -> Type:
        depth = 0
        outer: list[str] = []
        token = self.token
        while True:
            token = self.token
            if token.kind != "name":
                self.fail(
                    "expected_type",
                    f"A type is expected here, not {self.shown()}.",
                    "number, _text, boolean, list of number …",
                )
            container = _CONTAINERS.get(token.text.lower())
            if container is None or not self._is_container(token, container):
                break
            outer.append(container)
            depth += 1
            if depth > 16:
                raise NestingError(token.start, "This type is nested too deeply.", "At most 16 levels.")
        self.advance()
        word = token.text
        result: Type
        if word == "any":
            result = ANY
            if (
                self.token.kind == "name"
                and not self.token.after_newline
                and self.token.text not in _BEHIND_ANY
                and self.peek().kind != ":"  # the next field of a structure
            ):
                self.findings.error(
                    self.token.start,
                    "any_what",
                    f"There is no type `any {self.token.text}`.",
                    "Write any single for one object, any multiple for a list of objects.",
                )
                self.advance()
                return Type(kind="any single")
            if self.token.text in ("single", "multiple") and self.token.kind == "name":
                result = Type(kind="any single" if self.token.text == "single" else "any multiple")
                self.advance()
        elif word in WORDS:
            result = Type(kind=WORDS[word], written=word)
        else:
            result = Type(kind="named", name=word)
        if result == ANY and outer:
            self.findings.error(
                token.start,
                "list_of_any",
                f"`{outer[-1]} of any` says too little to check the values.",
                "Name the type of the elements, or use `any multiple` for a list of objects.",
            )
        if self.token.kind == "[" and self.peek().kind == "]":
            self._report_container(self.token, "list")
            self.advance()
            self.advance()
            outer.append("list")
        for word in reversed(outer):
            result = Type(kind="list" if word == "list" else "map", element=result)
        while self.token.kind == ">":  # what is left of `list<number>`
            self.advance()
        return result

    def _is_container(self, token: Token, container: str) -> bool:
        """Whether `token` begins a type such as `list of`; steps over both words if so. What other languages
        write for it is reported.
        """
        following = self.peek()
        if following.text == "of":
            if token.text != container:
                self._report_container(token, container)
            self.advance()
            self.advance()
            return True
        if following.kind not in ("<", "name") or following.start > token.end + 1:
            return False
        if following.kind == "name" and (following.text not in WORDS or following.after_newline):
            return False
        self._report_container(token, container)
        self.advance()
        if self.accept("<") and self.peek().kind == ",":  # `map<string, number>`
            self.advance()
            self.advance()
        return True

    def _report_container(self, token: Token, container: str) -> None:
        self.findings.error(
            token.start,
            "container_type",
            f"A {container} is declared with the words `{container} of`.",
            f"{container} of number",
        )

    def _new_name(self, what: str) -> str:
        token = self.token
        if token.kind != "name":
            if not token.text.isidentifier() or token.after_newline:
                raise self.missed("expected_name", f"{what} needs a name")
            self.findings.error(
                token.start,
                "reserved_word",
                f"`{token.text}` is a word of the language and cannot be a name.",
                "Choose another name.",
            )
        self.advance()
        return token.text
