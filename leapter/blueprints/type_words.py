"""Types in words."""

from leapter import veritas

_ONE = {
    "text": "text",
    "number": "number",
    "percent": "percentage, as a fraction",
    "boolean": "yes or no",
    "date": "date",
    "time": "time of day",
    "datetime": "date and time",
    "duration": "duration",
    "range": "range",
    "any single": "record",
    "any multiple": "list of records",
    "any": "any value",
}
_SEVERAL = {
    "text": "texts",
    "number": "numbers",
    "percent": "percentages",
    "boolean": "yes-or-no values",
    "date": "dates",
    "time": "times of day",
    "datetime": "dates with times",
    "duration": "durations",
    "range": "ranges",
    "any single": "records",
    "any multiple": "lists of records",
    "any": "values of any kind",
}


def type_words(declared: veritas.Type) -> str:
    """A declared type as one says it: "list of numbers", "yes or no"; a type of the project by its name."""
    if declared.kind == "list" and declared.element is not None:
        return f"list of {_plural(declared.element)}"
    if declared.kind == "map" and declared.element is not None:
        return f"{_plural(declared.element)} by name"
    return _ONE.get(declared.kind, str(declared))


def _plural(declared: veritas.Type) -> str:
    if declared.kind == "list" and declared.element is not None:
        return f"lists of {_plural(declared.element)}"
    return _SEVERAL.get(declared.kind, type_words(declared))
