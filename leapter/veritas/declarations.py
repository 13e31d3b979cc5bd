"""Tokens to inputs, outputs and their types."""

from collections.abc import Callable

from leapter.veritas import ast
from leapter.veritas.expressions import NestingError, ParseError
from leapter.veritas.tables import TableParser
from leapter.veritas.types import ANY, WORDS, Type


class DeclarationParser(TableParser):
    """Reads declarations; the parser of statements is built on it."""

    def _parameters(self, closing: str, one: Callable[[], ast.Parameter]) -> list[ast.Parameter]:
        parameters: list[ast.Parameter] = []
        while self.token.kind not in (closing, "end"):
            position = self.position
            try:
                parameters.append(one())
            except ParseError as problem:
                self.report(problem)
                self._skip_parameter(closing)
                if self.position == position:
                    self.advance()
            if self.token.kind == closing:
                break
            if not self.accept(","):
                if self.token.kind in ("->", "{", "}", "function", "end"):
                    break
                self.findings.error(
                    self.token.start, "expected_comma", f"A comma is expected here, not {self.shown()}.", None
                )
                if self.token.kind != "name":
                    self._skip_parameter(closing)
                    self.accept(",")
        return parameters

    def _skip_parameter(self, closing: str) -> None:
        depth = 0
        while self.token.kind != "end":
            kind = self.token.kind
            if depth == 0 and kind in (",", closing, "->", "{", "function"):
                return
            if kind in ("(", "["):
                depth += 1
            elif kind in (")", "]"):
                depth -= 1
            self.advance()

    def _parameter(self) -> ast.Parameter:
        notes = self.notes()
        start = self.token.start
        name = self._new_name("An input or output")
        has_type_word = False
        kind = ANY
        has_type = self.accept(":")
        if has_type:
            # `type` is also a fine name for a structure's alias, so it is the word only before a type.
            if self.token.text == "type" and self.peek().kind == "name":
                has_type_word = True
                self.advance()
            kind = self._type()
        else:
            self.findings.error(
                self.token.start, "missing_type", f"`{name}` needs a type.", f"{name}: number"
            )
        choices: list[ast.Expression] | None = None
        if self.token.text == "choice" and self.token.kind == "name":
            self._demand_type_word(has_type_word, name, "`choice`")
            self.advance()
            choices = self._choices()
        default: ast.Expression | None = None
        if self.token.kind == "=":
            self._demand_type_word(has_type_word, name, "a default")
            self.advance()
            default = self.unary()
        return ast.Parameter(notes, name, start, self.source.line_of(start), kind, has_type, default, choices)

    def _demand_type_word(self, has_type_word: bool, name: str, what: str) -> None:
        if not has_type_word:
            self.findings.error(
                self.token.start,
                "missing_type_word",
                f"Before {what}, the type of `{name}` begins with the word `type`.",
                f"{name}: type …",
            )

    def _choices(self) -> list[ast.Expression]:
        if self.token.kind != "[":
            self.fail(
                "expected_choices",
                f"The allowed values are expected here, not {self.shown()}.",
                'choice ["a", "b"]',
            )
        return self.list_literal().elements

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
            if token.text in ("list", "map") and self.peek().text == "of":
                outer.append(token.text)
                self.advance()
                self.advance()
                depth += 1
                if depth > 16:
                    raise NestingError(token.start, "This type is nested too deeply.", "At most 16 levels.")
                continue
            break
        self.advance()
        word = token.text
        result: Type
        if word == "any":
            result = ANY
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
        for word in reversed(outer):
            result = Type(kind="list" if word == "list" else "map", element=result)
        return result

    def _new_name(self, what: str) -> str:
        if self.token.kind != "name":
            if self.token.text.isidentifier():
                self.fail(
                    "reserved_word",
                    f"`{self.token.text}` is a word of the language and cannot be a name.",
                    "Choose another name.",
                )
            self.fail("expected_name", f"{what} needs a name, not {self.shown()}.")
        name = self.token.text
        self.advance()
        return name
