"""Names that are no field of a structure.

Types of variables are declared, yet nothing holds a run to them: a local of a structure may be given any
object. So a name that the structure does not have is an error only where no object that the run could find
there has it; elsewhere it is a warning.
"""

from collections.abc import Iterable, Iterator

from leapter.veritas import ast
from leapter.veritas.definitions import Structure, Types
from leapter.veritas.findings import Findings
from leapter.veritas.spelling import nearest
from leapter.veritas.types import ANY, Type

Variables = dict[str, Type]


class FieldChecker:
    """Checks the properties that one document reads and assigns."""

    def __init__(self, document: ast.Document, types: Types, findings: Findings) -> None:
        self._document = document
        self._types = types
        self._findings = findings
        self._strays: frozenset[str] | None = None
        self._has_strays = False

    @property
    def has_types(self) -> bool:
        return bool(self._types.definitions)

    def check(self, expression: ast.Property, variables: Variables) -> None:
        """Reports a property that the structure in front of the point does not have."""
        if not variables:
            return
        structure = self._structure(self.static(expression.target, variables))
        if structure is None or expression.name in structure.members:
            return
        strays = self._stray_names()
        is_certain = strays is not None and expression.name not in strays
        close = nearest(expression.name, structure.members)
        fields = ", ".join(member.name for member in structure.fields[:20]) or "none"
        report = self._findings.error if is_certain else self._findings.warning
        report(
            expression.name_start,
            "unknown_field",
            f"`{structure.name}` has no field `{expression.name}`.",
            f"Did you mean `{close}`?" if close else f"Its fields: {fields}.",
        )

    def _structure(self, declared: Type | None) -> Structure | None:
        return None if declared is None else self._types.structure(declared)

    def static(self, expression: ast.Expression, variables: Variables) -> Type | None:
        """What the declarations say that an expression is; None where they say nothing."""
        declared: Type | None = None
        if isinstance(expression, ast.Name):
            declared = variables.get(expression.name)
        elif isinstance(expression, ast.Property | ast.Index):
            target = self.static(expression.target, variables)
            structure = self._structure(target)
            if structure is not None and isinstance(expression, ast.Property):
                member = structure.members.get(expression.name)
                declared = None if member is None else member.type
            elif target is not None and (target.kind == "map" or isinstance(expression, ast.Index)):
                declared = target.element
        elif isinstance(expression, ast.Call):
            declared = self._result(expression, variables)
        return None if declared is None or declared.kind == "any" else self._types.unaliased(declared)

    def _result(self, call: ast.Call, variables: Variables) -> Type | None:
        """The type of what a built-in function or method takes out of a list."""
        callee = call.callee
        if isinstance(callee, ast.Property):
            receiver = self.static(callee.target, variables)
            if receiver is None or receiver.kind != "list":
                return None
            if callee.name in ("slice", "splice", "reverse"):
                return receiver
            return receiver.element if callee.name == "pop" else None
        if isinstance(callee, ast.Name) and callee.name in ("find", "sort") and call.arguments:
            values = self.static(call.arguments[0].value, variables)
            if values is not None and values.kind == "list":
                return values if callee.name == "sort" else values.element
        return None

    # Objects that may be where a structure is declared

    def _stray_names(self) -> frozenset[str] | None:
        """The properties that objects may have where a structure without them is declared; None when they
        can have any.
        """
        if not self._has_strays:
            self._has_strays = True
            strays = _Strays(self._document, self._types, self)
            self._strays = frozenset(strays.names) if strays.are_known else None
        return self._strays


def variables_of(function: ast.Function, checker: FieldChecker) -> Variables:
    """The declared types of a function's names. A loop's variable without one has that of the elements.

    Empty where there are no named types, since nothing is to be checked then.
    """
    if not checker.has_types:
        return {}
    variables = {parameter.name: parameter.type for parameter in (*function.inputs, *function.outputs)}
    for statement in statements_of(function.body):
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                variables.setdefault(declarator.name, declarator.type)
        elif isinstance(statement, ast.ForIn) and statement.declares:
            declared = statement.type
            if declared.kind == "any":
                values = checker.static(statement.values, variables)
                declared = values.element or ANY if values is not None else ANY
            # Loops may share the name of their variable.
            known = variables.setdefault(statement.variable, declared)
            if known != declared:
                variables[statement.variable] = ANY
    return variables


class _Strays:
    """Goes through everything that a document stores, for what does not fit the type of its place.

    `names` are the properties of what does not; `are_known` is False once there is something of which nothing
    is known.
    """

    def __init__(self, document: ast.Document, types: Types, checker: FieldChecker) -> None:
        self._types = types
        self._checker = checker
        self._helpers = {function.name: function for function in document.functions[:-1]}
        self._variables: Variables = {}
        self.names: set[str] = set()
        self.are_known = True
        for function in document.functions:
            self._variables = variables_of(function, checker)
            for statement in statements_of(function.body):
                self._statement(statement)
                for expression in expressions_of(statement):
                    self._expression(expression)

    def _statement(self, statement: ast.Statement) -> None:
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                if declarator.initial is not None:
                    self._store_name(declarator.name, declarator.initial)
        elif isinstance(statement, ast.Assignment):
            self._assignment(statement.target, statement.operator, statement.value)
        elif isinstance(statement, ast.For):
            for assignment in (statement.initial, statement.update):
                if assignment is not None:
                    self._assignment(assignment.target, assignment.operator, assignment.value)
        elif isinstance(statement, ast.Decide):
            for row in statement.rows:
                for target, output in zip(statement.targets, row.outputs, strict=True):
                    self._assignment(target, "=", output)
        elif isinstance(statement, ast.ForIn):
            wanted = self._variables.get(statement.variable, ANY)
            values = self._static(statement.values)
            if self._has_structures(wanted):
                self._flow_of_type(values.element if values is not None else None, wanted)

    def _assignment(self, target: ast.Expression, operator: str, value: ast.Expression) -> None:
        if isinstance(target, ast.Name):
            self._store_name(target.name, value)
        elif operator == "=":
            self._flow(value, self._static(target))

    def _expression(self, expression: ast.Expression) -> None:
        if not isinstance(expression, ast.Call):
            return
        callee = expression.callee
        if isinstance(callee, ast.Property) and callee.name in ("push", "splice"):
            receiver = self._static(callee.target)
            stored = expression.arguments if callee.name == "push" else expression.arguments[2:]
            for argument in stored:
                self._flow(argument.value, receiver.element if receiver is not None else None)
        elif isinstance(callee, ast.Name) and callee.name in self._helpers:
            # The boundary of a Blueprint checks what it is called with; nothing checks that of a helper.
            wanted = {parameter.name: parameter.type for parameter in self._helpers[callee.name].inputs}
            for argument in expression.arguments:
                declared = wanted.get(argument.name or "", ANY)
                if self._has_structures(declared):
                    self._flow(argument.value, declared)

    def _store_name(self, name: str, value: ast.Expression) -> None:
        # What a name of another type holds is looked at where it goes on from there.
        declared = self._variables.get(name, ANY)
        if self._has_structures(declared):
            self._flow(value, declared)

    def _static(self, expression: ast.Expression) -> Type | None:
        return self._checker.static(expression, self._variables)

    def _has_structures(self, declared: Type) -> bool:
        return self._types.resolve(declared).innermost.kind == "named"

    def _flow(self, value: ast.Expression, wanted: Type | None) -> None:
        """Notes what is not declared at a place of the type `wanted` (None: of an unknown one)."""
        if isinstance(value, ast.Literal | ast.Binary | ast.Unary):
            return
        if isinstance(value, ast.Conditional):
            self._flow(value.consequent, wanted)
            self._flow(value.alternative, wanted)
        elif isinstance(value, ast.Logical):
            self._flow(value.left, wanted)
            self._flow(value.right, wanted)
        elif isinstance(value, ast.ListLiteral):
            element = None if wanted is None else self._types.unaliased(wanted).element
            for item in value.elements:
                self._flow(item, element)
        elif isinstance(value, ast.ObjectLiteral):
            structure = None if wanted is None else self._types.structure(wanted)
            element = None if wanted is None else self._types.unaliased(wanted).element
            for key, member in value.entries:
                field = None if structure is None else structure.members.get(key)
                if field is None:
                    self.names.add(key)
                self._flow(member, element if field is None else field.type)
        else:
            self._flow_of_type(self._static(value), wanted)

    def _flow_of_type(self, found: Type | None, wanted: Type | None) -> None:
        if found is None:
            self.are_known = False
            return
        base = self._types.resolve(found)
        if wanted is not None and base == self._types.resolve(wanted):
            return
        pending = [base]
        seen: set[str] = set()
        while pending:
            declared = self._types.resolve(pending.pop())
            if declared.kind in ("any single", "any multiple", "any", "map", "range"):
                self.are_known = False
                return
            inner = declared.innermost
            structure = self._types.structure(inner)
            if structure is not None and structure.name not in seen:
                seen.add(structure.name)
                self.names.update(member.name for member in structure.fields)
                pending += [member.type for member in structure.fields]
            elif inner is not declared:
                pending.append(inner)


# The parts of a document


def statements_of(body: Iterable[ast.Statement]) -> Iterator[ast.Statement]:
    """All statements, those inside others too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.Choose):
            for branch in statement.branches:
                yield from statements_of(branch.body)
        elif isinstance(statement, ast.Section | ast.For | ast.ForIn | ast.While):
            yield from statements_of(statement.body)


def expressions_of(statement: ast.Statement) -> Iterator[ast.Expression]:
    """All expressions of a statement, those inside others too; not those of the statements in it."""
    pending = list(_outermost(statement))
    while pending:
        expression = pending.pop()
        yield expression
        pending += _inner(expression)


def _outermost(statement: ast.Statement) -> Iterator[ast.Expression]:
    if isinstance(statement, ast.Var):
        yield from (declarator.initial for declarator in statement.declarators if declarator.initial)
    elif isinstance(statement, ast.Assignment):
        yield from (statement.target, statement.value)
    elif isinstance(statement, ast.ExpressionStatement):
        yield statement.expression
    elif isinstance(statement, ast.Choose):
        yield from (branch.condition for branch in statement.branches if branch.condition)
    elif isinstance(statement, ast.Decide):
        yield from statement.inputs
        for row in statement.rows:
            yield from row.outputs
    elif isinstance(statement, ast.For):
        for assignment in (statement.initial, statement.update):
            if assignment is not None:
                yield assignment.value
        if statement.condition is not None:
            yield statement.condition
    elif isinstance(statement, ast.ForIn):
        yield statement.values
    elif isinstance(statement, ast.While):
        yield statement.condition
    elif isinstance(statement, ast.Throw):
        yield statement.value


def _inner(expression: ast.Expression) -> list[ast.Expression]:
    if isinstance(expression, ast.Binary | ast.Logical):
        return [expression.left, expression.right]
    if isinstance(expression, ast.Unary):
        return [expression.operand]
    if isinstance(expression, ast.Conditional):
        return [expression.condition, expression.consequent, expression.alternative]
    if isinstance(expression, ast.ListLiteral):
        return expression.elements
    if isinstance(expression, ast.ObjectLiteral):
        return [value for _, value in expression.entries]
    if isinstance(expression, ast.Property):
        return [expression.target]
    if isinstance(expression, ast.Index):
        return [expression.target, expression.index]
    if isinstance(expression, ast.Call):
        return [expression.callee, *[argument.value for argument in expression.arguments]]
    return []
