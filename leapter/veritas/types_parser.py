"""Tokens of a types document to what it defines, as written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leapter.veritas import ast
from leapter.veritas.declarations import DeclarationParser
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import Token, text_value, tokenize
from leapter.veritas.literals import NotLiteralError, json_value, literal_value
from leapter.veritas.reader import NestingError, ParseError
from leapter.veritas.source import Source
from leapter.veritas.types import Type
from leapter.veritas.values import from_code_units

_EXAMPLE = 'define Name "description" { field: number }'
_ELSEWHERE = frozenset(("type", "struct", "structure", "interface", "class", "enum", "record", "typedef"))


@dataclass(slots=True)
class Annotation:
    """`@name: value`; `first_line` is that of the notes before it, if there are any."""

    name: str
    value: object
    notes: ast.Notes
    start: int
    first_line: int
    last_line: int


@dataclass(slots=True)
class Written:
    """What a type and a field have in common."""

    notes: ast.Notes
    name: str
    start: int
    line: int
    # With the notes before it.
    first_line: int
    last_line: int = 0
    description: str = ""
    annotations: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class WrittenField(Written):
    type: Type = field(kw_only=True)
    # Where the name in the type stands; for what has none, the last word of it.
    type_start: int = field(kw_only=True)
    is_optional: bool = False


@dataclass(slots=True)
class WrittenType(Written):
    """A structure has `fields`, an alias a `base`. `is_whole` says that all of it could be read."""

    fields: list[WrittenField] = field(default_factory=list)
    base: Type | None = None
    base_start: int = 0
    choices: list[ast.Expression] | None = None
    is_whole: bool = False


def parse_types(source: Source, findings: Findings) -> list[WrittenType]:
    """The definitions of a types document, in order. What cannot be understood becomes a finding and is
    stepped over.
    """
    return _TypesParser(source, findings, tokenize(source, findings)).definitions()


class _TypesParser(DeclarationParser):
    def definitions(self) -> list[WrittenType]:
        written: list[WrittenType] = []
        pending: list[Annotation] = []
        while self.token.kind != "end":
            if self.accept(";") or self.accept(","):
                continue
            try:
                if self.token.kind == "@":
                    self._annotation(pending, written)
                elif self._is_definition():
                    definition = self._started()
                    self._attach(pending, written, definition)
                    written.append(definition)
                    definition.is_whole = self._definition(definition)
                else:
                    self._misplaced()
            except (ParseError, NestingError) as problem:
                self._note(problem)
                self._skip_to_definition()
        self._attach(pending, written, None)
        return written

    def _note(self, problem: ParseError | NestingError) -> None:
        if isinstance(problem, ParseError):
            self.report(problem)
        else:
            self.findings.error(problem.offset, "too_deep", problem.message, problem.fix)

    def _is_definition(self) -> bool:
        return self.token.text == "define" and self.token.kind == "name" and self.peek().kind != ":"

    def _begins_type(self) -> bool:
        return self._is_definition() and self.peek().kind == "name" and self.peek(2).kind != ":"

    def _skip_to_definition(self) -> None:
        depth = 0
        while self.token.kind != "end" and not self._begins_type():
            kind = self.token.kind
            begins = kind in ("@", "function") or self._is_definition() or self._is_foreign()
            if depth <= 0 and self.token.after_newline and begins:
                return
            depth += (kind == "{") - (kind == "}")
            self.advance()

    def _misplaced(self) -> None:
        token = self.token
        if token.kind == "function":
            self.findings.error(
                token.start,
                "misplaced_function",
                "A function stands in a logic file, not among the types.",
                "Move it to a Blueprint of the project.",
            )
        else:
            fix = f"define {self.peek().text} …" if self._is_foreign() else _EXAMPLE
            self.report(
                self.problem(
                    "expected_define", f"The definition of a type is expected here, not {self.shown()}.", fix
                )
            )
        self.advance()
        self._skip_to_definition()

    def _is_foreign(self) -> bool:
        return self.token.text in _ELSEWHERE and self.peek().kind == "name"

    # Annotations

    def _first_line(self, token: Token) -> int:
        start = min([note.start for note in token.notes or ()], default=token.start)
        return self.source.line_of(start)

    def _annotation(
        self, pending: list[Annotation], written: "list[WrittenType] | list[WrittenField]"
    ) -> None:
        """Reads `@name: value`. Behind a definition on the same line, it belongs to that one."""
        at = self.token
        first_line = self._first_line(at)
        is_behind = bool(written) and not at.after_newline and not pending
        notes = self.notes()
        self.advance()
        if not self.token.text.isidentifier() or self.token.kind == "string":
            self.fail(
                "expected_annotation", f"The name of an annotation is expected here, not {self.shown()}."
            )
        name = self.token.text
        self.advance()
        if not self.accept(":"):
            self.fail(
                "expected_value",
                f"The value of `@{name}` is expected here, behind a colon, not {self.shown()}.",
                f'@{name}: "…"',
            )
        value = self._annotation_value(name)
        if is_behind:
            written[-1].annotations[name] = value
        else:
            last_line = self.source.line_of(self.last_end - 1)
            pending.append(Annotation(name, value, notes, at.start, first_line, last_line))

    def _annotation_value(self, name: str) -> object:
        expression = self.unary()
        try:
            return json_value(literal_value(expression))
        except NotLiteralError as problem:
            fix = f'@{name}: "{expression.name}"' if isinstance(expression, ast.Name) else None
            self.findings.error(
                problem.offset, "annotation_not_literal", f"The value of `@{name}` must be a literal.", fix
            )
            return None

    def _attach(
        self,
        pending: list[Annotation],
        written: Sequence[Written],
        following: Written | None,
    ) -> None:
        """Gives the annotations since the last definition to the one that follows.

        Those that stand right below the last one and are parted from the next by an empty line belong to
        the last one.
        """
        before: Written | None = written[-1] if written else None
        touching = 0
        line = before.last_line if before is not None else -1
        while touching < len(pending) and pending[touching].first_line <= line + 1:
            line = pending[touching].last_line
            touching += 1
        if following is not None and touching == len(pending) and following.first_line <= line + 1:
            touching = 0
        for position, annotation in enumerate(pending):
            owner = before if position < touching else following
            if owner is None:
                self.findings.warning(
                    annotation.start,
                    "annotation_alone",
                    f"`@{annotation.name}` belongs to no type.",
                    "Write it before or after a define.",
                )
                continue
            owner.annotations[annotation.name] = annotation.value
            if owner is following:
                owner.notes.label = owner.notes.label or annotation.notes.label
                owner.notes.description = owner.notes.description or annotation.notes.description
        pending.clear()

    # Definitions

    def _started(self) -> WrittenType:
        first_line = self._first_line(self.token)
        notes = self.notes()
        start = self.token.start
        self.advance()
        line = self.source.line_of(start)
        return WrittenType(notes, "", start, line, first_line, line)

    def _definition(self, written: WrittenType) -> bool:
        """Reads what follows the word `define`; whether all of it could be read."""
        if self.token.after_newline and self._is_definition():
            self.fail("expected_name", f"A type needs a name, not {self.shown()}.", _EXAMPLE)
        written.start = self.token.start
        written.name = self._new_name("A type")
        self._description(written)
        is_structure = self.token.kind == "{"
        if self.token.text == "as" and self.token.kind == "name":
            self.advance()
            if self.token.text in ("Structure", "structure") and self.token.kind == "name":
                is_structure = True
                self.advance()
                self._description(written)
        elif not is_structure:
            self.fail(
                "expected_definition",
                f"What `{written.name}` is stands here, {{ … }} or `as` and a type, not {self.shown()}.",
                f"define {written.name} as number" if self.token.kind in ("=", ":", "name") else _EXAMPLE,
            )
        is_whole = True
        if is_structure:
            is_whole = self._fields(written)
        else:
            written.base = self._type()
            written.base_start = self.tokens[self.position - 1].start
            self._description(written)
            if self.token.text in ("constrained_to", "choice") and self.token.kind == "name":
                self._constraint(written)
            self._description(written)
        self.take_trailing_label(written.notes)
        written.description = written.description or written.notes.description
        self._ended(written)
        return is_whole

    def _ended(self, written: Written) -> None:
        written.last_line = self.source.line_of(self.last_end - 1)

    def _description(self, written: Written) -> None:
        if self.token.kind == "string":
            written.description = from_code_units(text_value(self.token.text))
            self.advance()

    def _constraint(self, written: WrittenType) -> None:
        if self.token.text == "choice":
            self.findings.error(
                self.token.start,
                "choice_in_types",
                "`choice` is for inputs and outputs; a type is constrained.",
                'constrained_to ["a", "b"]',
            )
        self.advance()
        if self.token.kind != "[":
            self.fail(
                "expected_choices",
                f"The allowed values are expected here, not {self.shown()}.",
                'constrained_to ["a", "b"]',
            )
        written.choices = self.list_literal().elements

    def _type(self) -> Type:
        declared = super()._type()
        last = self.tokens[self.position - 1]
        if last.text == "define" and last.after_newline:
            # The type is missing, and what was taken for it begins the next definition.
            self.position -= 1
            self.token = last
            self.fail("expected_type", f"A type is expected here, not {self.shown()}.", "number")
        return declared

    # Fields

    def _fields(self, written: WrittenType) -> bool:
        opening = self.token
        is_whole = True
        self.expect("{", "The fields of a structure stand in braces: `{`")
        pending: list[Annotation] = []
        while self.token.kind != "}":
            if self.token.kind == "end" or (self.token.after_newline and self._begins_type()):
                self.findings.error(
                    self.token.start,
                    "unclosed_brace",
                    f"The `{{` in line {self.source.line_of(opening.start)} is never closed.",
                    "Write } before this place.",
                )
                is_whole = False
                break
            if self.accept(",") or self.accept(";"):
                if written.fields:
                    self.take_trailing_label(written.fields[-1].notes)
                continue
            position = self.position
            try:
                if self.token.kind == "@":
                    self._annotation(pending, written.fields)
                else:
                    self._field(pending, written.fields)
            except (ParseError, NestingError) as problem:
                self._note(problem)
                is_whole = False
                if self.position == position:
                    self.advance()
                self._skip_field()
        self._attach(pending, written.fields or [written], None)
        self.accept("}")
        return is_whole

    def _skip_field(self) -> None:
        depth = 0
        while self.token.kind != "end":
            token = self.token
            if token.after_newline and (depth == 0 or self._begins_type()):
                return
            if depth == 0 and token.kind in ("}", ",", ";"):
                return
            if token.kind in ("(", "[", "{"):
                depth += 1
            elif token.kind in (")", "]", "}"):
                depth -= 1
            self.advance()

    def _field(self, pending: list[Annotation], fields: list[WrittenField]) -> None:
        first_line = self._first_line(self.token)
        notes = self.notes()
        start = self.token.start
        # A word of the language is a fine name here, since a field is only ever written behind a point.
        if self.token.kind == "string" or not self.token.text.replace("$", "_").isidentifier():
            self.fail("expected_field", f"A field is expected here, not {self.shown()}.", "name: number")
        name = self.token.text
        self.advance()
        is_optional = self.accept("?")
        if not self.accept(":"):
            self.fail("missing_type", f"The field `{name}` needs a type.", f"{name}: number")
        after = self.peek(2) if self.peek().kind == "?" else self.peek()
        if self.token.after_newline and after.kind == ":":
            self.fail("missing_type", f"The field `{name}` needs a type.", f"{name}: number")
        if self.token.text == "type" and self.peek().kind == "name":
            self.advance()
        if self.token.kind == "{":
            self.fail(
                "nested_structure",
                "A structure inside a structure has a definition of its own.",
                f"define {name[:1].upper()}{name[1:]} {{ … }}, and here {name}: {name[:1].upper()}{name[1:]}",
            )
        declared = self._type()
        field_ = WrittenField(
            notes,
            name,
            start,
            self.source.line_of(start),
            first_line,
            type=declared,
            type_start=self.tokens[self.position - 1].start,
            is_optional=is_optional,
        )
        while self.token.kind in ("?", "string"):
            if self.accept("?"):
                field_.is_optional = True
            self._description(field_)
        self.take_trailing_label(notes)
        field_.description = field_.description or notes.description
        self._ended(field_)
        self._attach(pending, fields, field_)
        fields.append(field_)
        self._check_end_of_field(name)

    def _check_end_of_field(self, name: str) -> None:
        token = self.token
        if token.kind == "=":
            self.fail("field_default", "A field has no default.", f"Make it optional: {name}: …?")
        if token.kind in ("[", "<") and not token.after_newline:
            self.fail("list_suffix", f"{self.shown()} does not go with a type.", f"{name}: list of …")
        if token.text in ("constrained_to", "choice") and self.peek().kind == "[":
            self.fail(
                "constrained_field",
                "A field is constrained by its type.",
                f'define {name[:1].upper()}{name[1:]} as _text constrained_to ["a", "b"]',
            )
