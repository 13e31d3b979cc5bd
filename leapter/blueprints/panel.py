"""The fields of the Run panel: a Blueprint's inputs as form fields, and what was typed as inputs."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leapter import veritas

FieldKind = Literal["number", "boolean", "choice", "text", "date or time", "list", "json"]

PREFIX = "input."
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_MAX_NUMBER_CHARACTERS = 400
_MAX_HINTED_FIELDS = 12
_SCALAR_KINDS: dict[str, FieldKind] = {
    "number": "number",
    "percent": "number",
    "boolean": "boolean",
    "text": "text",
    "date": "date or time",
    "time": "date or time",
    "datetime": "date or time",
    "duration": "date or time",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One input as the panel shows it. `value` is the text in the field; `options` are (value, label).

    `structure` names the structure that the input is made of, "" for none; `rows` are those of a large field.
    """

    name: str
    label: str
    description: str
    hint: str
    kind: FieldKind
    structure: str
    required: bool
    value: str
    options: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of its element on the page, and the name that it is sent under."""
        return PREFIX + self.name

    @property
    def rows(self) -> int:
        """As many as it takes to see the value, within reason."""
        return min(max(self.value.count("\n") + 1, 3), 16)


def fields(
    signature: veritas.Signature,
    typed: Mapping[str, str] | None = None,
    faults: Iterable[veritas.Fault] = (),
) -> list[Field]:
    """The panel's fields.

    Args:
        typed: field id to text, as sent; without it the fields hold the defaults, and examples of structures.
        faults: problems of single inputs; they stand beside the input that their path begins with.
    """
    errors: dict[str, list[str]] = {}
    for fault in faults:
        name = _root(fault.path)
        subject = "This" if fault.path == name else fault.path
        errors.setdefault(name, []).append(_sentence(f"{subject} {fault.message}"))
    if typed is None:
        typed = values_of(signature, _examples_of_structures(signature))
    return [
        _field(parameter, typed, errors.get(parameter.name, []), signature.types)
        for parameter in signature.inputs
    ]


def values_of(signature: veritas.Signature, inputs: Mapping[str, Any]) -> dict[str, str]:
    """How one would type `inputs` into the fields: field id to text. Inputs left out have their defaults."""
    return {
        PREFIX + parameter.name: _as_typed(parameter, inputs.get(parameter.name, parameter.default))
        for parameter in signature.inputs
        if parameter.name in inputs or parameter.has_default
    }


def read(
    signature: veritas.Signature, typed: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[veritas.Fault, ...]]:
    """The inputs that the fields say, and the faults of fields that say none.

    An empty field leaves its input out, but an empty list field is an empty list, and an empty text field
    whose input has a default is an empty text: its default stood there and was taken out.
    """
    inputs: dict[str, Any] = {}
    faults = []
    for parameter in signature.inputs:
        try:
            value = _value(parameter, typed.get(PREFIX + parameter.name))
        except ValueError as error:
            faults.append(veritas.Fault(path=parameter.name, message=str(error)))
            continue
        if value is not _LEFT_OUT:
            inputs[parameter.name] = value
    return inputs, tuple(faults)


def together(unread: Iterable[veritas.Fault], found: Iterable[veritas.Fault]) -> tuple[veritas.Fault, ...]:
    """Faults of fields that say no input, and what the run boundary found in the others."""
    unread = tuple(unread)
    names = {_root(fault.path) for fault in unread}
    return unread + tuple(fault for fault in found if _root(fault.path) not in names)


def count_inputs(faults: Iterable[veritas.Fault]) -> int:
    """How many inputs the faults are about."""
    return len({_root(fault.path) for fault in faults})


def without_field(signature: veritas.Signature, faults: Iterable[veritas.Fault]) -> list[veritas.Fault]:
    """The faults that stand beside no field of the panel."""
    names = {parameter.name for parameter in signature.inputs}
    return [fault for fault in faults if _root(fault.path) not in names]


def plain(value: object) -> str:
    """A value of an output as a table shows it: text as it is, all else as JSON."""
    if isinstance(value, float):
        return veritas.number_to_text(value)
    return value if isinstance(value, str) else json.dumps(_whole(value), ensure_ascii=False)


def pretty(value: object) -> str:
    """A value as JSON over several lines."""
    return json.dumps(_whole(value), ensure_ascii=False, indent=2)


_LEFT_OUT = object()


def _kind(parameter: veritas.Parameter) -> FieldKind:
    if parameter.choices is not None and not parameter.base.is_list:
        return "choice"
    element = parameter.base.element
    if parameter.base.kind == "list" and element is not None and element.kind in _SCALAR_KINDS:
        return "list"
    return _SCALAR_KINDS.get(parameter.base.kind, "json")


def _examples_of_structures(signature: veritas.Signature) -> dict[str, Any]:
    """An empty field for JSON tells nobody what to write into it."""
    wanting = [
        parameter.name
        for parameter in signature.inputs
        if parameter.default is None and _structure(parameter, signature.types)
    ]
    examples = veritas.example_inputs(signature) if wanting else {}
    return {name: examples[name] for name in wanting}


def _structure(parameter: veritas.Parameter, types: veritas.Types) -> veritas.Structure | None:
    """The structure that an input is, or that its elements are."""
    return types.structure(parameter.base.innermost)


def _field(
    parameter: veritas.Parameter, typed: Mapping[str, str], errors: list[str], types: veritas.Types
) -> Field:
    kind = _kind(parameter)
    structure = _structure(parameter, types)
    options: tuple[tuple[str, str], ...] = ()
    if kind == "boolean":
        options = (("true", "Yes"), ("false", "No"))
    elif kind == "choice":
        options = tuple((_json(choice), plain(choice)) for choice in parameter.choices or ())
    if options and not parameter.has_default:
        options = (("", "Choose …"), *options)
    return Field(
        name=parameter.name,
        label=parameter.label or parameter.name,
        description=parameter.description,
        hint=_hint(parameter, kind, structure),
        kind=kind,
        structure=structure.name if structure else "",
        required=parameter.required,
        value=typed.get(PREFIX + parameter.name, ""),
        options=options,
        errors=tuple(errors),
    )


def _hint(parameter: veritas.Parameter, kind: FieldKind, structure: veritas.Structure | None) -> str:
    if kind == "list":
        hint = "One a line, or a JSON list."
        if parameter.choices:
            hint += f" Allowed: {', '.join(plain(choice) for choice in parameter.choices)}."
        return hint
    if parameter.base.kind == "range":
        return 'As JSON, such as {"from": 1, "to": 10}.'
    if structure is not None:
        return _hint_of_structure(parameter.base, structure)
    if kind == "json":
        return "As JSON."
    if kind == "date or time":
        return {
            "date": "Such as 2026-03-31.",
            "time": "Such as 14:30.",
            "datetime": "Such as 2026-03-31T14:30:00.",
            "duration": "Such as P1M or P10D.",
        }[parameter.base.kind]
    return "As a fraction: 0.19 is 19 %." if parameter.base.kind == "percent" else ""


def _hint_of_structure(base: veritas.Type, structure: veritas.Structure) -> str:
    members = [
        f"{member.name} (optional)" if member.is_optional else member.name
        for member in structure.fields[:_MAX_HINTED_FIELDS]
    ]
    left = len(structure.fields) - len(members)
    if left:
        members.append(f"{left} more")
    what = {"list": "a JSON list, each", "map": "a JSON object of names, each"}.get(base.kind, "JSON,")
    return f"As {what} with {', '.join(members)}." if members else f"As {what} with no fields."


def _as_typed(parameter: veritas.Parameter, value: object) -> str:
    kind = _kind(parameter)
    if kind == "date or time" and value is None:
        return ""  # none: that is what an empty field says
    if kind in ("number", "boolean", "choice"):
        return _json(value)
    if kind == "list" and isinstance(value, list):
        # A text that would be read otherwise on a line of its own needs the JSON form.
        lines = [plain(item) for item in value]
        odd = None in value or any(
            not line or line != line.strip() or "\n" in line or "\r" in line for line in lines
        )
        return _json(value) if odd or (lines and lines[0].startswith("[")) else "\n".join(lines)
    if kind == "json":
        return pretty(value)
    return plain(value)


def _root(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _sentence(text: str) -> str:
    return text + ("" if text.endswith((".", "?", "!")) else ".")


def _value(parameter: veritas.Parameter, text: str | None) -> Any:
    if text is None:
        return _LEFT_OUT
    kind = _kind(parameter)
    stripped = text.strip()
    if kind == "list":
        return _list(parameter, stripped)
    if kind == "text":
        return text.replace("\r\n", "\n") if text or parameter.has_default else _LEFT_OUT
    if not stripped:
        return _LEFT_OUT
    if kind == "number":
        return _number(stripped)
    if kind == "boolean":
        return _boolean(stripped)
    if kind in ("choice", "json"):
        return _from_json(stripped)
    return stripped


def _list(parameter: veritas.Parameter, text: str) -> list[Any]:
    if text.startswith("["):
        value = _from_json(text)
        if isinstance(value, list):
            return value
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    element = parameter.base.element
    kind = element.kind if element is not None else "text"
    if kind in ("number", "percent"):
        return [_number(line) for line in lines]
    if kind == "boolean":
        return [_boolean(line) for line in lines]
    return list(lines)


def _number(text: str) -> int | float:
    if len(text) > _MAX_NUMBER_CHARACTERS or not _NUMBER.fullmatch(text):
        raise ValueError(f"must be a number such as 12.5, not {_cut(text)}")
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"must be a number in the range of double precision, not {_cut(text)}")
    return number


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"must be true or false, not {_cut(text)}")
    return text == "true"


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"must be JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("must be JSON, and is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"must be JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _json(value: object) -> str:
    return json.dumps(_whole(value), ensure_ascii=False)


def _whole(value: Any) -> Any:
    """The value with whole numbers written as such: the language knows doubles only."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(veritas.number_to_text(value))
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return value


def _cut(text: str) -> str:
    return json.dumps(text if len(text) <= 40 else text[:39] + "…", ensure_ascii=False)
