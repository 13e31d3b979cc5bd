"""How values are written, as mends say it."""

import json

from leapter.veritas import ranges, temporal
from leapter.veritas.types import Type

_MOST_SHOWN = 10
_FORMS = {
    "number": "a number, such as 5",
    "percent": "a number: 0.05 is 5 %",
    "text": 'a text, such as "a"',
    "boolean": "true or false",
    "list": "a list, such as […]",
    "map": 'an object, such as {"key": …}',
    "any single": 'an object, such as {"field": …}',
    "any multiple": 'a list of objects, such as [{"field": …}]',
}


def form_of(declared: Type) -> str:
    """How a value of a resolved type is written, with an example."""
    if declared.kind in temporal.KINDS:
        return temporal.form_of(declared.kind)
    if declared.kind == "range":
        return ranges.FORM
    return _FORMS.get(declared.kind) or f"an object with the fields of {declared}"


def allowed_form(choices: tuple[object, ...] | None) -> str | None:
    """The allowed values (JSON), the first of them; None where there are none."""
    if choices is None:
        return None
    shown = [json.dumps(value, ensure_ascii=False) for value in choices[:_MOST_SHOWN]]
    return f"one of {', '.join([*shown, *['…'][: len(choices) > _MOST_SHOWN]])}"
