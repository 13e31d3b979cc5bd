"""Words for values of JSON."""

from typing import Any


def noun(value: Any) -> str:
    """What a value is, such as "a list": for sentences that say what came in place of what was wanted."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
