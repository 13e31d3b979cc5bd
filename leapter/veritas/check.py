"""The rules that a parsed logic file has to keep."""

from leapter.veritas import ast, temporal
from leapter.veritas.builtins import FUNCTIONS
from leapter.veritas.check_calls import identifier_of
from leapter.veritas.check_expressions import ExpressionChecker
from leapter.veritas.check_fields import FieldChecker, variables_of
from leapter.veritas.choices import read_choices
from leapter.veritas.definitions import MAX_LEAST_SIZE, Choices, nearest_type, unknown_type_fix
from leapter.veritas.environment import Environment
from leapter.veritas.findings import Findings
from leapter.veritas.forms import form_of
from leapter.veritas.literals import NotLiteralError, json_value, literal_value, misfits
from leapter.veritas.nodes import NodeNamer
from leapter.veritas.shapes import (
    IS_ABSENT,
    IS_NULL,
    LIST,
    TEXT,
    Shaper,
    shape_of_type,
    words,
)
from leapter.veritas.signature import Parameter, Signature
from leapter.veritas.types import Type
from leapter.veritas.values import NULL


def check(document: ast.Document, environment: Environment, findings: Findings) -> Signature | None:
    """Reports what is wrong with `document`, names its nodes, and returns the Blueprint's signature."""
    if not document.functions:
        return None
    namer = NodeNamer()
    namer.name_document(document)
    for offset, node_id in namer.repeated:
        findings.warning(
            offset,
            "repeated_node_id",
            f"The node id @{node_id} is used more than once.",
            "Give each node its own.",
        )
    functions: dict[str, ast.Function] = {}
    for function in document.functions:
        if function.name in functions:
            findings.error(
                function.start,
                "declared_twice",
                f"There are two functions with the name `{function.name}`.",
                "Rename one of them.",
            )
        elif function.name in FUNCTIONS:
            findings.error(
                function.start,
                "builtin_name",
                f"`{function.name}` is a built-in function.",
                "Choose another name.",
            )
        elif function.name in environment.blueprints and function is not document.main:
            findings.warning(
                function.start,
                "hidden_blueprint",
                f"This helper hides the Blueprint `{function.name}`, which cannot be called here.",
                "Rename the helper if the Blueprint is meant.",
            )
        functions.setdefault(function.name, function)
    identifier, notes = identifier_of(document.main), document.main.notes
    if identifier in FUNCTIONS and notes.label_start is not None:
        findings.warning(
            notes.label_start,
            "builtin_label",
            f"Other Blueprints cannot call this one: its label makes the name `{identifier}`, which "
            "is that of a built-in function.",
            "Choose another label if they are to call it.",
        )
    signature: Signature | None = None
    fields = FieldChecker(document, environment.types, findings)
    for function in document.functions:
        signature = _FunctionChecker(document, function, functions, environment, findings).check(fields)
    return signature


class _FunctionChecker(ExpressionChecker):
    def __init__(
        self,
        document: ast.Document,
        function: ast.Function,
        functions: dict[str, ast.Function],
        environment: Environment,
        findings: Findings,
    ) -> None:
        super().__init__(document, functions, environment, findings)
        self._function = function
        self._loops = 0
        self._declared_at: dict[str, int] = {}
        self._outputs: set[str] = set()
        self._enclosing_loop_variables: list[str] = []
        self._loop_variables: set[str] = set()

    def check(self, fields: FieldChecker) -> Signature:
        function = self._function
        inputs = tuple(self._parameter(parameter, is_input=True) for parameter in function.inputs)
        outputs = tuple(self._parameter(parameter, is_input=False) for parameter in function.outputs)
        self._outputs = {parameter.name for parameter in function.outputs}
        self._check_size(inputs)
        self._declare_locals(function.body)
        types = self._environment.types
        shapes = {name: shape_of_type(types.resolve(declared)) for name, declared in self._types.items()}
        self._shaper = Shaper(shapes, is_final=True)
        parameters = {parameter.name for parameter in (*inputs, *outputs)}
        self._find_results(function.body, self._types.keys() - parameters)
        self._fields, self._variables = fields, variables_of(function, fields)
        self._body(function.body)
        return Signature(
            id=function.notes.blueprint_id,
            function_name=function.name,
            label=function.notes.label or function.name,
            call_identifier=identifier_of(function),
            description=function.notes.description,
            inputs=inputs,
            outputs=outputs,
            types=self._environment.types,
        )

    def _check_size(self, inputs: tuple[Parameter, ...]) -> None:
        structures = map(self._environment.types.structure, [parameter.type for parameter in inputs])
        if sum(structure.least_size for structure in structures if structure) > MAX_LEAST_SIZE:
            self._findings.error(
                self._function.start,
                "inputs_too_large",
                f"Every call would have to send more than {MAX_LEAST_SIZE:,} values.",
                "Make some fields of the structures optional.",
            )

    # Declarations

    def _declare(self, name: str, offset: int, declared: Type, *, is_parameter: bool = False) -> None:
        if name in self._types:
            first = self._document.source.line_of(self._declared_at[name])
            if name in self._outputs:
                message = f"`{name}` is an output, so it cannot be declared again."
                fix = f"Assign it without var: {name} = …"
            else:
                message = f"`{name}` is already declared in line {first}."
                fix = "Use it without var, or choose another name."
                if is_parameter:
                    fix = "Rename one of them."
            self._findings.error(offset, "declared_twice", message, fix)
            return
        self._types[name] = declared
        self._declared_at[name] = offset

    def _parameter(self, parameter: ast.Parameter, *, is_input: bool) -> Parameter:
        declared = parameter.type
        if parameter.has_type:
            self._check_type(declared, parameter.start, is_local=False)
        parameter.base = self._environment.types.resolve(declared)
        self._declare(parameter.name, parameter.start, declared, is_parameter=True)
        choices = self._choices(parameter)
        default: object = None
        if parameter.default is not None:
            try:
                value = literal_value(parameter.default)
            except NotLiteralError as problem:
                self._findings.error(
                    problem.offset,
                    "default_not_literal",
                    f"The default of `{parameter.name}` must be a literal.",
                    "A number, text, true, false, a list or an object.",
                )
            else:
                default = json_value(value)
                self._check_default(parameter, parameter.default, value, choices)
        return Parameter(
            name=parameter.name,
            label=parameter.notes.label,
            description=parameter.notes.description,
            type=declared,
            base=parameter.base,
            required=is_input and parameter.default is None,
            has_default=parameter.default is not None,
            default=default,
            choices=choices,
            node_id=parameter.notes.node_id,
            line=parameter.line,
        )

    def _check_default(
        self,
        parameter: ast.Parameter,
        default: ast.Expression,
        value: object,
        choices: Choices | None,
    ) -> None:
        if value is NULL and parameter.base.kind in temporal.KINDS and choices is None:
            # Without it, no input could be a date that may be missing.
            return
        types = self._environment.types
        for misfit in misfits(default, parameter.type, types, path=parameter.name, choices=choices):
            place = "" if misfit.path == parameter.name else f": `{misfit.path}`"
            self._findings.error(
                misfit.offset,
                misfit.code,
                f"The default of `{parameter.name}`{place} {misfit.message}.",
                misfit.fix or f"Write {form_of(types.resolve(misfit.declared))}.",
            )

    def _choices(self, parameter: ast.Parameter) -> Choices | None:
        types = self._environment.types
        if parameter.choices is None:
            return types.choices(parameter.type)
        return read_choices(
            parameter.choices,
            parameter.type,
            types,
            self._findings,
            word="choice",
            name=parameter.name,
            start=parameter.start,
        )

    def _check_type(self, declared: Type, offset: int, *, is_local: bool) -> None:
        if self._findings.is_full:
            return
        inner = declared.innermost
        types = self._environment.types
        if inner.kind == "named":
            self._document.uses_types = True
            if inner.name in types.broken:
                self._findings.error(
                    offset,
                    "broken_type",
                    f"The type '{inner.name}' cannot be used, since its definition has errors.",
                    "Mend the types document.",
                )
            elif inner.name not in types.definitions:
                hint = nearest_type(inner.name, types.definitions) if self._findings.take_hint() else None
                self._findings.error(
                    offset,
                    "unknown_type",
                    f"Cannot find type '{inner.name}'",
                    unknown_type_fix(hint, types.definitions),
                )
        elif declared.kind == "any" and not is_local:
            self._findings.error(
                offset,
                "any_parameter",
                "`any` is for locals only.",
                "Name the type, or use `any single` for one object.",
            )

    def _declare_locals(self, body: list[ast.Statement]) -> None:
        for statement in body:
            if isinstance(statement, ast.Var):
                for declarator in statement.declarators:
                    if declarator.has_type:
                        self._check_type(declarator.type, declarator.start, is_local=True)
                    else:
                        self._findings.warning(
                            declarator.start,
                            "missing_type",
                            f"`{declarator.name}` has no type.",
                            f"var {declarator.name}: number",
                        )
                    self._declare(declarator.name, declarator.start, declarator.type)
            elif isinstance(statement, ast.Choose):
                for branch in statement.branches:
                    self._declare_locals(branch.body)
            elif isinstance(statement, ast.ForIn):
                name = statement.variable
                if statement.declares:
                    # Loops after each other may share the name of their variable, as ES5 programs often do.
                    is_shared = name in self._loop_variables and name not in self._enclosing_loop_variables
                    self._check_type(statement.type, statement.variable_start, is_local=True)
                    if not is_shared:
                        if name not in self._types:
                            self._loop_variables.add(name)
                        self._declare(name, statement.variable_start, statement.type)
                self._enclosing_loop_variables.append(name)
                self._declare_locals(statement.body)
                self._enclosing_loop_variables.pop()
            elif isinstance(statement, ast.Section | ast.For | ast.While):
                self._declare_locals(statement.body)

    # Statements

    def _body(self, body: list[ast.Statement]) -> None:
        ended = False
        for statement in body:
            if ended:
                self._findings.warning(
                    statement.start,
                    "unreachable",
                    "Nothing reaches this statement.",
                    "Remove it, or what ends the flow before it.",
                )
                ended = False
            self._statement(statement)
            if isinstance(statement, ast.Return | ast.Break | ast.Continue | ast.Throw):
                ended = True

    def _label(self, notes: ast.Notes, offset: int, what: str) -> None:
        if not notes.label:
            self._findings.warning(
                offset, "missing_label", f"This {what} has no label.", "//* What it does, on the line before"
            )

    def _statement(self, statement: ast.Statement) -> None:
        if self._findings.is_full:
            return
        if isinstance(statement, ast.Return):
            # Compiled, each of them names all outputs.
            self._weigh(len(self._function.outputs), statement.start)
        if isinstance(statement, ast.Var):
            if not all(declarator.notes.label for declarator in statement.declarators):
                self._label(statement.notes, statement.start, "statement")
            for declarator in statement.declarators:
                if declarator.initial is not None:
                    self._expression(declarator.initial)
                    self._check_assigned(declarator.initial, declarator.type, declarator.name)
            return
        self._label(statement.notes, statement.start, "statement")
        if isinstance(statement, ast.Assignment):
            self._assignment(statement)
        elif isinstance(statement, ast.ExpressionStatement):
            self._expression(statement.expression)
            if not isinstance(statement.expression, ast.Call):
                comparison = isinstance(
                    statement.expression, ast.Binary
                ) and statement.expression.operator in ("==", "===")
                self._findings.warning(
                    statement.start,
                    "no_effect",
                    "This statement changes nothing.",
                    "Write = to assign." if comparison else "Assign it, or remove it.",
                )
        elif isinstance(statement, ast.Section):
            self._body(statement.body)
        elif isinstance(statement, ast.Choose):
            for branch in statement.branches:
                self._label(branch.notes, branch.start, "branch")
                if branch.condition is not None:
                    self._expression(branch.condition)
                self._body(branch.body)
        elif isinstance(statement, ast.Decide):
            self._decide(statement)
        elif isinstance(statement, ast.For):
            for assignment in (statement.initial, statement.update):
                if assignment is not None:
                    self._assignment(assignment)
            if statement.condition is not None:
                self._expression(statement.condition)
            self._loop(statement.body)
        elif isinstance(statement, ast.ForIn):
            self._expression(statement.values)
            if not statement.declares and statement.variable not in self._types:
                self._findings.error(
                    statement.variable_start,
                    "unknown_name",
                    f"`{statement.variable}` is not declared.",
                    f"for (var {statement.variable} in …)",
                )
                self._types[statement.variable] = statement.type
            shape = self._shaper.shape(statement.values)
            if not shape.kinds & (LIST | IS_ABSENT | IS_NULL) and not self._findings.has_error_at(
                statement.values.start
            ):
                self._findings.error(
                    statement.values.start,
                    "not_a_list",
                    f"`for … in` goes through a list; this is {words(shape)}.",
                    None,
                )
            self._loop(statement.body)
        elif isinstance(statement, ast.While):
            self._expression(statement.condition)
            self._loop(statement.body)
        elif isinstance(statement, ast.Break | ast.Continue):
            if not self._loops:
                word = "break" if isinstance(statement, ast.Break) else "continue"
                self._findings.error(
                    statement.start,
                    "outside_loop",
                    f"`{word}` stands only inside a loop.",
                    "To end the run, write return;",
                )
        elif isinstance(statement, ast.Throw):
            self._expression(statement.value)

    def _loop(self, body: list[ast.Statement]) -> None:
        self._loops += 1
        self._body(body)
        self._loops -= 1

    def _assignment(self, assignment: ast.Assignment) -> None:
        self._target(assignment.target)
        self._expression(assignment.value)
        if isinstance(assignment.target, ast.Name) and assignment.operator == "=":
            declared = self._types.get(assignment.target.name)
            if declared is not None:
                self._check_assigned(assignment.value, declared, assignment.target.name)

    def _target(self, target: ast.Expression) -> None:
        if isinstance(target, ast.Name):
            if target.name not in self._types:
                self._unknown_name(target.name, target.start, assigned=True)
            return
        self._expression(target)
        if isinstance(target, ast.Property) and target.name == "length":
            shape = self._shaper.shape(target.target)
            if shape.only(LIST | TEXT):
                self._findings.error(
                    target.name_start,
                    "assigned_length",
                    "`length` cannot be assigned.",
                    "Use push, pop or splice.",
                )

    def _check_assigned(self, value: ast.Expression, declared: Type, name: str) -> None:
        base = self._environment.types.resolve(declared)
        expected = shape_of_type(base)
        shape = self._shaper.shape(value)
        if self._findings.has_error_within(value.start, value.end):
            return
        if not shape.kinds & (expected.kinds | IS_NULL | IS_ABSENT):
            self._findings.warning(
                value.start,
                "type_mismatch",
                f"`{name}` is declared as {declared}; this is {words(shape)}.",
                "To compare, write != or isnt."
                if isinstance(value, ast.Unary) and value.operator == "!"
                else None,
            )
        elif (
            isinstance(value, ast.Literal)
            and isinstance(value.value, str)
            and base.kind in temporal.KINDS
            and not temporal.is_well_formed(base.kind, value.value)
        ):
            self._findings.warning(
                value.start,
                "malformed_date",
                f"`{name}` is declared as {declared}; this text is none.",
                f"Write {form_of(base)}.",
            )

    def _decide(self, table: ast.Decide) -> None:
        for header in table.inputs:
            self._expression(header)
        for target in table.targets:
            self._target(target)
        for row in table.rows:
            for condition in row.conditions:
                if condition is None:
                    continue
                self._expression(condition)
                try:
                    literal_value(condition)
                except NotLiteralError:
                    self._findings.warning(
                        condition.start,
                        "cell_not_literal",
                        "An input cell is a literal or `any`; this expression is compared for equality.",
                        "Put the test into the header and true or false into the cells.",
                    )
            for target, output in zip(table.targets, row.outputs, strict=True):
                self._expression(output)
                if isinstance(target, ast.Name) and target.name in self._types:
                    self._check_assigned(output, self._types[target.name], target.name)
