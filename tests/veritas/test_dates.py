"""Dates against the standard library and against the patterns that the schemas show, over many values."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leapter.veritas import InputError, Limits, example_inputs, input_schema
from leapter.veritas.temporal import EXAMPLES, KINDS, is_well_formed, parse_date, schema_of
from tests.veritas.programs import program

BETWEEN = program("function f(a: date, b: date) -> out: number { out = days_between(a, b); }")
BEFORE = program(
    """function f(a: datetime, b: datetime) -> before: boolean, after: boolean, same: boolean {
      before = is_before(a, b); after = is_after(a, b); same = is_same_date(a, b);
    }"""
)
MOVE = program(
    """function f(d: date, s: duration) -> later: date, earlier: date {
      later = add_duration(d, s); earlier = subtract_duration(d, s);
    }"""
)
PARTS = program(
    """function f(d: date) -> year: number, month: number, day: number {
      year = year_of(d); month = month_of(d); day = day_of(d);
    }"""
)
RANGE = program("function f(r: range) -> out: range { out = r; }")
RANGE_SCHEMA: dict[str, Any] = input_schema(RANGE.signature)["properties"]["r"]

# Far enough from both ends of the calendar for the durations below.
MIDDLE = st.dates(min_value=date(1000, 1, 1), max_value=date(9000, 12, 31))


def _matches(kind: str, text: str) -> bool:
    """What a validator of JSON Schema says of `text`; a final `$` of ECMAScript never lets a line end by."""
    schema = schema_of(kind)
    found = re.fullmatch(str(schema["pattern"]).removeprefix("^").removesuffix("$"), text, re.ASCII)
    if not found or "format" not in schema:
        return bool(found)
    assert schema["format"] == "date"
    try:
        datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return False
    return True


def _naive_move(day: date, months: int, days: int) -> date:
    """The clamp by trying: the latest day of the month that is there and not later than the one wanted."""
    index = day.year * 12 + day.month - 1 + months
    for wanted in range(day.day, 0, -1):
        try:
            return date(index // 12, index % 12 + 1, wanted) + timedelta(days=days)
        except ValueError:
            continue
    raise AssertionError("a month has a first day")


@given(st.dates(), st.dates())
def test_days_between_two_dates(first: date, second: date) -> None:
    outcome = BETWEEN.run({"a": first.isoformat(), "b": second.isoformat()})
    assert outcome.outputs == {"out": (second - first).days}


@given(st.dates())
def test_parts_of_a_date(day: date) -> None:
    outcome = PARTS.run({"d": day.isoformat()})
    assert outcome.outputs == {"year": day.year, "month": day.month, "day": day.day}


@given(MIDDLE, st.integers(0, 300), st.integers(0, 4000), st.integers(0, 500), st.integers(0, 50_000))
def test_durations_move_by_months_and_then_by_days(
    day: date, years: int, months: int, weeks: int, days: int
) -> None:
    outcome = MOVE.run({"d": day.isoformat(), "s": f"P{years}Y{months}M{weeks}W{days}D"})
    all_months, all_days = 12 * years + months, 7 * weeks + days
    assert outcome.outputs == {
        "later": _naive_move(day, all_months, all_days).isoformat(),
        "earlier": _naive_move(day, -all_months, -all_days).isoformat(),
    }


def test_months_are_clamped_from_every_day_of_four_centuries_ends() -> None:
    for year in (1896, 1900, 1999, 2000, 2023, 2024):
        day = date(year, 1, 1)
        while day.year == year:
            for months in (1, 2, 11, 12, 13, 48):
                outcome = MOVE.run({"d": day.isoformat(), "s": f"P{months}M"})
                assert outcome.outputs == {
                    "later": _naive_move(day, months, 0).isoformat(),
                    "earlier": _naive_move(day, -months, 0).isoformat(),
                }
            # Only the ends of months are worth every step.
            day += timedelta(days=1 if day.day >= 27 else 13)


OFFSETS = st.one_of(
    st.none(),
    st.just("Z"),
    st.builds("{}{:02}:{:02}".format, st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59)),
)


@given(st.datetimes(), st.datetimes(), OFFSETS, OFFSETS)
@example(datetime(2026, 1, 1), datetime(2026, 1, 1, 2), "Z", "+02:00")  # noqa: DTZ001 - offsets stand beside
@example(datetime(1, 1, 1), datetime(9999, 12, 31), "+23:59", "-23:59")  # noqa: DTZ001 - offsets stand beside
def test_moments_are_in_the_order_that_the_library_says(
    first: datetime, second: datetime, first_offset: str | None, second_offset: str | None
) -> None:
    zero = datetime(1970, 1, 1)  # noqa: DTZ001 - the offsets are taken off by hand
    left, right = first - zero, second - zero
    if first_offset and second_offset:  # else there is nothing to compare but what is written
        left, right = left - _ahead(first_offset), right - _ahead(second_offset)
    outcome = BEFORE.run(
        {"a": first.isoformat() + (first_offset or ""), "b": second.isoformat() + (second_offset or "")}
    )
    assert outcome.outputs == {
        "before": left < right,
        "after": left > right,
        "same": first.date() == second.date(),
    }


def _ahead(offset: str) -> timedelta:
    return datetime.strptime(offset, "%z").utcoffset() or timedelta(0)


@given(st.text("0123456789-", max_size=12))
@example("0000-01-01")
@example("2026-02-29")
@example("20260331")
@example("2026-W14-2")
@example("2026-03-31\n")
@example("٢٠٢٦-٠٣-٣١")
@example("\ud800026-03-3")
def test_a_date_is_what_the_library_writes_for_some_day(text: str) -> None:
    day = parse_date(text)
    assert day is None or day.isoformat() == text
    assert (day is not None) == _matches("date", text)


def test_every_day_is_a_date_also_inside_of_datetimes() -> None:
    for year in (1, 4, 100, 400, 1900, 2000, 2023, 2024, 9996, 9999):
        for month in range(14):
            for number in range(33):
                text = f"{year:04}-{month:02}-{number:02}"
                try:
                    exists = bool(date(year, month, number))
                except ValueError:
                    exists = False
                assert is_well_formed("date", text) == exists
                assert is_well_formed("datetime", f"{text}T00:00") == exists
                assert _matches("datetime", f"{text}T00:00") == exists


PIECES = {
    "date": st.dates().map(date.isoformat),
    "time": st.times().map(lambda time: time.isoformat()) | st.times().map(lambda time: f"{time:%H:%M}"),
    "datetime": st.datetimes().map(datetime.isoformat) | st.datetimes().map(lambda moment: f"{moment}Z"),
    "duration": st.from_regex(r"-?P([0-9]{1,3}[YMWDH]){0,5}(T[0-9]M)?", fullmatch=True),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_schema_and_run_boundary_agree(kind: str) -> None:
    made = program(f"function f(a: {kind}) -> out: {kind} {{ out = a; }}")
    schema: Any = input_schema(made.signature)["properties"]["a"]
    assert schema == schema_of(kind)
    assert example_inputs(made.signature) == {"a": EXAMPLES[kind]}

    @given(
        PIECES[kind], st.integers(0, 40), st.sampled_from(["", "0", "9", "-", ":", "T", "Z", ".5", "P", "D"])
    )
    @settings(max_examples=400)
    def agree(text: str, position: int, put: str) -> None:
        # Well formed as it is, or with one slip.
        for sent in (text, text[:position] + put + text[position:], text[:position] + text[position + 1 :]):
            try:
                outcome = made.run({"a": sent})
            except InputError:
                assert not _matches(kind, sent), sent
            else:
                assert _matches(kind, sent), sent
                assert outcome.outputs == {"out": sent}

    agree()
    assert _matches(kind, EXAMPLES[kind])


BOUNDS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.sampled_from(["2026-01-01", "2026-02-30", "14:30", "2026-01-01T00:00Z", "soon"]),
    st.just([1]),
)


@given(
    st.dictionaries(
        st.sampled_from(["from", "to", "start", "end", "min", "max", "until"]), BOUNDS, max_size=2
    )
)
@settings(max_examples=600)
def test_schema_and_run_boundary_agree_on_ranges(sent: dict[str, Any]) -> None:
    try:
        RANGE.run({"r": sent})
    except InputError:
        assert not _fits(RANGE_SCHEMA, sent)
    else:
        assert _fits(RANGE_SCHEMA, sent)


def test_the_example_of_a_range_is_one() -> None:
    assert example_inputs(RANGE.signature) == {"r": {"from": 1, "to": 10}}
    assert _fits(RANGE_SCHEMA, {"from": 1, "to": 10})
    assert RANGE.run({"r": {"from": 1, "to": 10}}).outputs == {"out": {"from": 1, "to": 10}}


def _fits(schema: dict[str, Any], value: Any) -> bool:
    """What a validator says, for the words that schemas of ranges use."""
    if schema.get("type") == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if schema.get("type") == "string":
        return isinstance(value, str) and any(
            schema == schema_of(kind) and _matches(kind, value) for kind in KINDS
        )
    rest = [member for name, member in value.items() if name not in schema.get("properties", {})]
    others = schema.get("additionalProperties", True)
    return (
        len(value) >= schema.get("minProperties", 0)
        and (others is True or all(others is not False and _fits(others, member) for member in rest))
        and all(_fits(part, value) for part in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(_fits(part, value) for part in schema["anyOf"]))
    )


def test_null_as_a_default_is_shown_as_no_default_at_all() -> None:
    made = program("function f(d: type date = null) -> out: date { out = d; }")
    assert input_schema(made.signature)["properties"]["d"] == schema_of("date")
    assert example_inputs(made.signature) == {"d": "2026-03-31"}
    assert made.run({}).outputs == {"out": None}


def test_a_long_fault_of_a_date_is_cut() -> None:
    made = program("function f(d: date) -> out: date { out = year_of(d); }")
    with pytest.raises(InputError) as caught:
        made.run({"d": "x" * 100_000})
    assert len(caught.value.message) < 200


def test_a_walk_over_many_dates_needs_no_memory_that_lasts() -> None:
    made = program(
        """function f(d: date) -> out: date {
          var i: number;
          for (i = 0; i < 20000; i += 1) { out = add_duration(d, "P1M"); }
        }"""
    )
    outcome = made.run({"d": "2026-01-31"}, limits=Limits(allocation_bytes=100_000))
    assert outcome.outputs == {"out": "2026-02-28"}
