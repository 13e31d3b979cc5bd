"""Allowed values: `choice` of inputs and outputs, `constrained_to` of aliases."""

from leapter.veritas import ast
from leapter.veritas.definitions import Choices, Types
from leapter.veritas.findings import Findings
from leapter.veritas.forms import allowed_form, form_of
from leapter.veritas.literals import NotLiteralError, fits, json_value, literal_value
from leapter.veritas.types import Type


def read_choices(
    written: list[ast.Expression],
    declared: Type,
    types: Types,
    findings: Findings,
    *,
    word: str,
    name: str,
    start: int,
) -> Choices | None:
    """The values (JSON) that `word [...]` allows for `declared`, or for the elements of a list.

    Reports what does not fit at its own place and the rest at `start`; None where there are errors.
    """
    base = types.resolve(declared)
    single = base.element if base.kind == "list" and base.element is not None else base
    if not single.is_scalar:
        findings.error(
            start,
            "choice_type",
            f"`{word}` does not go with {declared}.",
            "It goes with numbers, text, truth values and dates.",
        )
        return None
    if not written:
        findings.error(start, "empty_choice", f"`{name}` has no allowed value at all.", f'{word} ["a", "b"]')
        return None
    possible = types.choices(declared)
    # All are of one type, so 1 and true do not meet here.
    values: dict[object, None] = {}
    is_sound = True
    for expression in written:
        try:
            value = literal_value(expression)
        except NotLiteralError as problem:
            findings.error(
                problem.offset,
                "choice_not_literal",
                "An allowed value must be a literal.",
                "Write a number, a text, true or false.",
            )
            is_sound = False
            continue
        if not fits(value, single):
            findings.error(
                expression.start,
                "choice_value",
                f"This allowed value does not fit the type {single}.",
                f"Write {form_of(single)}.",
            )
            is_sound = False
            continue
        converted = json_value(value)
        if possible is not None and not possible.allow(converted):
            findings.error(
                expression.start,
                "choice_value",
                f"This value is not among those of {declared}.",
                f"Write {allowed_form(possible)}.",
            )
            is_sound = False
            continue
        if converted in values:
            findings.warning(
                expression.start, "repeated_choice", "This allowed value is there twice.", "Remove one."
            )
            continue
        values[converted] = None
    return Choices(values) if is_sound else None
