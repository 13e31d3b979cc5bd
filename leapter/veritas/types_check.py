"""The rules that the definitions of a types document have to keep."""

from collections import defaultdict
from types import MappingProxyType

from leapter.veritas.choices import read_choices
from leapter.veritas.definitions import MAX_LEAST_SIZE, Alias, Field, Structure, Types, nearest_type
from leapter.veritas.findings import Findings
from leapter.veritas.types import WORDS, Type
from leapter.veritas.types_parser import WrittenType

# Lists and maps inside each other, through aliases too.
MAX_TYPE_DEPTH = 16
# Structures that have to be inside each other: far below what the run boundary takes.
MAX_LEAST_DEPTH = 32
_BUILT_IN = frozenset((*WORDS, "list", "map", "any", "type", "Structure"))


def check_types(written: list[WrittenType], findings: Findings) -> Types:
    """Reports what is wrong with the definitions; returns those that can be used."""
    return _Checker(findings).check(written)


class _Checker:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._written: dict[str, WrittenType] = {}
        self._broken: set[str] = set()
        self._aliases: dict[str, Alias] = {}
        self._depths: dict[str, int] = {}
        self._least_sizes: dict[str, int] = {}

    def check(self, written: list[WrittenType]) -> Types:
        for definition in written:
            self._name(definition)
        for definition in self._written.values():
            if not self._check_references(definition) or not definition.is_whole:
                self._broken.add(definition.name)
        self._alias_cycles()
        self._spread()
        for definition in self._written.values():
            if definition.base is not None and definition.name not in self._broken:
                self._alias(definition.name)
        self._spread()
        self._least_values()
        self._spread()
        definitions = {
            name: self._aliases[name] if definition.base is not None else self._structure(definition)
            for name, definition in self._written.items()
            if name not in self._broken
        }
        return Types(definitions=MappingProxyType(definitions), broken=frozenset(self._broken))

    # Names

    def _name(self, definition: WrittenType) -> None:
        name = definition.name
        if not name:
            return
        if name in _BUILT_IN:
            self._findings.error(
                definition.start, "builtin_name", f"`{name}` is a built-in type.", "Choose another name."
            )
        elif name in self._written:
            self._findings.error(
                definition.start,
                "declared_twice",
                f"There are two types with the name `{name}`.",
                "Rename one of them.",
            )
        else:
            self._written[name] = definition

    def _check_references(self, definition: WrittenType) -> bool:
        if definition.base is not None:
            return self._reference(definition.base, definition.base_start)
        if not definition.fields and definition.is_whole:
            self._findings.warning(
                definition.start, "no_field", f"`{definition.name}` has no field.", "name: _text"
            )
        is_sound = True
        seen: set[str] = set()
        for member in definition.fields:
            is_sound = self._reference(member.type, member.type_start) and is_sound
            if member.name in seen:
                self._findings.error(
                    member.start,
                    "declared_twice",
                    f"`{definition.name}` has two fields with the name `{member.name}`.",
                    "Rename one of them.",
                )
                is_sound = False
            seen.add(member.name)
        return is_sound

    def _reference(self, declared: Type, offset: int) -> bool:
        inner = declared.innermost
        if inner.kind == "named" and inner.name not in self._written:
            hint = nearest_type(inner.name, self._written) if self._findings.take_hint() else None
            self._findings.error(
                offset,
                "unknown_type",
                f"Cannot find type '{inner.name}'",
                f"Did you mean {hint}?" if hint else f"Define it: define {inner.name} {{ … }}",
            )
            return False
        if inner.kind == "any":
            if inner is declared:  # the parser has reported lists and maps of it
                self._findings.error(
                    offset,
                    "any_in_types",
                    "`any` is for locals only.",
                    "Name the type, or use `any single` for one object.",
                )
            return False
        return True

    def _spread(self) -> None:
        """What refers to a broken type is broken too; that was said at the type itself."""
        users: defaultdict[str, list[str]] = defaultdict(list)
        for name, definition in self._written.items():
            for declared in _types_of(definition):
                users[declared.innermost.name].append(name)
        pending = list(self._broken)
        while pending:
            for user in users[pending.pop()]:
                if user not in self._broken:
                    self._broken.add(user)
                    pending.append(user)

    # Aliases

    def _below(self, name: str) -> str | None:
        """The alias that the alias `name` is made from, if it is made from one."""
        base = self._written[name].base
        below = base.innermost.name if base is not None else ""
        return below if below in self._written and self._written[below].base is not None else None

    def _alias_cycles(self) -> None:
        done: set[str] = set()
        for first in self._written:
            path: dict[str, None] = {}
            name: str | None = first
            while name is not None and name not in done:
                done.add(name)
                path[name] = None
                name = self._below(name)
            if name is not None and name in path:
                names = list(path)
                cycle = names[names.index(name) :]
                self._findings.error(
                    self._written[name].base_start,
                    "alias_cycle",
                    f"`{name}` stands for itself: {_chain([*cycle, name])}.",
                    "A type can refer to itself only through a field of a structure.",
                )
                self._broken.update(cycle)

    def _alias(self, name: str) -> None:
        """Resolves an alias, after those that it is made from."""
        chain: list[tuple[str, Type]] = []
        link: str | None = name
        while link is not None and link not in self._depths and (base := self._written[link].base):
            chain.append((link, base))
            link = self._below(link)
        for link, base in reversed(chain):
            if self._below(link) in self._broken:
                self._broken.add(link)
            else:
                self._resolve(self._written[link], base)

    def _resolve(self, definition: WrittenType, base: Type) -> None:
        inner = base.innermost
        depth = self._depths.get(inner.name, 0)
        level = base
        while level.element is not None:
            depth += 1
            level = level.element
        if depth > MAX_TYPE_DEPTH:
            self._findings.error(
                definition.base_start,
                "too_deep",
                f"Lists and maps in `{definition.name}` are nested more than {MAX_TYPE_DEPTH} deep.",
                "Put some of them into a structure.",
            )
            self._broken.add(definition.name)
            return
        self._depths[definition.name] = depth
        known = self._aliases.get(base.name)
        types = Types(definitions=self._aliases)
        choices = types.choices(base)
        if definition.choices is not None:
            choices = read_choices(
                definition.choices,
                base,
                types,
                self._findings,
                word="constrained_to",
                name=definition.name,
                start=definition.start,
            )
            if choices is None:
                self._broken.add(definition.name)
        self._aliases[definition.name] = Alias(
            name=definition.name,
            label=definition.notes.label,
            description=definition.description,
            base=base,
            target=known.target if known is not None else base,
            choices=choices,
            annotations=MappingProxyType(definition.annotations),
            line=definition.line,
        )

    # Structures

    def _least_values(self) -> None:
        """Finds the smallest value of each structure; what has none, or only huge ones, is reported.

        A structure's is known once those of its required fields are, so structures that contain themselves
        stay behind.
        """
        needs: dict[str, list[tuple[int, str]]] = {}
        users: defaultdict[str, list[str]] = defaultdict(list)
        missing: dict[str, int] = {}
        for name, definition in self._written.items():
            if definition.base is None and name not in self._broken:
                needs[name] = [
                    (position, self._aliased(member.type).name)
                    for position, member in enumerate(definition.fields)
                    if not member.is_optional and self._aliased(member.type).kind == "named"
                ]
                missing[name] = len(needs[name])
                for _, needed in needs[name]:
                    users[needed].append(name)
        depths: dict[str, int] = {}
        ready = [name for name, count in missing.items() if count == 0]
        while ready:
            name = ready.pop()
            depths[name] = 1 + max((depths[needed] for _, needed in needs[name]), default=0)
            members = self._written[name].fields
            size = 1 + sum(not member.is_optional for member in members)
            size += sum(self._least_sizes[needed] - 1 for _, needed in needs[name])
            self._least_sizes[name] = min(size, MAX_LEAST_SIZE + 1)
            is_wide = size > MAX_LEAST_SIZE
            if any(needed in self._broken for _, needed in needs[name]):
                self._broken.add(name)  # What is too large was reported.
            elif is_wide or depths[name] > MAX_LEAST_DEPTH:
                self._too_large(name, is_wide)
            for user in users[name]:
                missing[user] -= 1
                if missing[user] == 0:
                    ready.append(user)
        self._structure_cycles(needs, {name for name, count in missing.items() if count})

    def _too_large(self, name: str, is_wide: bool) -> None:
        most = f"{MAX_LEAST_SIZE:,} parts" if is_wide else f"{MAX_LEAST_DEPTH} structures inside each other"
        self._findings.error(
            self._written[name].start,
            "structure_too_large",
            f"Every value of `{name}` has more than {most}.",
            "Make some fields optional.",
        )
        self._broken.add(name)

    def _aliased(self, declared: Type) -> Type:
        """What a sound type is, or stands for as an alias."""
        alias = self._aliases.get(declared.name)
        return declared if alias is None else alias.target

    def _structure_cycles(self, needs: dict[str, list[tuple[int, str]]], endless: set[str]) -> None:
        done: set[str] = set()
        for first in needs:
            path: dict[str, int] = {}
            name = first
            while name in endless and name not in done:
                done.add(name)
                position, needed = next(need for need in needs[name] if need[1] in endless)
                path[name] = position
                name = needed
            if name in path:
                names = list(path)
                cycle = names[names.index(name) :]
                steps = [f"{each}.{self._written[each].fields[path[each]].name}" for each in cycle]
                member = self._written[name].fields[path[name]]
                self._findings.error(
                    member.start,
                    "endless_structure",
                    f"Every `{name}` has to contain another `{name}`, without end: {_chain([*steps, name])}.",
                    f"Make the field optional, {member.name}: {member.type}?, or a list.",
                )
                self._broken.update(cycle)

    def _structure(self, definition: WrittenType) -> Structure:
        return Structure(
            name=definition.name,
            label=definition.notes.label,
            description=definition.description,
            fields=tuple(
                Field(
                    name=member.name,
                    label=member.notes.label,
                    description=member.description,
                    type=member.type,
                    is_optional=member.is_optional,
                    annotations=MappingProxyType(member.annotations),
                    line=member.line,
                )
                for member in definition.fields
            ),
            annotations=MappingProxyType(definition.annotations),
            line=definition.line,
            least_size=self._least_sizes[definition.name],
        )


def _types_of(definition: WrittenType) -> list[Type]:
    return [member.type for member in definition.fields] if definition.base is None else [definition.base]


def _chain(names: list[str]) -> str:
    return " → ".join(names if len(names) <= 7 else [*names[:5], "…", names[-1]])
