"""A types document as its page shows it: each type with what it is made of and who uses it."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from leapter import veritas
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.blueprints.type_words import TypeEntry, named_types
from leapter.blueprints.types_documents import TypesDocument
from leapter.db import db

# Finding names in a mebibyte of sources takes some 30 ms; a page is not worth more.
MAX_SEARCHED_CHARACTERS = 2_000_000

# Names in strings and comments are words, not types.
_PASSED_OVER = re.compile(
    r"//[^\r\n]*|/\*[\s\S]*?\*/"
    r'|"""[\s\S]*?"""|"(?:[^"\\\r\n]|\\[^\r\n])*"' + r"|'(?:[^'\\\r\n]|\\[^\r\n])*'"
)
_TYPE_NAME = re.compile(r"(?:\bof\s+|:\s*(?:type\s+)?)([A-Za-z_$][A-Za-z0-9_$]*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A Blueprint that names a type."""

    blueprint_id: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownType:
    """One definition, with its line in the document.

    `used_in` are other types; `users` is None where the sources were too long to look through.
    """

    entry: TypeEntry
    is_structure: bool
    line: int
    used_in: tuple[str, ...]
    users: tuple[User, ...] | None


def shown_types(project_id: str, document: TypesDocument) -> list[ShownType]:
    """The sound definitions of a document, in its order."""
    definitions = document.types.definitions
    users = _users(project_id, definitions.keys())
    used_in: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for definition in definitions.values():
        for declared in _parts(definition):
            used_in[declared.innermost.name][definition.name] = None
    entries = named_types((veritas.Type(kind="named", name=name) for name in definitions), document.types)
    return [
        ShownType(
            entry=entry,
            is_structure=isinstance(definitions[entry.name], veritas.Structure),
            line=definitions[entry.name].line,
            used_in=tuple(used_in[entry.name]),
            users=None if users is None else users.get(entry.name, ()),
        )
        for entry in entries
    ]


def _parts(definition: veritas.Definition) -> Iterable[veritas.Type]:
    if isinstance(definition, veritas.Structure):
        return [member.type for member in definition.fields]
    return [definition.base]


def _users(project_id: str, names: Iterable[str]) -> dict[str, tuple[User, ...]] | None:
    """The Blueprints by the types that the newest of their revisions name; None if that took too long."""
    wanted = set(names)
    if not wanted:
        return {}
    is_asked = (Blueprint.project_id == project_id, BlueprintRevision.uses_types)
    newest = BlueprintRevision.id == Blueprint.newest_revision_id
    characters = db.session.scalar(
        select(func.sum(func.length(BlueprintRevision.source))).join(Blueprint, newest).where(*is_asked)
    )
    if (characters or 0) > MAX_SEARCHED_CHARACTERS:
        return None
    rows = db.session.execute(
        select(Blueprint.id, Blueprint.label, BlueprintRevision.source)
        .join(BlueprintRevision, newest)
        .where(*is_asked)
        .order_by(func.lower(Blueprint.label), Blueprint.slug)
    )
    users: defaultdict[str, list[User]] = defaultdict(list)
    for blueprint_id, label, source in rows:
        for name in wanted & set(_TYPE_NAME.findall(_PASSED_OVER.sub(" ", source))):
            users[name].append(User(blueprint_id=blueprint_id, label=label))
    return {name: tuple(found) for name, found in users.items()}
