"""Reads traces as a client does, and watches runs to know what their traces have to say."""

import copy
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jsonpatch
import pytest

from leapter.veritas import Limits, RunError, program
from leapter.veritas.numbers import number_to_text
from leapter.veritas.recorder import TracedState
from leapter.veritas.trace import Mark
from leapter.veritas.values import ABSENT, NULL, from_code_units

_MOST_VALUES = 100_000


def documents(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """The variables at each event."""
    return [copy.deepcopy(document) for document in replayed(trace)]


def replayed(trace: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The variables at one event after the other, by applying patch after patch to one document."""
    document: dict[str, Any] = {}
    for number, event in enumerate(json.loads(json.dumps(trace))["trace"]):
        context = event["dataContext"]
        if number == 0:
            assert context["type"] == "full"
            document = context["variables"]
        else:
            assert context["type"] == "patch"
            document = jsonpatch.apply_patch(document, context["patch"], in_place=True)
        yield document


def events(trace: dict[str, Any], *members: str) -> list[Any]:
    """One member of each event, or a tuple of several."""
    if len(members) == 1:
        return [event[members[0]] for event in trace["trace"]]
    return [tuple(event[member] for member in members) for event in trace["trace"]]


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any] | None]]:
    """Gives the variables at each event of the runs inside it, taken in the very moment, without patches.

    Looking takes time, which the run has little of: None stands for what was not looked at any more.
    """
    seen: list[dict[str, Any] | None] = []
    looked = [0]

    class Watching(TracedState):
        def __init__(self, limits: Limits) -> None:
            super().__init__(limits)
            keep, frames = self.record, list[dict[str, object]]()
            before = None  # the variables before anything that is not recorded yet

            def look() -> dict[str, Any] | None:
                return _plain(frames[-1], looked) if looked[0] < _MOST_VALUES else None

            def record(entry: tuple[Any, ...]) -> None:
                nonlocal before
                keep(entry)
                mark = entry[0]
                if not isinstance(mark, Mark):
                    return  # a change inside a list or an object
                if mark.event == "start" or not frames:
                    frames.append({})
                    before = None
                seen.extend([before] * len(mark.after))
                frames[-1].update(zip(mark.names, entry[2:], strict=True))
                before = look()
                if mark.event:
                    seen.append(before)
                if mark.event == "return" and len(frames) > 1:
                    frames.pop()

            self.record = record

    with monkeypatch.context() as patched:
        patched.setattr(program, "TracedState", Watching)
        yield seen


def _plain(variables: dict[str, object], looked: list[int]) -> dict[str, Any]:
    return {name: _json(value, [], looked) for name, value in variables.items() if value is not ABSENT}


def _json(value: Any, around: list[Any], looked: list[int]) -> Any:
    looked[0] += 1
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            return number_to_text(value)
        return int(number_to_text(value)) if value.is_integer() and abs(value) < 2**63 else value
    if isinstance(value, str):
        return from_code_units(value)
    if value is NULL or value is ABSENT:
        return None
    if any(value is other for other in around):
        return "(circular)"
    if len(around) == 64:
        return "(nested too deeply)"
    around = [*around, value]
    if isinstance(value, list):
        return [_json(element, around, looked) for element in value]
    return {
        from_code_units(key): _json(member, around, looked)
        for key, member in value.items()
        if member is not ABSENT
    }


def trace_of(made: program.Program, inputs: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The trace of a run, however it ends."""
    try:
        trace = made.run(inputs, trace=True, **options).trace
    except RunError as error:
        trace = error.trace
    assert trace is not None
    return trace.to_json()
