"""Dates, times, datetimes and durations as texts: which are well formed, and what is wrong with the others.

The forms are those of ISO 8601 in its extended format, so that texts of one form sort by time:

- `date`: `2026-03-31`, a day of the Gregorian calendar in the years 0001 to 9999.
- `time`: `14:30`, `14:30:05` or `14:30:05.250` (1 to 9 digits), from `00:00` to before `24:00`, without an
  offset.
- `datetime`: a date, `T`, a time and, if the moment is meant and not what a clock on the wall shows, `Z` or
  an offset such as `+02:00`.
- `duration`: the date part of an ISO duration: `P`, then years, months, weeks and days in this order, each
  with up to 9 digits and at least one of them there: `P1Y2M10D`, `P2W`. ISO 8601-1 knows neither a sign nor
  lower-case letters, so `-P1D` and `p1d` are malformed, and so are `P`, `P1.5D` and whatever has a time part
  (`PT5M`).

All are written in ASCII.
"""

import re
from datetime import date
from typing import Final

KINDS: Final = frozenset(("date", "time", "datetime", "duration"))

# A well-formed text of each kind, for messages and samples.
EXAMPLES: Final = {
    "date": "2026-03-31",
    "time": "14:30",
    "datetime": "2026-03-31T14:30:00",
    "duration": "P1M",
}
_FORMS: Final = {
    "date": "a date (YYYY-MM-DD) such as 2026-03-31",
    "time": "a time (HH:MM or HH:MM:SS) such as 14:30",
    "datetime": "a date and time such as 2026-03-31T14:30:00 or 2026-03-31T14:30:00Z",
    "duration": "a duration of years, months, weeks and days (PnYnMnWnD) such as P1M or P10D",
}

# JSON Schema takes patterns of ECMAScript; these keep to what RE2 and Rust know as well (no look-ahead), so
# leap years and the year 0000 are spelt out.
_YEAR = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_MONTH_AND_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DATE = f"(?:{_YEAR}-{_MONTH_AND_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_OFFSET = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_DAYS = "[0-9]{1,9}D"
_WEEKS = f"(?:[0-9]{{1,9}}W(?:{_DAYS})?|{_DAYS})"
_MONTHS = f"(?:[0-9]{{1,9}}M{_WEEKS}?|{_WEEKS})"
_DURATION = f"P(?:[0-9]{{1,9}}Y{_MONTHS}?|{_MONTHS})"

_SCHEMAS: Final = {
    # RFC 3339 and JSON Schema mean by this format what is meant here.
    "date": {"format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    # Their formats for the others do not fit: they ask for an offset, and for durations let a time part in.
    "time": {"pattern": f"^{_TIME}$"},
    "datetime": {"pattern": f"^{_DATE}T{_TIME}{_OFFSET}?$"},
    "duration": {"pattern": f"^{_DURATION}$"},
}

_SECOND_NS = 1_000_000_000
_LOOKS_LIKE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(f"({_DATE})T({_TIME})({_OFFSET})?")
_WELL_FORMED: Final = {"time": re.compile(_TIME), "datetime": _MOMENT, "duration": re.compile(_DURATION)}
_PARTS = re.compile(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?")


def parse_date(text: str) -> date | None:
    """The day that a text of the form `YYYY-MM-DD` names, or None where it names none."""
    # The library also reads 20260331 and 2026-W14-2.
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_moment(text: str) -> tuple[int, int | None] | None:
    """What a datetime says: nanoseconds on the clock it was read from, since the last day of year 0, and
    how many of them that clock is ahead of UTC, if it says. None where it is malformed.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, time, offset = found.groups()
    seconds = date.fromisoformat(day).toordinal() * 86_400 + _seconds(time) + int(time[6:8] or 0)
    nanoseconds = seconds * _SECOND_NS + int(time[9:].ljust(9, "0"))
    if offset is None:
        return nanoseconds, None
    if offset == "Z":
        return nanoseconds, 0
    ahead = _seconds(offset[1:]) * _SECOND_NS
    return nanoseconds, ahead if offset[0] == "+" else -ahead


def _seconds(text: str) -> int:
    """The seconds of the hours and minutes that `text` begins with."""
    return int(text[:2]) * 3600 + int(text[3:5]) * 60


def parse_duration(text: str) -> tuple[int, int] | None:
    """The months (a year has 12) and days (a week has 7) of a duration, or None where it is malformed."""
    if not is_well_formed("duration", text):
        return None
    years, months, weeks, days = (int(part or 0) for part in _PARTS.findall(text)[0])
    return years * 12 + months, weeks * 7 + days


def is_well_formed(kind: str, text: str) -> bool:
    """Whether `text` is a `kind` (one of KINDS), and one that exists: 2026-02-30 does not."""
    if kind == "date":
        return parse_date(text) is not None
    return _WELL_FORMED[kind].fullmatch(text) is not None


def fault_of(kind: str, text: str) -> str | None:
    """What is wrong with `text` as a `kind` (one of KINDS), to be read on from its name; None if nothing
    is.
    """
    if is_well_formed(kind, text):
        return None
    if kind in ("date", "datetime"):
        day = _LOOKS_LIKE_DATE.match(text)
        if day is not None and parse_date(day[0]) is None:
            return f"must be {_FORMS[kind]}; there is no {day[0]}"
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return f'must be {_FORMS[kind]}, not "{shown}"'


def form_of(kind: str) -> str:
    """How a `kind` (one of KINDS) is written, with an example: `a time (HH:MM …) such as 14:30`."""
    return _FORMS[kind]


def schema_of(kind: str) -> dict[str, object]:
    """The JSON Schema of a `kind` (one of KINDS). It takes exactly what is well formed, where a validator
    minds `format: date`; without, it takes days that do not exist.
    """
    return {"type": "string", **_SCHEMAS[kind]}
