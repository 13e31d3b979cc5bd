"""The methods of lists, texts and numbers."""

from leapter.veritas import numbers
from leapter.veritas.errors import OperationFailed
from leapter.veritas.operations import join, kind_of, position_of, to_number, to_text
from leapter.veritas.state import BYTES_PER_ELEMENT, LIST_BYTES, State
from leapter.veritas.values import ABSENT, NULL


def _fail(target: object, method: str) -> OperationFailed:
    if target is NULL or target is ABSENT:
        return OperationFailed(f"`{method}` of {target} cannot be called.")
    return OperationFailed(f"{kind_of(target).capitalize()} has no `{method}`.")


def _relative(state: State, value: object, length: int, missing: int) -> int:
    """A position counted from the end when it is negative, kept within 0 to `length`."""
    if value is ABSENT:
        return missing
    position = numbers.to_integer(to_number(state, value))
    if position < 0:
        return int(max(length + position, 0))
    return int(min(position, length))


def _clamped(state: State, value: object, length: int, missing: int) -> int:
    if value is ABSENT:
        return missing
    return int(min(max(numbers.to_integer(to_number(state, value)), 0), length))


def push(state: State, target: object, *values: object) -> float:
    if not isinstance(target, list):
        raise _fail(target, "push")
    state.elements(len(target) + len(values), len(values))
    target.extend(values)
    return float(len(target))


def push_one(state: State, target: object, value: object) -> float:
    """`push` of one value, which a loop may do often."""
    if type(target) is list:
        length = len(target)
        allocated = state.allocated + (LIST_BYTES + BYTES_PER_ELEMENT)
        if length < state.max_elements and allocated <= state.max_allocated:
            state.allocated = allocated
            target.append(value)
            return length + 1.0
    return push(state, target, value)


def pop(state: State, target: object) -> object:
    if not isinstance(target, list):
        raise _fail(target, "pop")
    return target.pop() if target else ABSENT


def index_of(state: State, target: object, wanted: object = ABSENT, start: object = ABSENT) -> float:
    if isinstance(target, list):
        return float(position_of(state, target, wanted, _relative(state, start, len(target), 0)))
    if isinstance(target, str):
        state.work(len(target))
        return float(target.find(to_text(state, wanted), _clamped(state, start, len(target), 0)))
    raise _fail(target, "indexOf")


def slice_(state: State, target: object, start: object = ABSENT, end: object = ABSENT) -> object:
    if not isinstance(target, list | str):
        raise _fail(target, "slice")
    length = len(target)
    first = _relative(state, start, length, 0)
    last = _relative(state, end, length, length)
    part: list[object] | str = target[first:last]
    if isinstance(part, str):
        state.text(len(part))
    else:
        state.elements(len(part), len(part))
    return part


def splice(state: State, target: object, start: object = ABSENT, *rest: object) -> list[object]:
    """Removes `rest[0]` elements from `start` on (without it, all), puts the others of `rest` there;
    returns the removed.
    """
    return splice_at(state, target, start, *rest)[1]


def splice_at(
    state: State, target: object, start: object = ABSENT, *rest: object
) -> tuple[int, list[object]]:
    """`splice`, and the position that it began at."""
    if not isinstance(target, list):
        raise _fail(target, "splice")
    length = len(target)
    first = _relative(state, start, length, 0)
    count = length - first
    if rest:
        count = int(min(max(numbers.to_integer(to_number(state, rest[0])), 0), length - first))
    inserted = rest[1:]
    state.work(length)
    state.elements(length - count + len(inserted), len(inserted))
    removed = target[first : first + count]
    state.elements(len(removed), len(removed))
    target[first : first + count] = inserted
    return first, removed


def reverse(state: State, target: object) -> object:
    """Turns the list round in place, as in ES5, and returns it."""
    if not isinstance(target, list):
        raise _fail(target, "reverse")
    state.work(len(target))
    target.reverse()
    return target


def join_method(state: State, target: object, separator: object = ABSENT) -> str:
    if not isinstance(target, list):
        raise _fail(target, "join")
    return join(state, target, "," if separator is ABSENT else to_text(state, separator))


def concat(state: State, target: object, *values: object) -> list[object]:
    if not isinstance(target, list):
        raise _fail(target, "concat")
    total = len(target)
    for value in values:
        total += len(value) if isinstance(value, list) else 1
        state.elements(total, 0)
    state.elements(total, total)
    result = list(target)
    for value in values:
        if isinstance(value, list):
            result.extend(value)
        else:
            result.append(value)
    return result


def _text(target: object, method: str) -> str:
    if isinstance(target, str):
        return target
    raise _fail(target, method)


def substring(state: State, target: object, start: object = ABSENT, end: object = ABSENT) -> str:
    text = _text(target, "substring")
    first = _clamped(state, start, len(text), 0)
    last = _clamped(state, end, len(text), len(text))
    part = text[min(first, last) : max(first, last)]
    state.text(len(part))
    return part


def char_at(state: State, target: object, position: object = ABSENT) -> str:
    text = _text(target, "charAt")
    index = 0.0 if position is ABSENT else numbers.to_integer(to_number(state, position))
    return text[int(index)] if 0 <= index < len(text) else ""


def to_lower_case(state: State, target: object) -> str:
    text = _text(target, "toLowerCase")
    state.text(3 * len(text) if len(text) * 3 <= state.max_text else len(text))
    return _checked(state, text.lower())


def to_upper_case(state: State, target: object) -> str:
    text = _text(target, "toUpperCase")
    state.text(len(text))
    return _checked(state, text.upper())


def _checked(state: State, text: str) -> str:
    # A few letters become two or three when their case changes (ß → SS), so the result is checked as well.
    state.text(len(text))
    return text


def trim(state: State, target: object) -> str:
    text = _text(target, "trim").strip(numbers.WHITE_SPACE)
    state.text(len(text))
    return text


def split(state: State, target: object, separator: object = ABSENT, most: object = ABSENT) -> list[object]:
    text = _text(target, "split")
    limit = 4294967295 if most is ABSENT else numbers.to_unsigned(to_number(state, most))
    state.work(len(text))
    if limit == 0:
        return []
    if separator is ABSENT:
        count, between = 1, ""
    else:
        between = to_text(state, separator)
        count = text.count(between) + 1 if between else len(text)
    state.elements(min(count, limit), 3 * min(count, limit))
    state.text(len(text))
    if separator is ABSENT:
        return [text]
    return list(text.split(between, limit)[:limit] if between else text[:limit])


def replace(state: State, target: object, wanted: object = ABSENT, replacement: object = ABSENT) -> str:
    """The first occurrence only, and plain text: nothing in `replacement` has a special meaning."""
    text = _text(target, "replace")
    old = to_text(state, wanted)
    new = to_text(state, replacement)
    state.work(len(text))
    position = text.find(old)
    if position < 0:
        return text
    state.text(len(text) - len(old) + len(new))
    return text[:position] + new + text[position + len(old) :]


def to_fixed(state: State, target: object, decimals: object = 0.0) -> str:
    if not isinstance(target, float):
        raise _fail(target, "toFixed")
    places = numbers.to_integer(to_number(state, decimals))
    if not 0 <= places <= 100:
        raise OperationFailed("`toFixed` takes 0 to 100 decimals.")
    text = numbers.to_fixed(target, int(places))
    state.text(len(text))
    return text
