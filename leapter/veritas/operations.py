"""Operators and coercions of ECMAScript 5 on the values of a run."""

import math

from leapter.veritas.errors import OperationFailed
from leapter.veritas.numbers import divide, modulo, number_to_text, text_to_number
from leapter.veritas.state import (
    BYTES_PER_CHARACTER,
    BYTES_PER_ELEMENT,
    BYTES_PER_MEMBER,
    LIST_BYTES,
    TEXT_BYTES,
    State,
)
from leapter.veritas.values import ABSENT, NULL, Record

# Lists inside lists, when they become text.
MAX_TEXT_DEPTH = 64
# Texts up to this length are compared without being accounted for.
_SHORT = 1000
# As tuples: `list | dict` would be made anew each time, which takes longer than the test.
_OBJECTS = (list, dict)
_TEXTUAL = (str, list, dict)
_INDEXED = (list, str)


def kind_of(value: object) -> str:
    """The word for a value in messages."""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return str(value)


def truthy(value: object) -> bool:
    if value is True or value is False:
        return value
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    if isinstance(value, str):
        return value != ""
    return value is not NULL and value is not ABSENT


def to_number(state: State, value: object) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, str):
        if len(value) > _SHORT:
            state.work(len(value))
        return text_to_number(value)
    if value is NULL:
        return 0.0
    if isinstance(value, list):
        return text_to_number(to_text(state, value))
    return math.nan


def to_text(state: State, value: object, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return number_to_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is NULL:
        return "null"
    if value is ABSENT:
        return "undefined"
    if isinstance(value, list):
        return join(state, value, ",", depth + 1)
    return "[object Object]"


def join(state: State, values: list[object], separator: str, depth: int = 1) -> str:
    """The elements as text with `separator` between them; null and absent give nothing."""
    if depth > MAX_TEXT_DEPTH:
        raise OperationFailed(f"A list nested more than {MAX_TEXT_DEPTH} deep cannot become text.")
    state.work(len(values))
    parts: list[str] = []
    length = len(separator) * max(len(values) - 1, 0)
    for value in values:
        part = "" if value is NULL or value is ABSENT else to_text(state, value, depth)
        length += len(part)
        if length > state.max_text:
            break
        parts.append(part)
    state.text(length)
    return separator.join(parts)


def add(state: State, left: object, right: object) -> float | str:
    if isinstance(left, float) and isinstance(right, float):
        return left + right
    if isinstance(left, _TEXTUAL) or isinstance(right, _TEXTUAL):
        return concatenate(state, left, right)
    return to_number(state, left) + to_number(state, right)


def concatenate(state: State, left: object, right: object) -> str:
    """`left + right` where at least one of them is text, a list or an object."""
    first = left if isinstance(left, str) else to_text(state, left)
    second = right if isinstance(right, str) else to_text(state, right)
    length = len(first) + len(second)
    state.allocated += TEXT_BYTES + BYTES_PER_CHARACTER * length
    if length > state.max_text or state.allocated > state.max_allocated:
        state.text(length)
    return first + second


def subtract(state: State, left: object, right: object) -> float:
    return to_number(state, left) - to_number(state, right)


def multiply(state: State, left: object, right: object) -> float:
    return to_number(state, left) * to_number(state, right)


def quotient(state: State, left: object, right: object) -> float:
    return divide(to_number(state, left), to_number(state, right))


def remainder(state: State, left: object, right: object) -> float:
    return modulo(to_number(state, left), to_number(state, right))


def minus(state: State, value: object) -> float:
    return -to_number(state, value)


def _primitive(state: State, value: object) -> object:
    return to_text(state, value) if isinstance(value, _OBJECTS) else value


def _text_pair(state: State, left: object, right: object) -> tuple[str, str] | None:
    left, right = _primitive(state, left), _primitive(state, right)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) > _SHORT:
            state.work(min(len(left), len(right)))
        return left, right
    return None


def less(state: State, left: object, right: object) -> bool:
    texts = _text_pair(state, left, right)
    if texts:
        return texts[0] < texts[1]
    return to_number(state, left) < to_number(state, right)


def less_or_equal(state: State, left: object, right: object) -> bool:
    texts = _text_pair(state, left, right)
    if texts:
        return texts[0] <= texts[1]
    return to_number(state, left) <= to_number(state, right)


def greater(state: State, left: object, right: object) -> bool:
    return less(state, right, left)


def greater_or_equal(state: State, left: object, right: object) -> bool:
    return less_or_equal(state, right, left)


def strictly_equal(state: State, left: object, right: object) -> bool:
    """`===`: same kind and same value; lists and objects only when they are the very same."""
    if isinstance(left, str):
        if not isinstance(right, str):
            return False
        if len(left) > _SHORT and len(left) == len(right):
            state.work(len(left))
        return left == right
    if isinstance(left, float):
        return isinstance(right, float) and left == right
    return left is right


def loosely_equal(state: State, left: object, right: object) -> bool:
    """`==` by ES5 §11.9.3: null and absent are equal, and numbers, text and truth values are compared as
    numbers.
    """
    if left is NULL or left is ABSENT:
        return right is NULL or right is ABSENT
    if right is NULL or right is ABSENT:
        return False
    left_is_object = isinstance(left, _OBJECTS)
    right_is_object = isinstance(right, _OBJECTS)
    if left_is_object and right_is_object:
        return left is right
    if left_is_object:
        left = to_text(state, left)
    if right_is_object:
        right = to_text(state, right)
    if type(left) is type(right):
        return strictly_equal(state, left, right)
    return to_number(state, left) == to_number(state, right)


def get_property(state: State, target: object, name: str) -> object:
    if isinstance(target, dict):
        return target.get(name, ABSENT)
    if isinstance(target, _INDEXED):
        if name == "length":
            return float(len(target))
        return ABSENT
    if target is NULL or target is ABSENT:
        raise OperationFailed(f"The property `{name}` of {target} cannot be read.")
    return ABSENT


def _key(state: State, index: object) -> str:
    text = to_text(state, index)
    return text if len(text) <= 60 else text[:59] + "…"


def _position(state: State, index: object) -> int:
    """The position that `index` names, or -1 when it names none."""
    if isinstance(index, float):
        return int(index) if 0 <= index < 4294967295 and index == int(index) else -1
    if isinstance(index, str):
        if index.isdecimal() and index.isascii() and len(index) < 11 and (index == "0" or index[0] != "0"):
            return int(index)
        return -1
    if isinstance(index, list):
        return _position(state, to_text(state, index))
    return -1


def get_index(state: State, target: object, index: object) -> object:
    if isinstance(target, _INDEXED):
        position = int(index) if type(index) is float and 0.0 <= index < 1e9 else -1
        if position != index:
            position = _position(state, index)
        if position >= 0:
            return target[position] if position < len(target) else ABSENT
        if index == "length":
            return float(len(target))
        return ABSENT
    if isinstance(target, dict):
        return target.get(to_text(state, index), ABSENT)
    if target is NULL or target is ABSENT:
        raise OperationFailed(f"The property `{_key(state, index)}` of {target} cannot be read.")
    return ABSENT


def set_property(state: State, target: object, name: str, value: object) -> None:
    if isinstance(target, dict):
        if name not in target:
            if not isinstance(target, Record) or name not in target.fields:
                raise OperationFailed(
                    f"The object has no property `{name}`, and an assignment does not create one."
                )
            state.allocate(BYTES_PER_MEMBER)
        target[name] = value
        return
    if isinstance(target, list) and name == "length":
        raise OperationFailed("The length of a list cannot be assigned; use push, pop or splice.")
    raise OperationFailed(f"The property `{name}` of {kind_of(target)} cannot be assigned.")


def element_position(state: State, index: object) -> int:
    """The position in a list that `index` names."""
    position = _position(state, index)
    if position < 0:
        raise OperationFailed(f"`{_key(state, index)}` is not a position in a list.")
    return position


def set_index(state: State, target: object, index: object, value: object) -> None:
    """`target[index] = value`; behind the end of a list, what lies between is absent (as in ES5)."""
    if isinstance(target, list):
        position = element_position(state, index)
        missing = position + 1 - len(target)
        if missing > 0:
            state.elements(position + 1, missing)
            target.extend([ABSENT] * missing)
        target[position] = value
        return
    if isinstance(target, dict):
        set_property(state, target, to_text(state, index), value)
        return
    raise OperationFailed(f"The element `{_key(state, index)}` of {kind_of(target)} cannot be assigned.")


def elements_of(state: State, values: object) -> list[object]:
    """What `for (var x in values)` goes through. A list that grows meanwhile is followed, as in ES5."""
    if isinstance(values, list):
        return values
    raise OperationFailed(f"`for … in` goes through a list; this is {kind_of(values)}.")


def new_list(state: State, values: list[object]) -> list[object]:
    length = len(values)
    allocated = state.allocated + (LIST_BYTES + BYTES_PER_ELEMENT * length)
    if length <= state.max_elements and allocated <= state.max_allocated:
        state.allocated = allocated
    else:
        state.elements(length, length)
    return values


def new_object(state: State, members: dict[str, object]) -> dict[str, object]:
    state.members(len(members))
    return members


def literal_text(state: State, text: str) -> str:
    """A long text literal: it has to keep to the limit like any other text."""
    if len(text) > state.max_text:
        state.text(len(text))
    return text


def position_of(state: State, values: list[object], wanted: object, start: int) -> int:
    """The first position from `start` on whose element strictly equals `wanted`, or -1."""
    state.work(len(values))
    for position in range(start, len(values)):
        if strictly_equal(state, values[position], wanted):
            return position
    return -1
