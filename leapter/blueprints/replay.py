"""A recorded run as steps that a page can show: where each happened, and which values it changed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonpatch

from leapter import veritas
from leapter.blueprints.specification_nodes import walk
from leapter.veritas import ast

MAX_STEPS = 1_000
_MAX_VALUE_CHARACTERS = 500

_IN_WORDS = {
    "start": "Begins.",
    "statement": "",
    "branch": "This branch is chosen.",
    "row": "This row fits.",
    "turn": "Another round of the loop.",
    "call": "Calls what follows.",
    "return": "Ends.",
    "throw": "Refuses: {}",
    "failure": "The run fails here: {}",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedBlueprint:
    """A Blueprint that took part in a run: the revision that ran, and the address of its page.

    `is_shown` where the page that shows the replay is its own.
    """

    label: str
    url: str
    revision_id: str
    document: veritas.Document = field(repr=False)
    is_shown: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A variable and its value after a step as JSON, cut where it is long; None where it is absent."""

    name: str
    text: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One event of a run, in words. `depth` counts the calls around it.

    A step that `enters` a function begins with no values; its changes are then all that there are.
    """

    blueprint_id: str
    node_id: str
    line: int
    label: str
    event: str
    depth: int
    enters: bool
    is_failure: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """The first steps of a run, at most `MAX_STEPS`; `left_out` counts those after them."""

    revision_number: int
    blueprints: Mapping[str, ReplayedBlueprint]
    steps: tuple[Step, ...]
    left_out: int


def blueprint_ids(trace: Mapping[str, Any]) -> set[str]:
    """The ids of the Blueprints that took part in the first steps."""
    return {event["modelId"] for event in trace["trace"][:MAX_STEPS]}


def replay_of(
    trace: Mapping[str, Any],
    blueprints: Mapping[str, ReplayedBlueprint],
    *,
    revision_number: int,
    message: str = "",
) -> Replay:
    """Make steps of a trace, as `veritas.Trace.to_json` gives it. The trace is used up.

    Args:
        blueprints: those that took part, by id.
        revision_number: the one of the Blueprint that was run.
        message: what the run ended with, where it ended with an error.
    """
    places = {blueprint_id: _places(one.document) for blueprint_id, one in blueprints.items()}
    events = trace["trace"]
    # Of each function that is running, the values at its last step as text.
    frames: list[dict[str, str]] = []
    values: dict[str, Any] = {}
    steps = []
    for event in events[:MAX_STEPS]:
        values, touched = _apply(values, event["dataContext"])
        depth, enters = event["callDepth"], event["event"] == "start"
        del frames[depth if enters else depth + 1 :]
        if enters:
            frames.append({})
        # A failure outside of any node belongs to the Blueprint as a whole, which is its first place.
        found = places[event["modelId"]]
        line, label = found.get(event["nodeId"]) or next(iter(found.values()))
        steps.append(
            Step(
                blueprint_id=event["modelId"],
                node_id=event["nodeId"],
                line=line,
                label=label,
                event=_IN_WORDS[event["event"]].format(message),
                depth=depth,
                enters=enters,
                is_failure=event["event"] in ("throw", "failure"),
                changes=tuple(_changes(frames[depth], values, touched)),
            )
        )
    return Replay(
        revision_number=revision_number,
        blueprints=blueprints,
        steps=tuple(steps),
        left_out=len(events) - len(steps) + trace.get("omitted", 0),
    )


def _apply(values: dict[str, Any], context: Mapping[str, Any]) -> tuple[dict[str, Any], Iterable[str]]:
    """The values after an event, and the names of those that it may have changed."""
    if context["type"] == "full":
        return context["variables"], context["variables"]
    patch = context["patch"]
    before = values
    # In place: a copy for each step of a long run would take minutes.
    values = jsonpatch.JsonPatch(patch).apply(values, in_place=True)
    if values is not before:
        return values, values
    return values, dict.fromkeys(operation["path"].split("/")[1] for operation in patch)


def _changes(known: dict[str, str], values: Mapping[str, Any], touched: Iterable[str]) -> Iterator[Change]:
    """The changes among the values of a function; `known` learns of them."""
    for name in touched:
        if name not in values:
            del known[name]
            yield Change(name=name, text=None)
            continue
        text = _text(values[name])
        if known.get(name) != text:
            known[name] = text
            yield Change(name=name, text=text)


def _text(value: object) -> str:
    """A value as JSON, cut before the rest of a long one is so much as looked at."""
    text = ""
    for chunk in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        text += chunk
        if len(text) > _MAX_VALUE_CHARACTERS:
            return text[: _MAX_VALUE_CHARACTERS - 1] + "…"
    return text


def _places(document: veritas.Document) -> dict[str, tuple[int, str]]:
    """Line and label of each node by its id; what has no label is shown by its line of the source."""
    found: dict[str, tuple[int, str]] = {}
    for notes, start in _nodes(document):
        line = document.source.line_of(start)
        found.setdefault(notes.node_id, (line, notes.label or document.source.line_text(line).strip(" \t|")))
    return found


def _nodes(document: veritas.Document) -> Iterable[tuple[ast.Notes, int]]:
    for function in document.functions:
        for notes, start, _ in walk(function, len(document.source.text)):
            yield notes, start
