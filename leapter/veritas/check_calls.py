"""The rules that calls of helpers and of Blueprints have to keep."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from leapter.veritas import ast
from leapter.veritas.boundary import Faults
from leapter.veritas.builtins import FUNCTIONS, METHODS
from leapter.veritas.definitions import NO_TYPES, Types
from leapter.veritas.environment import Environment
from leapter.veritas.findings import Findings
from leapter.veritas.forms import allowed_form, form_of
from leapter.veritas.inputs import InputConverters
from leapter.veritas.instead import INSTEAD
from leapter.veritas.limits import DEFAULT_LIMITS
from leapter.veritas.literals import NotLiteralError, json_value, literal_value
from leapter.veritas.shapes import IS_ABSENT, IS_NULL, Shaper, shape_of_type, words
from leapter.veritas.signature import Parameter, Signature, call_identifier
from leapter.veritas.source import MAX_SIZE, SPLIT_IT, TOO_LARGE
from leapter.veritas.types import Type
from leapter.veritas.values import ABSENT

# Of helpers or Blueprints that can be called instead.
_MOST_SHOWN = 20
_METHODS = {"length": "x.length"} | {name: method.signature for name, method in METHODS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Input:
    required: bool
    # What the boundary of a Blueprint checks; nothing checks the arguments of a helper.
    type: Type | None = None
    parameter: Parameter | None = None
    # What the names in the types stand for.
    types: Types = NO_TYPES


@dataclass(frozen=True, kw_only=True, slots=True)
class _Callee:
    """What can be called by `name` with named arguments."""

    name: str
    inputs: dict[str, _Input]
    outputs: frozenset[str]


def identifier_of(function: ast.Function) -> str:
    """The name by which Blueprints of the project call the Blueprint `function`."""
    label = function.notes.label or function.name
    return call_identifier(label) or call_identifier(function.name) or function.name


class CallChecker:
    """Checks calls with named arguments; the checker of expressions is built on it."""

    def __init__(
        self,
        document: ast.Document,
        functions: dict[str, ast.Function],
        environment: Environment,
        findings: Findings,
    ) -> None:
        self._document = document
        self._functions = functions
        self._environment = environment
        self._findings = findings
        self._types: dict[str, Type] = {}
        self._shaper = Shaper({})
        # Names without a declaration that were reported.
        self._undeclared: set[str] = set()
        # By the name of a local that only ever holds results of calls: the outputs that each of these has.
        # Sets are shared: thousands of locals may hold results of one with thousands of outputs.
        self._results: dict[str, Collection[frozenset[str]]] = {}
        self._callees: dict[str, _Callee | None] = {}

    def _find_callee(self, name: str) -> _Callee | None:
        """A helper of the file, the Blueprint itself or another one of the project, in this order."""
        if name not in self._callees:
            self._callees[name] = self._look_up(name)
        return self._callees[name]

    def _look_up(self, name: str) -> _Callee | None:
        main = self._document.main
        function = self._functions.get(name)
        if function is not None and function is not main:
            return _from_function(function, NO_TYPES, is_helper=True)
        if name == identifier_of(main):
            return self._own()
        signature = self._environment.blueprints.get(name)
        if signature is not None:
            return _from_signature(name, signature)
        return self._own() if name == main.name else None

    def _own(self) -> _Callee:
        return _from_function(self._document.main, self._environment.types, is_helper=False)

    def _note_call(self, name: str) -> None:
        """Keeps what the document depends on; a name that nothing has may be a Blueprint's one day."""
        main = self._document.main
        function = self._functions.get(name)
        if function is not None and function is not main:
            return
        is_own = name == identifier_of(main)
        if is_own or (name == main.name and name not in self._environment.blueprints):
            self._document.own_names |= {name}
        if not is_own:
            self._document.calls |= {name}

    def _call_named(self, call: ast.Call, callee: ast.Name) -> bool:
        """Checks a call of a helper or a Blueprint; False where there is none of this name."""
        self._note_call(callee.name)
        found = self._find_callee(callee.name)
        if found is None:
            return False
        self._weigh(len(found.inputs), call.start)
        name = found.name
        example = f"{name}({', '.join(f'{wanted}: …' for wanted in found.inputs)})"
        given: set[str] = set()
        for argument in call.arguments:
            if argument.name is None:
                self._findings.error(
                    argument.start,
                    "positional_argument",
                    f"`{name}` takes named arguments.",
                    f"Write {self._named_form(call, found)}.",
                )
                return True
            if argument.name not in found.inputs:
                close = self._findings.nearest(argument.name, found.inputs)
                self._findings.error(
                    argument.start,
                    "unknown_argument",
                    f"`{name}` has no input `{argument.name}`.",
                    f"Did you mean `{close}`?" if close else example,
                )
                # The input that was meant is not missing as well.
                given.add(close or argument.name)
            elif argument.name in given:
                self._findings.error(
                    argument.start, "repeated_argument", f"`{argument.name}` is given twice.", "Remove one."
                )
            else:
                self._check_argument(name, argument, found.inputs[argument.name])
            given.add(argument.name)
        for wanted, parameter in found.inputs.items():
            if wanted not in given and parameter.required:
                self._findings.error(
                    callee.start, "missing_argument", f"`{name}` needs the input `{wanted}`.", example
                )
        return True

    def _weigh(self, amount: int, offset: int) -> None:
        """Adds to the size of the document what a short piece of source becomes when it is compiled."""
        self._document.size += amount
        if self._document.size > MAX_SIZE:
            self._findings.close(offset, "too_large", TOO_LARGE, SPLIT_IT)

    def _named_form(self, call: ast.Call, callee: _Callee) -> str:
        """The call as it should be written, with what stands in it now."""
        if len(call.arguments) > len(callee.inputs):
            return f"{callee.name}({', '.join(f'{name}: …' for name in callee.inputs)})"
        named = {argument.name: argument for argument in call.arguments if argument.name is not None}
        others = (argument for argument in call.arguments if argument.name is None)
        written = []
        for name, parameter in callee.inputs.items():
            argument = named.get(name) or next(others, None)
            if argument is not None:
                text = self._document.text_of(argument.value)
                written.append(f"{name}: {text if len(text) <= 40 else '…'}")
            elif parameter.required:
                written.append(f"{name}: …")
        return f"{callee.name}({', '.join(written)})"

    def _check_argument(self, callee: str, argument: ast.Argument, parameter: _Input) -> None:
        """Reports what can never pass the callee's boundary, whatever the inputs of the run."""
        if parameter.type is None:
            return
        shape = self._shaper.shape(argument.value)
        possible = shape_of_type(parameter.types.resolve(parameter.type)).kinds | IS_NULL | IS_ABSENT
        if shape.kinds and not shape.kinds & possible:
            self._findings.error(
                argument.value.start,
                "argument_type",
                f"The input `{argument.name}` of `{callee}` is {parameter.type}; this is {words(shape)}.",
                f"Give {form_of(parameter.types.resolve(parameter.type))}.",
            )
        elif parameter.parameter is not None:
            self._check_literal(callee, argument, parameter.parameter, parameter.types)

    def _check_literal(self, callee: str, argument: ast.Argument, parameter: Parameter, types: Types) -> None:
        try:
            value = literal_value(argument.value)
        except NotLiteralError:
            return
        if value is ABSENT:
            return
        faults = Faults(DEFAULT_LIMITS)
        convert = InputConverters(types).of_input(parameter)
        convert(json_value(value), parameter.name, faults)
        for fault in faults.found[:1]:
            self._findings.error(
                argument.value.start,
                "argument_value",
                f"The input `{fault.path}` of `{callee}` {fault.message}.",
                f"Give {allowed_form(parameter.choices) or form_of(types.resolve(parameter.type))}.",
            )

    def _unknown_callee(self, call: ast.Call, callee: ast.Name) -> None:
        name = callee.name
        if name in self._findings.lost_names:
            return
        is_named = any(argument.name is not None for argument in call.arguments)
        instead = INSTEAD.get(name)
        known = (*FUNCTIONS, *self._functions, *self._environment.blueprints)
        close = self._findings.nearest(name, [other for other in known if other != name])
        method = name if name in _METHODS else self._findings.nearest(name, _METHODS)
        fix = (
            f"Use {instead}."
            if instead
            else f"Did you mean `{close}`?"
            if close
            else self._callables()
            if is_named and (self._environment.blueprints or len(self._functions) > 1)
            else f"It is written behind a value: {_METHODS[method]}."
            if method and not is_named
            else f"The functions are {', '.join(FUNCTIONS)}."
        )
        self._findings.error(
            callee.start, "unknown_function", f"There is no function or Blueprint `{name}`.", fix
        )

    def _callables(self) -> str:
        """What can be called with named arguments: the file's own first."""
        main = self._document.main
        helpers = [name for name, function in self._functions.items() if function is not main]
        blueprints = list(islice(self._environment.blueprints, _MOST_SHOWN + 1))
        said = [
            f"{what} {', '.join([*names[:_MOST_SHOWN], *['…'][: len(names) > _MOST_SHOWN]])}."
            for what, names in (("The helpers are", helpers), ("The Blueprints are", blueprints))
            if names
        ]
        return " ".join(said)

    # What a call gives

    def _check_output(self, expression: ast.Property) -> None:
        """Reports an output that no call has that the value can come from."""
        outputs = self._outputs_of(expression.target)
        if outputs is None or any(expression.name in each for each in outputs):
            return
        known = sorted({name for each in outputs for name in each})
        target = expression.target
        callee = target.callee if isinstance(target, ast.Call) else target
        close = self._findings.nearest(expression.name, known)
        shown = f"`{self._document.text_of(callee)}`"
        self._findings.error(
            expression.name_start,
            "unknown_output",
            f"{shown} has no output `{expression.name}`."
            if callee is not target
            else f"The result in {shown} has no output `{expression.name}`.",
            f"Did you mean `{close}`?" if close else f"It has {_listed(known)}.",
        )

    def _outputs_of(self, expression: ast.Expression) -> Collection[frozenset[str]] | None:
        """The outputs that the object can have, of each callee; None where it may come from elsewhere."""
        if isinstance(expression, ast.Name):
            return self._results.get(expression.name)
        if not isinstance(expression, ast.Call) or not isinstance(expression.callee, ast.Name):
            return None
        name = expression.callee.name
        if name in FUNCTIONS or name in self._types:
            return None
        found = self._find_callee(name)
        return (found.outputs,) if found is not None else None

    def _find_results(self, body: list[ast.Statement], names: Iterable[str]) -> None:
        """Finds the locals that only ever hold results of calls."""
        outputs: dict[str, dict[frozenset[str], None] | None] = {}
        for name, value in _stored(body):
            before = outputs.setdefault(name, {})
            found = self._outputs_of(value) if value is not None else None
            if before is None or found is None:
                outputs[name] = None
            else:
                before.update(dict.fromkeys(found))
        self._results = {name: found for name in names if (found := outputs.get(name)) is not None}


def _stored(body: list[ast.Statement]) -> Iterable[tuple[str, ast.Expression | None]]:
    """Everything that is stored into a name: the name and the expression, None where there is no one
    expression.
    """
    for statement in body:
        if isinstance(statement, ast.Var):
            for declarator in statement.declarators:
                if declarator.initial is not None:
                    yield declarator.name, declarator.initial
        elif isinstance(statement, ast.Assignment):
            if isinstance(statement.target, ast.Name):
                yield statement.target.name, statement.value if statement.operator == "=" else None
        elif isinstance(statement, ast.Choose):
            for branch in statement.branches:
                yield from _stored(branch.body)
        elif isinstance(statement, ast.Decide):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.name, None
        elif isinstance(statement, ast.For):
            for assignment in (statement.initial, statement.update):
                if assignment is not None:
                    yield from _stored([assignment])
            yield from _stored(statement.body)
        elif isinstance(statement, ast.ForIn):
            yield statement.variable, None
            yield from _stored(statement.body)
        elif isinstance(statement, ast.Section | ast.While):
            yield from _stored(statement.body)


def _from_function(function: ast.Function, types: Types, *, is_helper: bool) -> _Callee:
    return _Callee(
        name=function.name if is_helper else identifier_of(function),
        inputs={
            parameter.name: _Input(
                required=parameter.default is None,
                type=None if is_helper else parameter.type,
                types=types,
            )
            for parameter in function.inputs
        },
        outputs=frozenset(output.name for output in function.outputs),
    )


def _from_signature(name: str, signature: Signature) -> _Callee:
    return _Callee(
        name=name,
        inputs={
            parameter.name: _Input(
                required=parameter.required,
                type=parameter.type,
                parameter=parameter,
                types=signature.types,
            )
            for parameter in signature.inputs
        },
        outputs=frozenset(output.name for output in signature.outputs),
    )


def _listed(names: list[str]) -> str:
    more = [f"{len(names) - 20} more"] if len(names) > 20 else []
    return ", ".join([f"`{name}`" for name in names[:20]] + more) or "none"
