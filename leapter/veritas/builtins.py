"""The functions and methods that every Blueprint has."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from leapter.veritas import dates, methods, numbers
from leapter.veritas.errors import OperationFailed
from leapter.veritas.operations import kind_of, position_of, strictly_equal, to_number, to_text, truthy
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT, NULL

# Texts of a list that together are no longer than this are sorted in a few milliseconds, whatever they are.
_SHORT_TEXTS = 1_000_000

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
        return [*_sorted_texts(state, cast("list[str]", proper), descending), *nulls, *absents]
    for position, value in enumerate(elements):
        if not isinstance(value, float) and value is not NULL and value is not ABSENT:
            raise OperationFailed(
                f"`sort` takes a list of numbers or a list of texts; element {position} is {kind_of(value)}."
            )
    numbers_only = cast("list[float]", proper)
    ordered = sorted((value for value in numbers_only if not math.isnan(value)), reverse=descending)
    return [*ordered, *(value for value in numbers_only if math.isnan(value)), *nulls, *absents]


def _sorted_texts(state: State, texts: list[str], descending: bool) -> list[str]:
    if sum(map(len, texts)) <= _SHORT_TEXTS:
        return sorted(texts, reverse=descending)
    # Nothing can look at the clock while Python sorts. A long text that stands in a list thousands of times
    # is therefore compared once; texts that differ are bounded by the memory of a run.
    counts = Counter(texts)
    state.check_time()
    return [text for text in sorted(counts, reverse=descending) for _ in range(counts[text])]


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
    return position_of(state, _list(values, "contains"), wanted, 0) >= 0


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
    "is_before": _function(dates.is_before, 2, 2, "is_before(a, b)", "boolean or null"),
    "is_after": _function(dates.is_after, 2, 2, "is_after(a, b)", "boolean or null"),
    "is_same_date": _function(dates.is_same_date, 2, 2, "is_same_date(a, b)", "boolean or null"),
    "days_between": _function(dates.days_between, 2, 2, "days_between(start, end)", "number or null"),
    "add_duration": _function(dates.add_duration, 2, 2, 'add_duration(date, "P1M")', "text or null"),
    "subtract_duration": _function(
        dates.subtract_duration, 2, 2, 'subtract_duration(date, "P1M")', "text or null"
    ),
    "year_of": _function(dates.year_of, 1, 1, "year_of(date)", "number or null"),
    "month_of": _function(dates.month_of, 1, 1, "month_of(date)", "number or null"),
    "day_of": _function(dates.day_of, 1, 1, "day_of(date)", "number or null"),
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
    "push": _method(methods.push, "list", (1, _ANY_NUMBER), "list.push(x)", "number"),
    "pop": _method(methods.pop, "list", (0, 0), "list.pop()", "element"),
    "indexOf": _method(methods.index_of, "list text", (1, 2), "x.indexOf(value, start)", "number"),
    "slice": _method(methods.slice_, "list text", (0, 2), "x.slice(start, end)", "receiver"),
    "splice": _method(
        methods.splice, "list", (1, _ANY_NUMBER), "list.splice(start, count, x)", "receiver list"
    ),
    "reverse": _method(methods.reverse, "list", (0, 0), "list.reverse()", "receiver"),
    "join": _method(methods.join_method, "list", (0, 1), "list.join(separator)", "text"),
    "concat": _method(methods.concat, "list", (0, _ANY_NUMBER), "list.concat(other)", "any"),
    "substring": _method(methods.substring, "text", (1, 2), "text.substring(start, end)", "text"),
    "charAt": _method(methods.char_at, "text", (0, 1), "text.charAt(position)", "text"),
    "toLowerCase": _method(methods.to_lower_case, "text", (0, 0), "text.toLowerCase()", "text"),
    "toUpperCase": _method(methods.to_upper_case, "text", (0, 0), "text.toUpperCase()", "text"),
    "trim": _method(methods.trim, "text", (0, 0), "text.trim()", "text"),
    "split": _method(methods.split, "text", (0, 2), "text.split(separator)", "list of text"),
    "replace": _method(methods.replace, "text", (2, 2), "text.replace(old, new)", "text"),
    "toFixed": _method(methods.to_fixed, "number", (0, 1), "n.toFixed(decimals)", "text"),
}

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
