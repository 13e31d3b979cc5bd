"""The rules that expressions have to keep."""

from typing import cast

from leapter.veritas import ast, dates
from leapter.veritas.builtins import FUNCTIONS, MATH, METHODS, Builtin
from leapter.veritas.check_calls import CallChecker
from leapter.veritas.check_dates import check_dates
from leapter.veritas.check_fields import FieldChecker, Variables
from leapter.veritas.environment import Environment
from leapter.veritas.findings import Findings
from leapter.veritas.instead import FOREIGN_NAMES, INSTEAD
from leapter.veritas.lexer import RESERVED
from leapter.veritas.shapes import (
    BOOLEAN,
    IS_ABSENT,
    IS_NULL,
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    words,
)

_RECEIVERS = {
    "list": "a list",
    "text": 'a text, as in ("" + value)',
    "number": "a number, as in (+text)",
}


class ExpressionChecker(CallChecker):
    """Checks expressions against the declared names; the checker of functions is built on it."""

    def __init__(
        self,
        document: ast.Document,
        functions: dict[str, ast.Function],
        environment: Environment,
        findings: Findings,
    ) -> None:
        super().__init__(document, functions, environment, findings)
        self._fields = FieldChecker(document, environment.types, findings)
        # The types of the names as the checker of fields sees them.
        self._variables: Variables = {}

    def _expression(self, expression: ast.Expression) -> None:
        if isinstance(expression, ast.Literal) or self._findings.is_full:
            return
        if isinstance(expression, ast.Name):
            if expression.name not in self._types:
                self._unknown_name(expression.name, expression.start, assigned=False)
        elif isinstance(expression, ast.Binary | ast.Logical):
            self._expression(expression.left)
            self._expression(expression.right)
        elif isinstance(expression, ast.Unary):
            self._expression(expression.operand)
        elif isinstance(expression, ast.Conditional):
            # A ladder of conditionals is as deep as it is long; the bound on height holds for it too.
            self._expression(expression.condition)
            self._expression(expression.consequent)
            self._expression(expression.alternative)
        elif isinstance(expression, ast.ListLiteral):
            for element in expression.elements:
                self._expression(element)
        elif isinstance(expression, ast.ObjectLiteral):
            for _, value in expression.entries:
                self._expression(value)
        elif isinstance(expression, ast.Property):
            self._property(expression)
        elif isinstance(expression, ast.Index):
            self._holder(expression.target, "list of number = […]")
            self._expression(expression.index)
            shape = self._shaper.shape(expression.target)
            if shape.certainly(NUMBER | BOOLEAN):
                self._findings.error(
                    expression.index.start,
                    "unknown_property",
                    f"{words(shape).capitalize()} has no elements and no properties.",
                    "An index stands behind a list, a text or an object.",
                )
        else:
            self._call(cast("ast.Call", expression))

    def _holder(self, target: ast.Expression, declared: str) -> None:
        """Checks what stands before a point or bracket; `declared` is what it may be declared as."""
        if isinstance(target, ast.Name) and target.name not in self._types:
            self._unknown_name(target.name, target.start, assigned=False, declared=declared)
        else:
            self._expression(target)

    def _unknown_name(self, name: str, offset: int, *, assigned: bool, declared: str = "number = …") -> None:
        """Reports a name that is not declared; one that has no near one only where it first stands, since it
        is one declaration that is missing.
        """
        if name in self._findings.lost_names or name in self._findings.foreign_names:
            return
        lowered = name.lower()
        if name in FOREIGN_NAMES or lowered in RESERVED:
            fix: str | None = FOREIGN_NAMES.get(name, f"Write {lowered}.")
            self._findings.error(offset, "unknown_name", f"There is no `{name}`.", fix)
            return
        close = self._findings.nearest(name, self._types)
        if name in FUNCTIONS or name in self._functions:
            fix = f"`{name}` is a function; call it: {name}(…)"
            if assigned:
                fix = f"`{name}` is a function; assign to one of the outputs."
        elif name in self._environment.blueprints:
            fix = f"`{name}` is a Blueprint; call it: {name}(…)"
        elif close:
            fix = f"Did you mean `{close}`?"
        else:
            if name in self._undeclared:
                return
            self._undeclared.add(name)
            fix = f"Declare it: var {name}: number;"
            if not assigned:
                fix = f"Declare it: var {name}: {declared}; or make it an input."
        self._findings.error(offset, "unknown_name", f"`{name}` is not declared.", fix)

    def _property(self, expression: ast.Property) -> None:
        target = expression.target
        if isinstance(target, ast.Name) and target.name == "Math" and "Math" not in self._types:
            known = expression.name in MATH
            self._findings.error(
                expression.name_start,
                "unknown_function",
                f"`Math.{expression.name}` is a function."
                if known
                else f"There is no `Math.{expression.name}`.",
                f"Call it: {MATH[expression.name].signature}" if known else self._math_fix(expression.name),
            )
            return
        self._holder(target, "any single = {…}")
        name = expression.name
        shape = self._shaper.shape(target)
        if name in METHODS and not shape.kinds & OBJECT:
            self._findings.error(
                expression.name_start,
                "uncalled_method",
                f"`{name}` is a method.",
                f"Call it: {METHODS[name].signature}",
            )
        elif shape.certainly(NUMBER | BOOLEAN if name == "length" else LIST | TEXT | NUMBER | BOOLEAN):
            instead = INSTEAD.get(name)
            self._findings.error(
                expression.name_start,
                "unknown_property",
                f"{words(shape).capitalize()} has no property `{name}`.",
                f"Use {instead}."
                if instead
                else "Use length."
                if shape.only(LIST | TEXT)
                else "Only objects, lists and texts have properties.",
            )
        else:
            self._check_output(expression)
            self._fields.check(expression, self._variables)

    def _call(self, call: ast.Call) -> None:
        callee = call.callee
        if isinstance(callee, ast.Name):
            self._call_function(call, callee)
        elif isinstance(callee, ast.Property):
            self._call_method(call, callee)
        else:
            self._findings.error(
                call.start, "not_callable", "This cannot be called.", "A function is called by its name."
            )
        for argument in call.arguments:
            self._expression(argument.value)

    def _call_function(self, call: ast.Call, callee: ast.Name) -> None:
        name = callee.name
        builtin = FUNCTIONS.get(name)
        if name in self._types:
            hidden = name in FUNCTIONS or name in self._functions or name in self._environment.blueprints
            fix = f"Rename the variable, since it hides what else is called `{name}`." if hidden else None
            self._findings.error(callee.start, "not_callable", f"`{name}` is not a function.", fix)
        elif builtin is not None:
            has_arguments = self._arguments(call, builtin, f"`{name}`")
            if name in dates.OPERANDS:
                check_dates(call, name, self._shaper, self._types, self._findings)
            elif name in ("min", "max") and call.arguments:
                shape = self._shaper.shape(call.arguments[0].value)
                if not shape.kinds & (LIST | IS_ABSENT | IS_NULL):
                    self._findings.error(
                        call.arguments[0].value.start,
                        "not_a_list",
                        f"`{name}` takes a list.",
                        f"{name}([a, b]) or Math.{name}(a, b)",
                    )
            elif name in ("sum", "sort", "contains", "find") and has_arguments:
                shape = self._shaper.shape(call.arguments[0].value)
                if not shape.kinds & (LIST | IS_ABSENT | IS_NULL):
                    self._findings.error(
                        call.arguments[0].value.start,
                        "not_a_list",
                        f"`{name}` takes a list; this is {words(shape)}.",
                        builtin.signature,
                    )
        elif not self._call_named(call, callee):
            self._unknown_callee(call, callee)

    def _call_method(self, call: ast.Call, callee: ast.Property) -> None:
        name = callee.name
        if isinstance(callee.target, ast.Name) and callee.target.name == "Math" and "Math" not in self._types:
            builtin = MATH.get(name)
            if builtin is None:
                self._findings.error(
                    callee.name_start, "unknown_function", f"There is no `Math.{name}`.", self._math_fix(name)
                )
            else:
                self._arguments(call, builtin, f"`Math.{name}`")
            return
        self._expression(callee.target)
        if isinstance(callee.target, ast.Name) and callee.target.name not in self._types:
            return
        method = METHODS.get(name)
        if name == "length":
            self._findings.error(
                callee.name_start, "unknown_method", "`length` is not called.", "Write it without ( )."
            )
            return
        if method is None:
            instead = INSTEAD.get(name)
            close = self._findings.nearest(name, METHODS)
            fix = (
                f"Use {instead}."
                if instead
                else f"Did you mean `{close}`?"
                if close
                else f"The methods are {', '.join(METHODS)}."
            )
            self._findings.error(callee.name_start, "unknown_method", f"There is no method `{name}`.", fix)
            return
        self._arguments(call, method, f"`{name}`")
        shape = self._shaper.shape(callee.target)
        known = {"list": LIST, "text": TEXT, "number": NUMBER}
        possible = IS_NULL | IS_ABSENT
        for receiver in method.receivers:
            possible |= known[receiver]
        if not shape.kinds & possible and shape.kinds:
            owners = " and ".join(f"{receiver}s" for receiver in sorted(method.receivers))
            wanted = " or ".join(_RECEIVERS[receiver] for receiver in sorted(method.receivers))
            self._findings.error(
                callee.name_start,
                "wrong_receiver",
                f"`{name}` is a method of {owners}; this is {words(shape)}.",
                "Write a + b."
                if name == "concat" and shape.only(TEXT)
                else f"Before the point stands {wanted}.",
            )

    def _math_fix(self, name: str) -> str:
        if name == "PI":
            return "Write 3.141592653589793."
        # A `log` that is not of Math writes somewhere; that is another thing to mend.
        instead = INSTEAD.get(name) if name != "log" else None
        if instead and name not in MATH:
            return f"Use {instead}."
        close = self._findings.nearest(name, MATH)
        # With one letter changed, `sin` is `min`.
        if close and (len(name) > 3 or close == name.lower()):
            return f"Did you mean `Math.{close}`?"
        return f"Math has {', '.join(MATH)}."

    def _arguments(self, call: ast.Call, builtin: Builtin, shown: str) -> bool:
        """Whether there are as many arguments as there must be, by position; reports it if not."""
        for argument in call.arguments:
            if argument.name is not None:
                self._findings.error(
                    argument.start,
                    "named_argument",
                    f"{shown} takes its arguments by position.",
                    builtin.signature,
                )
                return False
        count = len(call.arguments)
        if not builtin.fewest <= count <= builtin.most:
            self._findings.error(
                call.start,
                "argument_count",
                f"{shown} does not take {_counted(count)}.",
                f"Write {builtin.signature}.",
            )
            return False
        return True


def _counted(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"
