"""The JSON Schema of inputs and the run boundary say the same about every value.

Types documents, signatures and values are made up; the values are ones that fit, such with one thing wrong,
and any JSON at all. The exceptions are those that leapter/veritas/schema.py names: null, which the boundary
takes for scalar inputs, optional fields and open ends of ranges and the schema does not advertise, and the
limits of a run, from which the values stay away.
"""

import copy
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from leapter.veritas import (
    Alias,
    Environment,
    InputError,
    Program,
    Signature,
    Structure,
    Type,
    Types,
    analyze,
    analyze_types,
    compile_program,
    example_inputs,
    input_schema,
    output_schema,
)
from leapter.veritas.temporal import EXAMPLES

_STEADY = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

_SCALARS = ["_text", "number", "boolean", "percent", "date", "time", "datetime", "duration", "range"]
_OBJECTS = ["any single", "any multiple"]
_CONSTRAINTS = {
    "_text": ['""', '"a"', '"b c"', '"💶"'],
    "number": ["0", "1", "2.5", "-1"],
    "boolean": ["true", "false"],
    "percent": ["0.19", "1"],
    "date": ['"2026-03-31"', '"2024-02-29"'],
}
_FIELDS = ["a", "b", "name", "$x", "in", "_y"]
_TEXTS = [
    *["", "a", "b c", "💶", "true", "1", "x" * 70],
    *["2026-03-31", "2024-02-29", "2026-02-29", "2026-3-31", "0000-01-01", "20260331"],
    *["14:30", "14:30:05.250", "24:00", "14:30Z", "2026-03-31T14:30:00", "2026-03-31T14:30:00Z"],
    *["2026-02-30T14:30:00Z", "P1M", "P1Y2M3W4D", "P", "PT5M", "-P1D", "P1D\n", "2026-03-31\n"],
]
_KEYS = st.sampled_from([*_FIELDS, "from", "to", "min", "e.u", "", "💶", "nmae"])
_NUMBERS = (
    st.sampled_from([0, 1, -1, 2.5, 0.19, 1.0, -0.0, 2**53 + 1, 1e308, 5e-324, True, False])
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_ANY_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.sampled_from(_TEXTS) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _written_type(draw: st.DrawFn, names: list[str]) -> str:
    prefix = draw(st.sampled_from(["", "", "", "list of ", "map of ", "list of list of ", "list of map of "]))
    kinds = [*_SCALARS, *names, *names]
    return prefix + draw(st.sampled_from(kinds if prefix else [*kinds, *_OBJECTS]))


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """A types document. Some of its definitions have errors; the others refer to any of the rest."""
    names = [f"T{number}" for number in range(draw(st.integers(0, 5)))]
    lines = []
    for name in names:
        if draw(st.booleans()):
            fields = draw(st.lists(st.sampled_from(_FIELDS), max_size=4, unique=True))
            written = [
                f"{field}: {draw(_written_type(names))}{draw(st.sampled_from(['', '', '?']))}"
                for field in fields
            ]
            lines.append(f'define {name} "About {name}" {{ {" ".join(written)} }}')
        elif draw(st.booleans()):
            base = draw(st.sampled_from(sorted(_CONSTRAINTS)))
            values = draw(st.lists(st.sampled_from(_CONSTRAINTS[base]), min_size=1, unique=True))
            prefix = draw(st.sampled_from(["", "list of "]))
            lines.append(f"define {name} as {prefix}{base} constrained_to [{', '.join(values)}]")
        else:
            lines.append(f"define {name} as {draw(_written_type(names))}")
    return "\n".join(lines)


class _Values:
    """Draws values of declared types."""

    def __init__(self, draw: st.DrawFn, types: Types) -> None:
        self._draw = draw
        self._types = types

    def of(self, declared: Type, depth: int = 0) -> Any:
        kind, element = declared.kind, declared.element
        definition = self._types.definitions.get(declared.name)
        if isinstance(definition, Alias):
            if definition.choices is None:
                return self.of(definition.target, depth)
            chosen = st.sampled_from(definition.choices)
            is_list = definition.target.kind == "list"
            return self._draw(st.lists(chosen, max_size=3) if is_list else chosen)
        if isinstance(definition, Structure):
            return {
                field.name: self.of(field.type, depth + 1)
                for field in definition.fields
                if not field.is_optional or (depth < 4 and self._draw(st.booleans()))
            }
        if element is not None:
            count = self._draw(st.integers(0, 2)) if depth < 4 else 0
            values = [self.of(element, depth + 1) for _ in range(count)]
            return values if kind == "list" else dict(zip(["x", "e.u"], values, strict=False))
        if kind in ("number", "percent"):
            return self._draw(_NUMBERS.filter(lambda number: not isinstance(number, bool)))
        if kind in EXAMPLES:
            return EXAMPLES[kind]
        if kind == "any multiple":
            return [{"x": self._draw(_ANY_JSON)}]
        return {
            "text": lambda: self._draw(st.sampled_from(_TEXTS)),
            "boolean": lambda: self._draw(st.booleans()),
            "range": lambda: self._draw(
                st.sampled_from([{"from": 1, "to": 2}, {"start": "2026-03-31"}, {"min": "14:30"}])
            ),
            "any single": lambda: {"x": self._draw(_ANY_JSON)},
        }[kind]()

    def damaged(self, value: Any) -> Any:
        """`value` with something else in one place."""
        container: Any = {"": copy.deepcopy(value)}
        key: Any = ""
        top = container
        while isinstance(container[key], dict | list) and container[key] and self._draw(st.integers(0, 3)):
            container = container[key]
            keys = list(container) if isinstance(container, dict) else list(range(len(container)))
            key = self._draw(st.sampled_from(keys))
        change = self._draw(st.sampled_from(["replace", "remove", "add", "null", "text"]))
        held = container[key]
        if change == "remove" and container is not top:
            del container[key]
        elif change == "add" and isinstance(held, dict):
            held[self._draw(_KEYS)] = self._draw(_ANY_JSON)
        elif change == "null":
            container[key] = None
        elif change == "text":
            container[key] = str(held)
        else:
            container[key] = self._draw(_ANY_JSON)
        return top[""]


@st.composite
def _programs(draw: st.DrawFn) -> tuple[Types, str]:
    """Types, and the source of a Blueprint that gives each input back as an output of the same type."""
    types = analyze_types(draw(_documents())).types
    count = draw(st.integers(1, 3))
    written = [draw(_written_type(sorted(types.definitions))) for _ in range(count)]
    inputs, outputs, body = [], [], []
    for number, declared in enumerate(written):
        choice = ""
        base = declared.removeprefix("list of ")
        if base in _CONSTRAINTS and draw(st.booleans()):
            choice = f" choice [{', '.join(draw(st.permutations(_CONSTRAINTS[base]))[:2])}]"
        inputs.append(f"i{number}: type {declared}{choice}")
        outputs.append(f"o{number}: {declared}")
        body.append(f"o{number} = i{number};")
    return types, f"function f({', '.join(inputs)}) -> {', '.join(outputs)} {{ {' '.join(body)} }}"


@st.composite
def _calls(draw: st.DrawFn) -> tuple[Types, str, list[dict[str, Any]]]:
    types, source = draw(_programs())
    signature = _signature(source, types)
    values = _Values(draw, types)
    calls = []
    for _ in range(4):
        inputs = {
            parameter.name: draw(st.sampled_from(parameter.choices))
            if parameter.choices and not parameter.base.is_list
            else values.of(parameter.type)
            for parameter in signature.inputs
        }
        for _ in range(draw(st.integers(0, 2))):
            inputs = cast("dict[str, Any]", values.damaged(inputs))
            if not isinstance(inputs, dict):
                inputs = {"i0": inputs}
        calls.append(inputs)
    return types, source, calls


def _signature(source: str, types: Types) -> Signature:
    analysis = analyze(source, Environment(types=types))
    assert not analysis.has_errors, (source, analysis.findings)
    assert analysis.signature is not None
    return analysis.signature


def _is_valid(schema: dict[str, Any], value: object) -> bool:
    return bool(Draft202012Validator(schema, format_checker=FormatChecker(["date"])).is_valid(value))


def _outputs(program: Program, inputs: dict[str, Any]) -> dict[str, Any] | None:
    """The outputs of a run, or None where the boundary refuses the inputs."""
    try:
        return program.run(inputs).outputs
    except InputError:
        return None


_INSTEAD_OF_NULL: dict[str, object] = {"number": 0, "percent": 0, "text": "", "boolean": False, **EXAMPLES}


def _without_null(inputs: dict[str, Any], signature: Signature) -> dict[str, Any]:
    """The inputs, with null changed for what it means where the boundary takes it, and left elsewhere."""
    found = {}
    for parameter in signature.inputs:
        if parameter.name in inputs:
            value = inputs[parameter.name]
            if value is None and parameter.base.kind in _INSTEAD_OF_NULL and parameter.base.kind != "range":
                value = _INSTEAD_OF_NULL[parameter.base.kind]
            found[parameter.name] = _closed(value, parameter.type, signature.types)
    return inputs | found


def _closed(value: Any, declared: Type, types: Types) -> Any:
    """A value without its optional fields that are null, and with ranges that have two ends."""
    target = types.unaliased(declared)
    structure = types.structure(target)
    if isinstance(value, dict):
        if target.kind == "range":
            bounds = [bound for bound in value.values() if bound is not None]
            return {name: (bounds or [0])[0] if bound is None else bound for name, bound in value.items()}
        if structure is not None:
            fields = {field.name: field for field in structure.fields}
            return {
                name: _closed(member, fields[name].type, types) if name in fields else member
                for name, member in value.items()
                if member is not None or name not in fields or not fields[name].is_optional
            }
        if target.kind == "map" and target.element is not None:
            return {name: _closed(member, target.element, types) for name, member in value.items()}
    if isinstance(value, list) and target.kind == "list" and target.element is not None:
        return [_closed(element, target.element, types) for element in value]
    return value


@given(_calls())
@_STEADY
def test_the_schema_lets_through_what_the_boundary_does(
    call: tuple[Types, str, list[dict[str, Any]]],
) -> None:
    types, source, calls = call
    analysis = analyze(source, Environment(types=types))
    assert analysis.document is not None
    program = compile_program(analysis.document)
    schema = input_schema(program.signature)
    Draft202012Validator.check_schema(schema)
    components: dict[str, Any] = {}
    in_openapi = input_schema(program.signature, components) | {"components": {"schemas": components}}
    for inputs in [*calls, example_inputs(program.signature)]:
        is_valid = _is_valid(schema, inputs)
        assert _is_valid(in_openapi, inputs) == is_valid
        outputs = _outputs(program, inputs)
        if is_valid:
            assert outputs is not None, inputs
            assert _is_valid(output_schema(program.signature), outputs)
        else:
            assert outputs is None or _is_valid(schema, _without_null(inputs, program.signature)), inputs


@given(_programs())
@_STEADY
def test_examples_fit_the_schema_and_pass_the_boundary(made: tuple[Types, str]) -> None:
    types, source = made
    analysis = analyze(source, Environment(types=types))
    assert analysis.document is not None
    program = compile_program(analysis.document)
    inputs = example_inputs(program.signature)
    assert _is_valid(input_schema(program.signature), inputs)
    outputs = program.run(inputs).outputs
    assert _is_valid(output_schema(program.signature), outputs)
    assert outputs == {name.replace("i", "o"): value for name, value in inputs.items()}
