"""Every built-in and operator, with the values that hurt, gives a value or an error of the language."""

import contextlib
import itertools
import math
import random
from collections.abc import Callable, Iterable

import pytest

from leapter.veritas import Limits, RunError, analyze, compile_program, operations
from leapter.veritas.builtins import FUNCTIONS, MATH, METHODS, Builtin
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT, NULL
from tests.veritas import hostile

ITSELF: list[object] = []
ITSELF.append(ITSELF)

VALUES: list[object] = [
    *(0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 1e16, 1e21, 1e308, 5e-324, math.inf, -math.inf, math.nan),
    *(4294967295.0, 4294967296.0, -4294967296.0, 100.0, 101.0, 400.0, -400.0),
    *(NULL, ABSENT, True, False),
    *("", " ", "a", "-", "0x1f", "0x", "1e5", "Infinity", "\ud800", "\udc00\ud800", "\0", "é\u0149ß"),
    *("%s{0}", "(a+)+$", "__class__", "length", "1" * 5000, "0x" + "f" * 5000, "ascending", "descending"),
    *("2026-02-29", "2024-02-29", "9999-12-31", "0001-01-01", "2026-03-31T14:30:00Z"),
    *("P1M", "P999999999Y", "P999999999D", "P" + "1" * 5000 + "D"),
    *(
        [],
        [0.0],
        [NULL],
        [ABSENT],
        ["b", "a", NULL, ABSENT],
        [[1.0], [2.0]],
        [math.nan, 1.0, -0.0],
        [math.inf],
    ),
    *({}, {"a": 1.0}, {"__class__": 1.0}, [{"a": 1.0}], ITSELF),
]

BUILTINS = {
    **{name: (builtin, 0) for name, builtin in FUNCTIONS.items()},
    **{f"Math.{name}": (builtin, 0) for name, builtin in MATH.items()},
    **{f"x.{name}": (builtin, 1) for name, builtin in METHODS.items()},
}


def _fresh(value: object) -> object:
    if isinstance(value, list):
        return value if value is ITSELF else list(value)
    return dict(value) if isinstance(value, dict) else value


def _try(function: Callable[..., object], arguments: Iterable[object]) -> None:
    with contextlib.suppress(RunError):
        function(State(Limits()), *map(_fresh, arguments))


@pytest.mark.parametrize("name", BUILTINS)
def test_a_built_in_takes_any_value(name: str) -> None:
    builtin: Builtin
    builtin, receivers = BUILTINS[name]
    chooser = random.Random(name)
    for count in range(builtin.fewest, min(builtin.most, builtin.fewest + 2) + 1):
        width = count + receivers
        if width <= 2:
            choices: Iterable[tuple[object, ...]] = itertools.product(VALUES, repeat=width)
        else:
            choices = (tuple(chooser.choices(VALUES, k=width)) for _ in range(1_000))
        for arguments in choices:
            _try(builtin.function, arguments)


OPERATORS = [
    *("add", "subtract", "multiply", "quotient", "remainder", "less", "less_or_equal", "greater"),
    *("greater_or_equal", "strictly_equal", "loosely_equal", "get_index"),
]


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_takes_any_two_values(name: str) -> None:
    for pair in itertools.product(VALUES, repeat=2):
        _try(getattr(operations, name), pair)


def test_an_element_of_anything_may_be_assigned_at_any_place() -> None:
    chooser = random.Random(3)
    for _ in range(5_000):
        _try(operations.set_index, chooser.choices(VALUES, k=3))


def test_programs_made_at_random_end_in_a_result_or_an_error() -> None:
    ran = 0
    for seed in range(120):
        analysis = analyze(hostile.source(random.Random(seed)))
        if analysis.has_errors:
            continue
        assert analysis.document is not None
        ran += 1
        with contextlib.suppress(RunError):
            compile_program(analysis.document).run(hostile.INPUTS, limits=Limits(wall_time_s=1))
    assert ran > 20


def test_a_long_text_that_is_nearly_a_number_is_read_at_once() -> None:
    for text in (
        "1" * 1_000_000 + "x",
        "." * 1_000_000,
        "1." + "1" * 1_000_000 + "e",
        "0x" + "g" * 1_000_000,
    ):
        assert math.isnan(operations.to_number(State(Limits()), text))
    assert operations.to_number(State(Limits()), "1" * 1_000_000) == math.inf


def test_long_texts_that_stand_in_a_list_many_times_are_sorted_at_once() -> None:
    first, second = "a" * 500_000 + "a", "a" * 500_000 + "b"
    values: list[object] = [second, NULL, *[first, second] * 1_000, ABSENT]
    ordered = FUNCTIONS["sort"].function(State(Limits()), values)
    assert ordered == [*[first] * 1_000, *[second] * 1_001, NULL, ABSENT]
    descending = FUNCTIONS["sort"].function(State(Limits()), values, "descending")
    assert descending == [*[second] * 1_001, *[first] * 1_000, NULL, ABSENT]


def test_no_more_parts_are_made_of_a_text_than_asked_for() -> None:
    split = METHODS["split"].function
    assert split(State(Limits()), "a,b,c", ",", 2.0) == ["a", "b"]
    assert split(State(Limits()), "abc", "", 2.0) == ["a", "b"]
    assert split(State(Limits()), "a,b", ",", 0.0) == []
