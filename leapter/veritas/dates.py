"""The built-in functions on dates.

An operand is the text of a date or of a datetime (see temporal.py); what counts of a datetime is the day that
stands in it, and its offset plays no part, except that `is_before` and `is_after` compare the moments of two
datetimes. Every function gives null when an operand is null or absent, whatever the other one is. A text
that is no date, and any other value, ends the run with an error that names the argument: a comparison with it
would have no meaning.

Days are those of the Gregorian calendar, also before it was introduced, in the years 1 to 9999; a result
outside of them ends the run. None of the functions knows the present day or a time zone.
"""

from datetime import MAXYEAR, date
from typing import Final

from leapter.veritas.errors import OperationFailed
from leapter.veritas.operations import kind_of
from leapter.veritas.state import State
from leapter.veritas.temporal import is_well_formed, parse_date, parse_duration, parse_moment
from leapter.veritas.values import ABSENT, NULL

_LAST_DAY: Final = date.max.toordinal()
_DAYS_OF_MONTH: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# What the arguments of each function have to be, for the checker.
OPERANDS: Final[dict[str, tuple[str, ...]]] = {
    "is_before": ("date", "date"),
    "is_after": ("date", "date"),
    "is_same_date": ("date", "date"),
    "days_between": ("date", "date"),
    "add_duration": ("date", "duration"),
    "subtract_duration": ("date", "duration"),
    "year_of": ("date",),
    "month_of": ("date",),
    "day_of": ("date",),
}


def is_before(state: State, left: object, right: object) -> object:
    """Whether `left` is earlier than `right`. Of two datetimes the moments are compared: in UTC where both
    have an offset, else as they are written. A date is compared with a datetime's day.
    """
    order = _order(left, right, "is_before")
    return NULL if order is None else order < 0


def is_after(state: State, left: object, right: object) -> object:
    """Whether `left` is later than `right`; compares as `is_before` does."""
    order = _order(left, right, "is_after")
    return NULL if order is None else order > 0


def is_same_date(state: State, left: object, right: object) -> object:
    """Whether the two days are the same, as they are written."""
    if _is_missing(left) or _is_missing(right):
        return NULL
    return _day(left, "is_same_date", "first") == _day(right, "is_same_date", "second")


def days_between(state: State, start: object, end: object) -> object:
    """How many days `end` is later than `start`: 1 from one day to the next, -1 back."""
    if _is_missing(start) or _is_missing(end):
        return NULL
    first = _day(start, "days_between", "first").toordinal()
    return float(_day(end, "days_between", "second").toordinal() - first)


def add_duration(state: State, start: object, duration: object) -> object:
    """`start` moved on: by the years and months first, where a day that the month does not have becomes its
    last day, then by the weeks and days. What follows the day in a datetime stays as it is. Null for a
    malformed duration, too.
    """
    return _moved(state, start, duration, "add_duration", 1)


def subtract_duration(state: State, start: object, duration: object) -> object:
    """`start` moved back, in the same order as `add_duration`: so it does not always undo it."""
    return _moved(state, start, duration, "subtract_duration", -1)


def year_of(state: State, value: object) -> object:
    """The year, 1 to 9999."""
    return NULL if _is_missing(value) else float(_day(value, "year_of", "first").year)


def month_of(state: State, value: object) -> object:
    """The month, 1 to 12."""
    return NULL if _is_missing(value) else float(_day(value, "month_of", "first").month)


def day_of(state: State, value: object) -> object:
    """The day of the month, 1 to 31."""
    return NULL if _is_missing(value) else float(_day(value, "day_of", "first").day)


def _is_missing(value: object) -> bool:
    return value is NULL or value is ABSENT


def _day(value: object, function: str, place: str) -> date:
    if isinstance(value, str):
        day = parse_date(value)
        if day is not None:
            return day
        if is_well_formed("datetime", value):
            return date.fromisoformat(value[:10])
        shown = f'"{value}"' if len(value) <= 60 else f'"{value[:59]}…"'
    else:
        shown = kind_of(value)
    raise OperationFailed(f"`{function}` takes dates such as 2026-03-31; its {place} argument is {shown}.")


def _order(left: object, right: object, function: str) -> int | None:
    """Below zero when `left` is earlier, above when it is later; None when one of them is missing."""
    if _is_missing(left) or _is_missing(right):
        return None
    if isinstance(left, str) and isinstance(right, str):
        first, second = parse_moment(left), parse_moment(right)
        if first is not None and second is not None:
            if first[1] is None or second[1] is None:
                return first[0] - second[0]
            return (first[0] - first[1]) - (second[0] - second[1])
    return _day(left, function, "first").toordinal() - _day(right, function, "second").toordinal()


def _moved(state: State, start: object, duration: object, function: str, direction: int) -> object:
    if _is_missing(start) or not isinstance(duration, str):
        return NULL
    span = parse_duration(duration)
    if span is None:
        return NULL
    day = _day(start, function, "first")
    year, month = divmod(day.year * 12 + day.month - 1 + direction * span[0], 12)
    if 1 <= year <= MAXYEAR:
        last = 29 if month == 1 and _is_leap_year(year) else _DAYS_OF_MONTH[month]
        ordinal = date(year, month + 1, min(day.day, last)).toordinal() + direction * span[1]
        if 1 <= ordinal <= _LAST_DAY:
            text = date.fromordinal(ordinal).isoformat() + str(start)[10:]
            state.text(len(text))
            return text
    raise OperationFailed(
        f"`{function}` leads out of the years 1 to {MAXYEAR}, from {day.isoformat()} by {duration}."
    )


def _is_leap_year(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
