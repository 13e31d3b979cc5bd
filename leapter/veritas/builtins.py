"""The functions and methods that every Blueprint has."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from leapter.veritas import numbers
from leapter.veritas.errors import OperationFailed
from leapter.veritas.operations import (
    join,
    kind_of,
    strictly_equal,
    to_number,
    to_text,
    truthy,
)
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT, NULL

# Functions


def _list(value: object, function: str) -> list[object]:
    if isinstance(value, list):
        return value
    raise OperationFailed(f"`{function}` takes a list; this is {kind_of(value)}.")


def _numbers(state: State, values: list[object], function: str) -> list[float]:
    """The numbers among `values`; absent ones are skipped, null counts as 0, anything else is an error."""
    state.work(len(values))
    found: list[float] = []
    for position, value in enumerate(values):
        if isinstance(value, float):
            found.append(value)
        elif value is NULL:
            found.append(0.0)
        elif value is not ABSENT:
            raise OperationFailed(
                f"`{function}` takes a list of numbers; element {position} is {kind_of(value)}."
            )
    return found


def round_(state: State, value: object, decimals: object = 0.0) -> float:
    return numbers.round_half_away(to_number(state, value), to_number(state, decimals))


def sum_(state: State, values: object) -> float:
    total = 0.0
    # One after the other, as a Blueprint's own loop would add them; Python's sum() may compensate for
    # rounding.
    for value in _numbers(state, _list(values, "sum"), "sum"):
        total += value
    return total


def _extreme(
    state: State,
    values: object,
    fallback: tuple[object, ...],
    function: str,
    choose: Callable[[list[float]], float],
) -> object:
    found = _numbers(state, _list(values, function), function)
    if not found:
        if fallback:
            return fallback[0]
        raise OperationFailed(
            f"`{function}` of an empty list has no value; a second argument says what to use instead."
        )
    return choose(found)


def min_(state: State, values: object, *fallback: object) -> object:
    return _extreme(state, values, fallback, "min", _smallest)


def max_(state: State, values: object, *fallback: object) -> object:
    return _extreme(state, values, fallback, "max", _largest)


def _smallest(values: list[float]) -> float:
    return math.nan if any(map(math.isnan, values)) else min(values)


def _largest(values: list[float]) -> float:
    return math.nan if any(map(math.isnan, values)) else max(values)


def sort(state: State, values: object, order: object = "ascending") -> list[object]:
    """A new list. Numbers are sorted by value (NaN last), texts by code unit; null and absent come last,
    in that order.
    """
    elements = _list(values, "sort")
    if order not in ("ascending", "descending"):
        raise OperationFailed('The order of `sort` is "ascending" or "descending".')
    # A sort of n elements takes some 17 n steps at most within the limit of a list.
    state.work(17 * len(elements))
    state.elements(len(elements), len(elements))
    proper = [value for value in elements if value is not NULL and value is not ABSENT]
    nulls = [value for value in elements if value is NULL]
    absents = [value for value in elements if value is ABSENT]
    descending = order == "descending"
    if all(isinstance(value, str) for value in proper):
        return [*sorted(cast("list[str]", proper), reverse=descending), *nulls, *absents]
    for position, value in enumerate(elements):
        if not isinstance(value, float) and value is not NULL and value is not ABSENT:
            raise OperationFailed(
                f"`sort` takes a list of numbers or a list of texts; element {position} is {kind_of(value)}."
            )
    numbers_only = cast("list[float]", proper)
    ordered = sorted((value for value in numbers_only if not math.isnan(value)), reverse=descending)
    return [*ordered, *(value for value in numbers_only if math.isnan(value)), *nulls, *absents]


def find(state: State, values: object, field: object, wanted: object) -> object:
    """The first record whose `field` strictly equals `wanted`, or null."""
    elements = _list(values, "find")
    name = to_text(state, field)
    state.work(len(elements))
    for position, record in enumerate(elements):
        if record is ABSENT:
            continue
        if not isinstance(record, dict):
            raise OperationFailed(f"`find` takes a list of objects; element {position} is {kind_of(record)}.")
        if strictly_equal(state, record.get(name, ABSENT), wanted):
            return record
    return NULL


def contains(state: State, values: object, wanted: object) -> bool:
    return _position_of(state, _list(values, "contains"), wanted, 0) >= 0


def if_absent(state: State, value: object, fallback: object) -> object:
    """`fallback` where `value` is absent, or null, which equals absent."""
    return fallback if value is ABSENT or value is NULL else value


# Math


def math_round(state: State, value: object) -> float:
    return numbers.round_half_up(to_number(state, value))


def math_floor(state: State, value: object) -> float:
    return numbers.floor(to_number(state, value))


def math_ceil(state: State, value: object) -> float:
    return numbers.ceiling(to_number(state, value))


def math_abs(state: State, value: object) -> float:
    return abs(to_number(state, value))


def math_min(state: State, *values: object) -> float:
    smallest = math.inf
    for value in values:
        number = to_number(state, value)
        if math.isnan(number) or math.isnan(smallest):
            smallest = math.nan
        elif number < smallest or (number == 0 == smallest and math.copysign(1.0, number) < 0):
            smallest = number
    return smallest


def math_max(state: State, *values: object) -> float:
    largest = -math.inf
    for value in values:
        number = to_number(state, value)
        if math.isnan(number) or math.isnan(largest):
            largest = math.nan
        elif number > largest or (number == 0 == largest and math.copysign(1.0, number) > 0):
            largest = number
    return largest


def math_pow(state: State, base: object, exponent: object) -> float:
    return numbers.power(to_number(state, base), to_number(state, exponent))


def math_sqrt(state: State, value: object) -> float:
    number = to_number(state, value)
    return math.sqrt(number) if number >= 0 else math.nan


# Methods of lists and texts


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


def _position_of(state: State, values: list[object], wanted: object, start: int) -> int:
    state.work(len(values))
    for position in range(start, len(values)):
        if strictly_equal(state, values[position], wanted):
            return position
    return -1


def push(state: State, target: object, *values: object) -> float:
    if not isinstance(target, list):
        raise _fail(target, "push")
    state.elements(len(target) + len(values), len(values))
    target.extend(values)
    return float(len(target))


def pop(state: State, target: object) -> object:
    if not isinstance(target, list):
        raise _fail(target, "pop")
    return target.pop() if target else ABSENT


def index_of(state: State, target: object, wanted: object = ABSENT, start: object = ABSENT) -> float:
    if isinstance(target, list):
        return float(_position_of(state, target, wanted, _relative(state, start, len(target), 0)))
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
    return removed


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


def concat(state: State, target: object, *values: object) -> object:
    if isinstance(target, list):
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
    if isinstance(target, str):
        parts = [target]
        length = len(target)
        for value in values:
            part = to_text(state, value)
            length += len(part)
            state.text(length)
            parts.append(part)
        return "".join(parts)
    raise _fail(target, "concat")


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
    limit = (
        4294967295 if most is ABSENT else max(int(min(numbers.to_integer(to_number(state, most)), 1e15)), 0)
    )
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
    parts: list[object] = list(text.split(between)) if between else list(text)
    return parts[:limit]


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


# What a call can give, for the compiler's knowledge of values; see shapes.py.
@dataclass(frozen=True, kw_only=True, slots=True)
class Builtin:
    """`function` takes the state, then the receiver (methods only), then `fewest` to `most` arguments."""

    function: Callable[..., object]
    fewest: int
    most: int
    signature: str
    result: str
    receivers: frozenset[str] = frozenset()


_ANY_NUMBER = 1000


def _function(
    function: Callable[..., object], fewest: int, most: int, signature: str, result: str
) -> Builtin:
    return Builtin(function=function, fewest=fewest, most=most, signature=signature, result=result)


FUNCTIONS: dict[str, Builtin] = {
    "round": _function(round_, 1, 2, "round(n, decimals)", "number"),
    "sum": _function(sum_, 1, 1, "sum(list)", "number"),
    "min": _function(min_, 1, 2, "min(list, fallback)", "number or second"),
    "max": _function(max_, 1, 2, "max(list, fallback)", "number or second"),
    "sort": _function(sort, 1, 2, 'sort(list, "ascending")', "first"),
    "find": _function(find, 3, 3, 'find(list, "field", value)', "any"),
    "contains": _function(contains, 2, 2, "contains(list, value)", "boolean"),
    "if_absent": _function(if_absent, 2, 2, "if_absent(value, fallback)", "first or second"),
}

MATH: dict[str, Builtin] = {
    "round": _function(math_round, 1, 1, "Math.round(n)", "number"),
    "floor": _function(math_floor, 1, 1, "Math.floor(n)", "number"),
    "ceil": _function(math_ceil, 1, 1, "Math.ceil(n)", "number"),
    "abs": _function(math_abs, 1, 1, "Math.abs(n)", "number"),
    "min": _function(math_min, 0, _ANY_NUMBER, "Math.min(a, b)", "number"),
    "max": _function(math_max, 0, _ANY_NUMBER, "Math.max(a, b)", "number"),
    "pow": _function(math_pow, 2, 2, "Math.pow(base, exponent)", "number"),
    "sqrt": _function(math_sqrt, 1, 1, "Math.sqrt(n)", "number"),
}


def _method(
    function: Callable[..., object], receivers: str, counts: tuple[int, int], signature: str, result: str
) -> Builtin:
    return Builtin(
        function=function,
        receivers=frozenset(receivers.split()),
        fewest=counts[0],
        most=counts[1],
        signature=signature,
        result=result,
    )


METHODS: dict[str, Builtin] = {
    "push": _method(push, "list", (1, _ANY_NUMBER), "list.push(x)", "number"),
    "pop": _method(pop, "list", (0, 0), "list.pop()", "element"),
    "indexOf": _method(index_of, "list text", (1, 2), "x.indexOf(value, start)", "number"),
    "slice": _method(slice_, "list text", (0, 2), "x.slice(start, end)", "receiver"),
    "splice": _method(splice, "list", (1, _ANY_NUMBER), "list.splice(start, count, x)", "receiver list"),
    "reverse": _method(reverse, "list", (0, 0), "list.reverse()", "receiver"),
    "join": _method(join_method, "list", (0, 1), "list.join(separator)", "text"),
    "concat": _method(concat, "list text", (0, _ANY_NUMBER), "x.concat(y)", "any"),
    "substring": _method(substring, "text", (1, 2), "text.substring(start, end)", "text"),
    "charAt": _method(char_at, "text", (0, 1), "text.charAt(position)", "text"),
    "toLowerCase": _method(to_lower_case, "text", (0, 0), "text.toLowerCase()", "text"),
    "toUpperCase": _method(to_upper_case, "text", (0, 0), "text.toUpperCase()", "text"),
    "trim": _method(trim, "text", (0, 0), "text.trim()", "text"),
    "split": _method(split, "text", (0, 2), "text.split(separator)", "list of text"),
    "replace": _method(replace, "text", (2, 2), "text.replace(old, new)", "text"),
    "toFixed": _method(to_fixed, "number", (0, 1), "n.toFixed(decimals)", "text"),
}

_LOOP = "a loop: for (var x in list) { … }"
# What other languages call it, and what to write here.
INSTEAD: dict[str, str] = {
    "map": _LOOP + " that pushes to a new list",
    "filter": _LOOP + " with choose { if (…) { kept.push(x); } }",
    "forEach": _LOOP,
    "reduce": _LOOP + ", or sum(list)",
    "reduceRight": _LOOP,
    "some": _LOOP + " with break, or contains(list, value)",
    "every": _LOOP + " with break",
    "find": "find(list, field, value)",
    "findIndex": _LOOP + ", or list.indexOf(value)",
    "findLast": _LOOP,
    "flatMap": _LOOP,
    "flat": _LOOP + " with concat",
    "includes": "contains(list, value) for lists, text.indexOf(part) >= 0 for text",
    "contains": "contains(list, value)",
    "sort": 'sort(list, "ascending")',
    "sum": "sum(list)",
    "min": "min(list)",
    "max": "max(list)",
    "round": "round(n, decimals)",
    "shift": "list.splice(0, 1)",
    "unshift": "list.splice(0, 0, x)",
    "append": "list.push(x)",
    "add": "list.push(x)",
    "remove": "list.splice(position, 1)",
    "lastIndexOf": _LOOP + ", or indexOf",
    "at": "list[i]",
    "fill": _LOOP,
    "keys": "the fields by name",
    "size": "length",
    "count": "length",
    "len": "length",
    "startsWith": "text.indexOf(part) === 0",
    "endsWith": "text.slice(-n) === part",
    "substr": "text.substring(start, end) or text.slice(start, end)",
    "replaceAll": "text.split(old).join(new)",
    "padStart": "a while loop that adds characters",
    "padEnd": "a while loop that adds characters",
    "repeat": "a while loop that adds characters",
    "trimStart": "text.trim()",
    "trimEnd": "text.trim()",
    "strip": "text.trim()",
    "lower": "text.toLowerCase()",
    "upper": "text.toUpperCase()",
    "toString": '"" + value',
    "toPrecision": "n.toFixed(decimals)",
    "match": "indexOf, slice or split",
    "search": "text.indexOf(part)",
    "test": "text.indexOf(part) >= 0",
    "charCodeAt": "text.charAt(position)",
    "hasOwnProperty": "object.field != absent",
    "parseInt": "+text for a number, Math.floor to cut it",
    "parseFloat": "+text",
    "Number": "+text",
    "String": '"" + value',
    "Boolean": "!!value",
    "isNaN": "x !== x, which is true for NaN only",
    "len_": "list.length",
    "abs": "Math.abs(n)",
    "floor": "Math.floor(n)",
    "ceil": "Math.ceil(n)",
    "pow": "Math.pow(base, exponent)",
    "sqrt": "Math.sqrt(n)",
    "if_null": "if_absent(value, fallback)",
    "coalesce": "if_absent(value, fallback)",
    "trunc": "Math.floor(n) or Math.ceil(n)",
    "sign": "n > 0 ? 1 : n < 0 ? -1 : 0",
    "random": "nothing: a Blueprint is deterministic, so pass the value as an input",
    "now": "an input: a Blueprint has no clock",
}

DATE_FUNCTIONS = frozenset(
    [
        "is_before",
        "is_after",
        "is_same_date",
        "days_between",
        "add_duration",
        "subtract_duration",
        "year_of",
        "month_of",
        "day_of",
    ]
)

# For arguments that are certainly numbers.
DIRECT_MATH: dict[str, Callable[[float], float]] = {
    "round": numbers.round_half_up,
    "floor": numbers.floor,
    "ceil": numbers.ceiling,
    "abs": abs,
}

# For the compiler: every function by the name it has in compiled code.
RUNTIME_FUNCTIONS: dict[str, Callable[..., object]] = {
    **{f"function_{name}": builtin.function for name, builtin in FUNCTIONS.items()},
    **{f"math_{name}": builtin.function for name, builtin in MATH.items()},
    **{f"method_{name}": builtin.function for name, builtin in METHODS.items()},
    "truthy": truthy,
}
