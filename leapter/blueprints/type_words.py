"""Types in words, and the types of the project that a document names."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from leapter import veritas
from leapter.blueprints.display_formats import display_words
from leapter.blueprints.expression_text import Fragment, Fragments
from leapter.veritas.definitions import Structure

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


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldEntry:
    """A field of a record. `display` says how it is shown, "" where nothing says so."""

    name: str
    label: str
    description: str
    type_words: Fragments
    is_optional: bool
    display: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TypeEntry:
    """A type of the project: a record with `fields`, or another name for what `type_words` say.

    `choices` are the allowed values as JSON, None where nothing is constrained.
    """

    name: str
    label: str
    description: str
    type_words: Fragments
    choices: tuple[str, ...] | None
    display: str
    fields: tuple[FieldEntry, ...]


def type_words(declared: veritas.Type) -> Fragments:
    """A declared type as one says it: "list of numbers", "yes or no"; a type of the project by its name."""
    return _words(declared, _ONE)


def _words(declared: veritas.Type, words: dict[str, str]) -> Fragments:
    if declared.element is not None:
        several = _words(declared.element, _SEVERAL)
        if declared.kind == "map":
            return (*several, Fragment(text=" by name"))
        return (Fragment(text="list of " if words is _ONE else "lists of "), *several)
    if declared.kind == "named":
        return (Fragment(text=declared.name, type_name=declared.name),)
    return (Fragment(text=words[declared.kind]),)


def named_types(declared: Iterable[veritas.Type], types: veritas.Types) -> tuple[TypeEntry, ...]:
    """The types of the project that these types name, and those that they name in turn, in their order."""
    waiting = list(declared)
    found: set[str] = set()
    while waiting:
        one = waiting.pop()
        while one.element is not None:
            one = one.element
        definition = types.definitions.get(one.name)
        if definition is None or one.name in found:
            continue
        found.add(one.name)
        if isinstance(definition, Structure):
            waiting += [member.type for member in definition.fields]
        else:
            waiting.append(definition.base)
    return tuple(_entry(types, name) for name in types.definitions if name in found)


def _entry(types: veritas.Types, name: str) -> TypeEntry:
    definition = types.definitions[name]
    display = display_words(definition.annotations)
    if isinstance(definition, Structure):
        return TypeEntry(
            name=name,
            label=definition.label,
            description=definition.description,
            type_words=(Fragment(text="record"),),
            choices=None,
            display=display,
            fields=tuple(
                FieldEntry(
                    name=member.name,
                    label=member.label,
                    description=member.description,
                    type_words=type_words(member.type),
                    is_optional=member.is_optional,
                    display=display_words(member.annotations),
                )
                for member in definition.fields
            ),
        )
    choices = definition.choices
    return TypeEntry(
        name=name,
        label=definition.label,
        description=definition.description,
        type_words=type_words(definition.base),
        choices=None if choices is None else tuple(json.dumps(one, ensure_ascii=False) for one in choices),
        display=display,
        fields=(),
    )
