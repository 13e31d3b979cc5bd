"""Ranges: objects with two bounds, the lower and the upper.

`{"from": 1, "to": 10}`, `{"start": "2026-01-01", "end": "2026-03-31"}` and `{"min": 0, "max": 1}` all are
ranges; a Blueprint reads the bounds by the names they were sent with. A bound is a number, or the text of a
date, a time or a datetime; both are of one kind. A range that is open at one end leaves that bound out, or
has null there. Which bound is the greater is not looked at: what an empty range means is for the Blueprint
to say.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from leapter.veritas import temporal
from leapter.veritas.values import NULL

EXAMPLE: Final = {"from": 1, "to": 10}
FORM: Final = 'a range such as {"from": 1, "to": 10}'

_PAIRS: Final = (("from", "to"), ("start", "end"), ("min", "max"))
_KINDS: Final = {"date": "a date", "time": "a time", "datetime": "a date and time"}


def read_range(
    sent: Mapping[object, object],
    path: str,
    report: Callable[[str, str], None],
    number: Callable[[float, str], object],
) -> dict[str, object]:
    """A range from JSON (or of a literal) as an object of a run, with the bounds that were sent.

    Args:
        report: takes the path and the message of each fault.
        number: turns a JSON number at a path into one of a run, and reports what is too large.
    """
    names = next((pair for pair in _PAIRS if any(name in sent for name in pair)), _PAIRS[0])
    unknown = [key for key in sent if key not in names]
    if unknown or not sent:
        held = f"; it has `{str(unknown[0])[:60]}`" if unknown else "; it has neither"
        report(path, f"must be {FORM}, with the bounds {names[0]} and {names[1]}{held}")
        return {}
    bounds: dict[str, object] = {}
    kinds: dict[str, str] = {}
    for name in names:
        if name not in sent:
            continue
        value = sent[name]
        kind = _kind_of(value)
        if value is None or value is NULL:
            bounds[name] = NULL
        elif kind is None:
            report(f"{path}.{name}", "must be a number, or a date, time or datetime such as 2026-03-31")
        else:
            kinds[name] = kind
            bounds[name] = number(value, f"{path}.{name}") if isinstance(value, int | float) else value
    if len(set(kinds.values())) > 1:
        described = " and ".join(f"{name} is {kind}" for name, kind in kinds.items())
        report(path, f"must have two bounds of one kind; {described}")
    return bounds


def is_range(literal: Mapping[Any, object]) -> bool:
    """Whether an object literal, with the values it has in a run, is a range."""
    wrong: list[str] = []
    read_range(literal, "", lambda _, message: wrong.append(message), lambda value, _: value)
    return not wrong


def range_schema(open_ended: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The JSON Schema of a range, in the subset that OpenAPI 3.0 shares.

    Args:
        open_ended: adds to the schema of a bound that null stands for an open end, where that is to be told.
    """
    closed: list[dict[str, Any]] = [{"type": "number"}, *map(temporal.schema_of, _KINDS)]
    kinds = [open_ended(kind) for kind in closed]
    return {
        "type": "object",
        "minProperties": 1,
        "allOf": [
            {
                "anyOf": [
                    {"properties": {name: {} for name in pair}, "additionalProperties": False}
                    for pair in _PAIRS
                ]
            },
            {"anyOf": [{"additionalProperties": kind} for kind in kinds]},
        ],
    }


def _kind_of(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return next((shown for kind, shown in _KINDS.items() if temporal.is_well_formed(kind, value)), None)
    return None
