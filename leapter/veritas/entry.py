"""Generates the way into and out of a compiled Blueprint: inputs checked, outputs made ready for JSON.

A loop over the inputs would cost as much as a small Blueprint itself; code made for the very inputs and
outputs costs about a third. What is common (a finite number, a text, an allowed value) is taken in line, and
all else goes to the converters of boundary.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from leapter.veritas.boundary import (
    Converter,
    Faults,
    bytes_of,
    default_value,
    output_value,
    plain_numbers,
)
from leapter.veritas.inputs import InputConverters
from leapter.veritas.numbers import fraction
from leapter.veritas.paths import shown_name
from leapter.veritas.signature import Parameter, Signature
from leapter.veritas.state import (
    BYTES_PER_CHARACTER_OUTSIDE,
    BYTES_PER_ELEMENT,
    LIST_BYTES,
    TEXT_BYTES,
    State,
)
from leapter.veritas.values import ABSENT

# `read(inputs, faults)` gives the arguments; `write(state, results)` the outputs as JSON.
Reader = Callable[[Mapping[str, object], Faults], tuple[object, ...]]
Writer = Callable[[State, tuple[object, ...]], dict[str, object]]

MISSING = object()
# Lists up to this length are looked through in line; the call for longer ones is worth its cost.
_SHORT = 50


def reader_of(signature: Signature) -> Reader:
    """Names of inputs are identifiers of ASCII, so they can stand in the code as they are."""
    converters = InputConverters(signature.types)
    lines = ["def read(inputs, faults):", "  get = inputs.get", "  missing = 0"]
    if any(parameter.base.kind == "text" for parameter in signature.inputs):
        lines.append("  longest = faults.limits.string_characters")
    names: dict[str, object] = {"MISSING": MISSING, "type": type, "float": float, "int": int, "str": str}
    for position, parameter in enumerate(signature.inputs):
        value = f"x{position}"
        lines.append(f"  {value} = get({parameter.name!r}, MISSING)")
        taken = _fast_path(value, position, parameter, names)
        if parameter.has_default and not isinstance(parameter.default, list | dict):
            # What cannot change may be given to each run as it is.
            names[f"default{position}"] = default_value(parameter.default)
            lines += [
                f"  if {value} is MISSING:",
                f"    missing += 1; {value} = default{position}",
                "  else:",
            ]
            taken = [f"  {line}" for line in taken]
        lines += taken
        names[f"slow{position}"] = _slow_path(parameter, converters.of_input(parameter))
    results = "".join(f"x{position}, " for position in range(len(signature.inputs)))
    lines += ["  if missing: faults.missing += missing", f"  return ({results})"]
    return _function("\n".join(lines), names, "read")


def _fast_path(value: str, position: int, parameter: Parameter, names: dict[str, object]) -> list[str]:
    kind = parameter.base.kind
    if parameter.choices is not None and kind != "list":
        # By the text of the caller, the text of the run; only plain text can be looked up without surprises.
        names[f"chosen{position}"] = parameter.choices.texts
        return [
            f"  if type({value}) is str and {value} in chosen{position}:",
            f"    {value} = chosen{position}[{value}]",
            f"  else: {value} = slow{position}({value}, faults)",
        ]
    if kind in ("number", "percent"):
        return [
            f"  if type({value}) is int and -9007199254740992 <= {value} <= 9007199254740992:",
            f"    {value} = float({value})",
            f"  elif type({value}) is not float or {value} - {value} != 0.0:",
            f"    {value} = slow{position}({value}, faults)",
        ]
    if kind == "boolean":
        return [
            f"  if {value} is not True and {value} is not False: {value} = slow{position}({value}, faults)",
        ]
    if kind == "text":
        names["len"] = len
        return [
            f"  if type({value}) is not str or not {value}.isascii() or len({value}) > longest:",
            f"    {value} = slow{position}({value}, faults)",
        ]
    slow = f"{value} = slow{position}({value}, faults)"
    element = parameter.base.element
    if (
        kind == "list"
        and parameter.choices is None
        and element is not None
        and element.kind in ("number", "percent")
    ):
        names |= {"plain_numbers": plain_numbers, "list": list, "len": len}
        return [
            "  y = None",
            f"  if type({value}) is list and len({value}) <= {_SHORT}:",
            f"    y = [v if type(v) is float else float(v) for v in {value}",
            "         if type(v) is float and v - v == 0.0 or type(v) is int and -1e15 < v < 1e15]",
            f"    if len(y) != len({value}): y = None",
            "  if y is None or len(y) > faults.limits.list_elements:",
            f"    y = plain_numbers({value}, faults.limits.list_elements)",
            f"  if y is None: {slow}",
            f"  else: {value} = y",
        ]
    return [f"  {slow}"]


def _slow_path(parameter: Parameter, convert: Converter) -> Callable[[object, Faults], object]:
    has_structures = parameter.base.innermost.kind == "named"
    name, is_required, default = parameter.name, parameter.required, parameter.default
    path, size = shown_name(name), bytes_of(default)

    def slow(value: object, faults: Faults) -> object:
        if value is not MISSING:
            return convert(value, path, faults)
        faults.missing += 1
        if is_required:
            faults.add(path, "is required")
            return ABSENT
        faults.default_bytes += size
        return convert(default, path, faults) if has_structures else default_value(default)

    return slow


def writer_of(signature: Signature) -> Writer:
    lines = ["def write(state, results):", "  outputs = {}"]
    names: dict[str, object] = {
        "ABSENT": ABSENT,
        "type": type,
        "float": float,
        "int": int,
        "str": str,
        "len": len,
        "list": list,
        "convert": output_value,
        "short_list": _short_list,
        "fraction": fraction,
    }
    if signature.outputs:
        targets = "".join(f"x{position}, " for position in range(len(signature.outputs)))
        lines.append(f"  {targets} = results")
    for position, output in enumerate(signature.outputs):
        value = f"x{position}"
        names[f"output{position}"] = output
        allocated = f"state.allocated + {TEXT_BYTES} + {BYTES_PER_CHARACTER_OUTSIDE} * len({value})"
        lines += [
            f"  if type({value}) is float and -9007199254740992.0 <= {value} <= 9007199254740992.0:",
            f"    outputs[{output.name!r}] = {_number_out(value)}",
            f"  elif type({value}) is str and {value}.isascii() and ({allocated}) <= state.max_allocated:",
            f"    state.allocated = {allocated}",
            f"    outputs[{output.name!r}] = {value}",
            f"  elif type({value}) is list and len({value}) <= {_SHORT}:",
            f"    outputs[{output.name!r}] = short_list(state, {value}, output{position})",
            f"  elif {value} is not ABSENT:",
            f"    outputs[{output.name!r}] = convert(state, {value}, output{position})",
        ]
    lines.append("  return outputs")
    return _function("\n".join(lines), names, "write")


def _number_out(value: str) -> str:
    """`json_number` of a variable, for one that is no greater than 2**53."""
    return f"int({value}) if {value}.is_integer() else {value} if {value} >= 1e-5 else fraction({value})"


def _short_list(state: State, values: list[object], output: Parameter) -> object:
    """`output_value` of a list that, most often, holds plain texts and numbers."""
    allocated = state.allocated + LIST_BYTES + BYTES_PER_ELEMENT * len(values)
    found: list[object] = []
    for value in values:
        if type(value) is str and value.isascii():
            allocated += TEXT_BYTES + BYTES_PER_CHARACTER_OUTSIDE * len(value)
            found.append(value)
        elif type(value) is float and -9007199254740992.0 <= value <= 9007199254740992.0:
            found.append(int(value) if value.is_integer() else value if value >= 1e-5 else fraction(value))
        else:
            return output_value(state, values, output)
    if allocated > state.max_allocated:
        return output_value(state, values, output)
    state.allocated = allocated
    return found


def _function(text: str, names: dict[str, object], name: str) -> Callable[..., Any]:
    namespace = {"__builtins__": {}, **names}
    exec(compile(text, "<veritas boundary>", "exec", dont_inherit=True), namespace)  # noqa: S102 - our own text
    return cast("Callable[..., Any]", namespace[name])
