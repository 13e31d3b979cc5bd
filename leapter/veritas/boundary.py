"""The run boundary: JSON to values on the way in, values to JSON on the way out."""

from collections.abc import Callable, Collection
from typing import Final, cast

from leapter.veritas import ranges, temporal
from leapter.veritas.errors import Fault, LimitExceeded, Node, OperationFailed
from leapter.veritas.limits import Limits
from leapter.veritas.numbers import json_number, number_to_text
from leapter.veritas.paths import member_path
from leapter.veritas.signature import Parameter
from leapter.veritas.spelling import Speller
from leapter.veritas.state import (
    BYTES_PER_CHARACTER,
    BYTES_PER_CHARACTER_OUTSIDE,
    BYTES_PER_ELEMENT,
    BYTES_PER_MEMBER,
    LIST_BYTES,
    OBJECT_BYTES,
    TEXT_BYTES,
    State,
)
from leapter.veritas.types import Type
from leapter.veritas.values import ABSENT, NULL, from_code_units, to_code_units

# Objects and lists inside each other, in inputs and in outputs.
MAX_DEPTH = 64
_MOST_FAULTS = 100
# Known names that one call compares with unknown ones: some 50 ms of work.
_MOST_COMPARED = 1_000
# Names of types can be long, and each fault may say one.
_MOST_OF_MESSAGE = 5_000
# As a tuple: `list | dict` would be made anew each time.
_NESTED = (list, dict)
_NUMBER_TYPES = frozenset((float, int))


class Faults:
    """Collects what does not fit; the first hundred are kept, the rest counted."""

    found: tuple[Fault, ...] = ()
    more = 0
    # How many inputs were left out, required or not.
    missing = 0
    # What the lists and objects take that were made of defaults.
    default_bytes = 0
    _speller: Speller | None = None
    # How many lists and objects the value that is being looked at lies in.
    depth = 0

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def add(self, path: str, message: str) -> None:
        if len(self.found) < _MOST_FAULTS:
            fault = Fault(path=from_code_units(path), message=from_code_units(message[:_MOST_OF_MESSAGE]))
            self.found += (fault,)
        else:
            self.more += 1

    def nearest(self, name: str, known: Collection[str]) -> str | None:
        """The known name that was probably meant by `name`, as long as one call may look for such."""
        self._speller = self._speller or Speller(_MOST_COMPARED)
        return self._speller.nearest(name, known)

    @property
    def are_many(self) -> bool:
        """Whether what is added now is only counted."""
        return len(self.found) >= _MOST_FAULTS

    def enter(self, path: str) -> bool:
        """Whether the list or object at `path` may still have something in it; `leave` undoes it."""
        if self.depth >= MAX_DEPTH:
            self.add(path, f"is nested more than {MAX_DEPTH} deep")
            return False
        self.depth += 1
        return True

    def leave(self) -> None:
        self.depth -= 1


# Takes a JSON value, its path and where to report; returns the value of a run.
Converter = Callable[[object, str, Faults], object]

# What null stands for as the value of an input. Among days there is no zero, so null stays null.
ZEROS: Final[dict[str, object]] = {
    "number": 0.0,
    "percent": 0.0,
    "text": "",
    "boolean": False,
    **dict.fromkeys(temporal.KINDS, NULL),
}


def json_kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object"


def _number(value: object, path: str, faults: Faults) -> object:
    if type(value) is float:
        if value - value == 0:  # neither infinite nor NaN
            return value
        faults.add(path, "must be a finite number")
        return 0.0
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            faults.add(path, "is too large for a number")
            return 0.0
    if isinstance(value, float | int) and not isinstance(value, bool):
        return _number(float(value), path, faults)
    faults.add(path, f"must be a number, not {json_kind(value)}")
    return 0.0


def _text(value: object, path: str, faults: Faults) -> object:
    if isinstance(value, str):
        converted = to_code_units(str(value))
        if len(converted) > faults.limits.string_characters:
            faults.add(path, f"must not be longer than {faults.limits.string_characters:,} characters")
        return converted
    faults.add(path, f"must be text, not {json_kind(value)}")
    return ""


def _boolean(value: object, path: str, faults: Faults) -> object:
    if isinstance(value, bool):
        return value
    faults.add(path, f"must be true or false, not {json_kind(value)}")
    return False


def _temporal(kind: str) -> Converter:
    """Of a date, time, datetime or duration."""

    def convert(value: object, path: str, faults: Faults) -> object:
        if isinstance(value, str):
            fault = temporal.fault_of(kind, value)
            if fault is not None:
                faults.add(path, fault)
            return str(value)
        faults.add(path, f"must be {temporal.form_of(kind)}, not {json_kind(value)}")
        return NULL

    return convert


def _range(value: object, path: str, faults: Faults) -> object:
    if isinstance(value, dict):
        return ranges.read_range(value, path, faults.add, lambda bound, where: _number(bound, where, faults))
    faults.add(path, f"must be {ranges.FORM}, not {json_kind(value)}")
    return {}


def _length_fits(length: int, path: str, faults: Faults) -> bool:
    if length > faults.limits.list_elements:
        faults.add(
            path, f"must not have more than {faults.limits.list_elements:,} elements; it has {length:,}"
        )
        return False
    return True


def list_of(element: Converter) -> Converter:
    """Of a list whose elements `element` converts."""

    def convert(value: object, path: str, faults: Faults) -> object:
        if not isinstance(value, list | tuple):
            faults.add(path, f"must be a list, not {json_kind(value)}")
            return []
        if not _length_fits(len(value), path, faults) or not faults.enter(path):
            return []
        converted = [element(item, f"{path}[{position}]", faults) for position, item in enumerate(value)]
        faults.leave()
        return converted

    return convert


def _numbers(value: object, path: str, faults: Faults) -> object:
    # Most lists are of numbers: a path is made only for an element that needs one.
    if not isinstance(value, list | tuple):
        faults.add(path, f"must be a list, not {json_kind(value)}")
        return []
    if not _length_fits(len(value), path, faults):
        return []
    return [
        item if type(item) is float and item - item == 0 else _number(item, f"{path}[{position}]", faults)
        for position, item in enumerate(value)
    ]


def plain_numbers(value: object, most: int) -> list[float] | None:
    """A list of finite numbers as floats, at the speed of C; None where there is anything else in it."""
    if type(value) is not list or len(value) > most or not _NUMBER_TYPES.issuperset(map(type, value)):
        return None
    try:
        plain = list(map(float, value))
        total = sum(plain)
    except OverflowError:
        return None
    # One element that is infinite or NaN makes the total so.
    return plain if total - total == 0 else None


def _map_of(element: Converter) -> Converter:
    def convert(value: object, path: str, faults: Faults) -> object:
        if not isinstance(value, dict):
            faults.add(path, f"must be an object, not {json_kind(value)}")
            return {}
        if not _length_fits(len(value), path, faults) or not faults.enter(path):
            return {}
        converted = {
            to_code_units(str(key)): element(member, member_path(path, str(key)), faults)
            for key, member in value.items()
        }
        faults.leave()
        return converted

    return convert


def _anything(value: object, path: str, faults: Faults) -> object:
    """Any JSON value. Null stays null here, since no type says what its zero would be."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _number(value, path, faults)
    if isinstance(value, str):
        return _text(value, path, faults)
    if not isinstance(value, list | tuple | dict):
        faults.add(path, "is not a JSON value")
        return NULL
    if not _length_fits(len(value), path, faults) or not faults.enter(path):
        return NULL
    converted: object
    if isinstance(value, dict):
        converted = {
            to_code_units(str(key)): _anything(member, member_path(path, str(key)), faults)
            for key, member in value.items()
        }
    else:
        converted = [_anything(item, f"{path}[{position}]", faults) for position, item in enumerate(value)]
    faults.leave()
    return converted


def _object(value: object, path: str, faults: Faults) -> object:
    if not isinstance(value, dict):
        faults.add(path, f"must be an object, not {json_kind(value)}")
        return {}
    return _anything(value, path, faults)


def converter(declared: Type, named: Callable[[Type], Converter]) -> Converter:
    """What turns JSON into a value of `declared`; `named` gives it for a type of the types document."""
    kind = declared.kind
    if kind in ("number", "percent"):
        return _number
    if kind == "text":
        return _text
    if kind == "boolean":
        return _boolean
    if kind in temporal.KINDS:
        return _temporal(kind)
    if kind == "range":
        return _range
    if kind == "list" and declared.element is not None:
        return (
            _numbers
            if declared.element.kind in ("number", "percent")
            else list_of(converter(declared.element, named))
        )
    if kind == "map" and declared.element is not None:
        return _map_of(converter(declared.element, named))
    if kind == "named":
        return named(declared)
    if kind == "any multiple":
        return list_of(_object)
    return _object if kind == "any single" else _anything


def default_value(value: object) -> object:
    """A default, which is a JSON value, as a fresh value of a run."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return to_code_units(value)
    if isinstance(value, list):
        return [default_value(element) for element in value]
    if isinstance(value, dict):
        return {to_code_units(str(key)): default_value(member) for key, member in value.items()}
    return NULL


def bytes_of(value: object) -> int:
    """What the account of a run is charged for a default that is made anew: a list or an object."""
    if isinstance(value, list):
        return LIST_BYTES + BYTES_PER_ELEMENT * len(value) + sum(map(bytes_of, value))
    if isinstance(value, dict):
        return OBJECT_BYTES + BYTES_PER_MEMBER * len(value) + sum(map(bytes_of, value.values()))
    return TEXT_BYTES + BYTES_PER_CHARACTER * len(value) if isinstance(value, str) else 0


def output_value(state: State, value: object, output: Parameter) -> object:
    """A value of a run as JSON; absent elements of lists are null, absent members left out. Numbers are as
    `json_number` gives them.

    Raises OperationFailed, which names the output, for NaN, infinities and values nested too deeply.
    """
    if type(value) is float:
        if value - value == 0:  # neither infinite nor NaN
            return json_number(value)
        raise OperationFailed(
            f"The output `{output.name}` is {number_to_text(value)}, which is not a number.",
            node=_node(output),
        )
    if value is True or value is False:
        return value
    if value is NULL or value is ABSENT:
        return None
    try:
        if type(value) is str:
            return _text_out(state, value)
        return _nested(state, value, output, 1)
    except LimitExceeded as error:
        error.node = _node(output)
        raise


def _text_out(state: State, text: str) -> str:
    # The same text may stand in many places; each is a copy of its own, at the latest in the JSON.
    allocated = state.allocated + (TEXT_BYTES + BYTES_PER_CHARACTER_OUTSIDE * len(text))
    if allocated > state.max_allocated:
        state.copy_text(len(text))
    state.allocated = allocated
    return text if text.isascii() else from_code_units(text)


def _nested(state: State, value: object, output: Parameter, depth: int) -> object:
    if depth > MAX_DEPTH:
        raise OperationFailed(
            f"The output `{output.name}` is nested more than {MAX_DEPTH} deep.", node=_node(output)
        )
    if isinstance(value, list):
        # The same list may stand in many places; what it becomes is counted each time.
        state.elements(len(value), len(value))
        state.work(len(value))
        return [
            _text_out(state, element)
            if type(element) is str
            else _nested(state, element, output, depth + 1)
            if isinstance(element, _NESTED)
            else output_value(state, element, output)
            for element in value
        ]
    members = cast("dict[str, object]", value)
    state.members(len(members))
    state.work(len(members))
    return {
        _text_out(state, key): _nested(state, member, output, depth + 1)
        if isinstance(member, _NESTED)
        else output_value(state, member, output)
        for key, member in members.items()
        if member is not ABSENT
    }


def _node(output: Parameter) -> Node:
    return Node(id=output.node_id, label=output.label, line=output.line)
