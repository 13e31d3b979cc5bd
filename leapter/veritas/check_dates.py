"""The rules for dates: what the date functions are called with, and how a date is written."""

from collections.abc import Mapping

from leapter.veritas import ast, dates, temporal
from leapter.veritas.findings import Findings
from leapter.veritas.shapes import IS_ABSENT, IS_NULL, TEXT, Shaper, words
from leapter.veritas.types import Type

# The declared types that an operand may have.
_ALLOWED = {"date": frozenset(("date", "datetime")), "duration": frozenset(("duration",))}
_PLURAL = {"date": "dates", "duration": "a duration"}


def check_dates(
    call: ast.Call, name: str, shaper: Shaper, types: Mapping[str, Type], findings: Findings
) -> None:
    """Reports arguments of the date function `name` that certainly are no dates or durations."""
    for argument, wanted in zip(call.arguments, dates.OPERANDS[name], strict=False):
        value = argument.value
        shape = shaper.shape(value)
        if shape.kinds and not shape.kinds & (TEXT | IS_NULL | IS_ABSENT):
            findings.error(
                value.start,
                "not_a_date",
                f"`{name}` takes {_PLURAL[wanted]} here; this is {words(shape)}.",
                f"Give {temporal.form_of(wanted)}.",
            )
        elif isinstance(value, ast.Literal) and isinstance(value.value, str):
            _check_literal(value, value.value, name, wanted, findings)
        elif isinstance(value, ast.Name):
            declared = types.get(value.name)
            if declared is not None and declared.kind in temporal.KINDS - _ALLOWED[wanted]:
                findings.warning(
                    value.start,
                    "not_a_date",
                    f"`{name}` takes {_PLURAL[wanted]} here; `{value.name}` is declared as {declared}.",
                    None,
                )


def _check_literal(value: ast.Literal, text: str, name: str, wanted: str, findings: Findings) -> None:
    if any(temporal.is_well_formed(kind, text) for kind in _ALLOWED[wanted]):
        return
    fix = f"Write {temporal.form_of(wanted)}."
    if wanted == "date":
        findings.error(value.start, "malformed_date", f"`{name}` takes dates; this text is none.", fix)
        return
    if text.startswith("-") and temporal.is_well_formed("duration", text[1:]):
        other = "subtract_duration" if name == "add_duration" else "add_duration"
        fix = f"Use {other} with the duration {text[1:]}."
    findings.warning(
        value.start,
        "malformed_duration",
        f"This is no duration, so `{name}` always gives null.",
        fix,
    )
