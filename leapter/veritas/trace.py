"""What a traced run did, event by event.

`Trace.to_json()` is `{"trace": [event, …], "totalDuration": milliseconds}`. An event is

    {"id": "1", "modelId": …, "callDepth": 0, "nodeId": …, "event": …, "timestamp": …, "duration": …,
     "dataContext": …}

`id` counts from "1"; `modelId` is the id of the Blueprint that the node belongs to; `callDepth` is 0 in the
Blueprint that was run and one more in each helper or Blueprint that is called. `event` is one of

    start      a function begins; the node is its own
    statement  a simple statement is done, or a section, `choose`, `decide` or loop begins
    branch     a branch of `choose` was chosen
    row        a row of a decision table matched, and its outputs are assigned
    turn       a turn of a loop begins
    call       a statement calls a helper or another Blueprint; `start` of the callee follows. The statement's
               own event comes when it is done, after the callee's `return`
    return     a function ends; the node is the `return` statement, or its own where it ends without one
    throw      the Blueprint ended the run
    failure    the run failed at this node (at its function, where that is all that is known)

`timestamp` (ISO 8601, UTC, microseconds) is when the node began, which is when the event before it was
recorded; `duration` (milliseconds) is how long it took since then. A section, `choose` or table that another
node begins with is told of together with that one: it takes no time of its own.

`dataContext` tells the variables of the function that the event is in, as they are after it: a document with
one member for each input, output and local that is not absent, in JSON (NaN and infinities as their text;
absent elements of lists as null). That of the first event is `{"type": "full", "variables": document}`, all
others are `{"type": "patch", "patch": [JSON Patch operations]}` on the document of the event before. Where a
function is entered, and where a caller goes on, one operation on the path "" replaces the whole document.

A trace is bounded: see `MAX_EVENTS`, `MAX_DATA_BYTES` and `MAX_STEPS`. Past one of them nothing more is kept,
and `"truncated": true` and `"omitted": n` say how many events are missing at the end.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from leapter.veritas.boundary import MAX_DEPTH
from leapter.veritas.numbers import json_number, number_to_text
from leapter.veritas.values import ABSENT, NULL, from_code_units

MAX_EVENTS = 10_000
# The JSON values and names of all events together, as they lie in memory. With the events around them, their
# text is never longer than 32 MiB.
MAX_DATA_BYTES = 8 * 1024 * 1024
# Variables and elements that are looked at in search of what a change shows in; some two seconds of work.
MAX_STEPS = 2_000_000

_SCALAR_BYTES = 32
_TEXT_BYTES = 56
_CONTAINER_BYTES = 64
_OPERATION_BYTES = 300
_MEMBER_BYTES = 100
# Characters of a node id that need no account.
_USUAL_ID = 32
# A path of this many characters takes as long to write as a look at an element.
_CHARACTERS_PER_STEP = 32
_CIRCULAR = "(circular)"
_TOO_DEEP = "(nested too deeply)"

# A change of a list: the list, the position, what was removed there and what was inserted; position -1 for
# a list that was reversed. Of an object: the object, the key, the old and the new value.
Change = tuple[Any, Any, Any, Any]
# What a run writes down: changes, and events as (mark, time in nanoseconds, value of each of its variables).
Log = list[tuple[Any, ...]]


@dataclass(slots=True)
class Mark:
    """A place in compiled code that is recorded: the node, the kind of event ("" for one that only tells of
    variables) and the names of the variables whose values come with it. `model_id` is there at `start`;
    `after` are the ids of nodes that began just before, which have events of their own then.
    """

    node_id: str
    event: str
    names: tuple[str, ...] = ()
    model_id: str = ""
    after: tuple[str, ...] = ()
    # How many events it makes.
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.count = bool(self.event) + len(self.after)


class _FullError(Exception):
    """A bound of the trace is reached."""


@dataclass(slots=True)
class _Frame:
    """A function that runs: its node, and its variables as values of the run."""

    model_id: str
    node_id: str
    variables: dict[str, object]


class Replay:
    """Makes events from what a run has written down.

    Values in a log are the run's own, which may have changed since. So all changes are undone first, last to
    first, and then done again one by one, with a look at each event.
    """

    def __init__(self, started_ns: int) -> None:
        self._now_ns = started_ns
        self._epoch_ns = time.time_ns() - time.perf_counter_ns()
        self.events: list[dict[str, Any]] = []
        self.omitted = 0
        # Whether a bound has been reached, so that events are only counted from now on.
        self.is_full = False
        self._frames: list[_Frame] = []
        # Whether the next event replaces the whole document; operations of the next event, otherwise.
        self._is_fresh = False
        self._operations: list[dict[str, Any]] = []
        # For all events that change nothing: two objects fewer for each of them.
        self._no_change: dict[str, Any] = {"type": "patch", "patch": []}
        self._bytes_left = MAX_DATA_BYTES
        self._steps_left = MAX_STEPS
        # By the id of a list or object: itself, and the lists and objects in it by position or key.
        self._inner: dict[int, tuple[object, list[tuple[object, object]]]] = {}
        # The present second, on the clock of the records and as text.
        self._second_ns = 0
        self._second = ""

    def play(self, log: Log) -> None:
        """Makes the events of `log` and empties it, but for changes at its end that no event follows yet. The
        values are afterwards as they were before.
        """
        if self.is_full:
            self.omitted += sum([entry[0].count for entry in log if type(entry[0]) is Mark])
            log.clear()
            return
        for entry in reversed(log):
            if type(entry[0]) is not Mark:
                _undo(cast(Change, entry))
        changes: deque[Change] = deque()
        for entry in log:
            mark, made = entry[0], len(self.events)
            if type(mark) is not Mark:
                changes.append(cast(Change, entry))
                continue
            try:
                if not self.is_full:
                    # What began just before was not yet touched by the changes since the last record.
                    if mark.after or mark.event == "start" or not self._frames:
                        self._begin(mark)
                    while changes:
                        self._change(changes.popleft())
                    self._record(mark, entry)
            except _FullError:
                self.is_full = True
                self._frames.clear()
                self._operations.clear()
            if self.is_full:
                self.omitted += mark.count - (len(self.events) - made)
                while changes:
                    _redo(changes.popleft())
        for change in changes:
            _redo(change)
        log[:] = changes
        self._inner.clear()

    def _begin(self, mark: Mark) -> None:
        if mark.event == "start" or not self._frames:
            self._frames.append(_Frame(mark.model_id, mark.node_id, {}))
            self._is_fresh = True
        for node_id in mark.after:
            self._event(self._frames[-1], node_id, "statement", self._now_ns)

    def _record(self, mark: Mark, entry: tuple[Any, ...]) -> None:
        frame = self._frames[-1]
        if mark.names:
            variables = frame.variables
            for name, value in zip(mark.names, entry[2:], strict=True):
                old = variables.get(name, ABSENT)
                variables[name] = value
                if not self._is_fresh and old is not value:
                    self._member("/" + name, old, value, ())
        event = mark.event
        if event:
            self._event(frame, mark.node_id or frame.node_id, event, entry[1])
            if event == "return" and len(self._frames) > 1:
                self._frames.pop()
                self._is_fresh = True

    def _event(self, frame: _Frame, node_id: str, event: str, now_ns: int) -> None:
        events = self.events
        count = len(events)
        if count == MAX_EVENTS:
            raise _FullError
        if len(node_id) > _USUAL_ID:
            self._spend(len(node_id))
        began_ns, self._now_ns = self._now_ns, now_ns
        if self._is_fresh:
            context = self._whole(frame)
        elif self._operations:
            context = {"type": "patch", "patch": self._operations}
            self._operations = []
        else:
            context = self._no_change
        events.append(
            {
                "id": str(count + 1),
                "modelId": frame.model_id,
                "callDepth": len(self._frames) - 1,
                "nodeId": node_id,
                "event": event,
                "timestamp": self._timestamp(began_ns),
                "duration": (now_ns - began_ns) / 1e6,
                "dataContext": context,
            }
        )

    def _whole(self, frame: _Frame) -> dict[str, Any]:
        self._is_fresh = False
        self._spend(sum([_MEMBER_BYTES + len(name) for name in frame.variables]))
        document = {
            name: self._json(value, ()) for name, value in frame.variables.items() if value is not ABSENT
        }
        if not self.events:
            return {"type": "full", "variables": document}
        self._operations = []
        self._operation("replace", "", document)
        operations, self._operations = self._operations, []
        return {"type": "patch", "patch": operations}

    def _timestamp(self, when_ns: int) -> str:
        passed_ns = when_ns - self._second_ns
        if passed_ns >= 1_000_000_000 or not self._second:
            second, passed_ns = divmod(self._epoch_ns + when_ns, 1_000_000_000)
            self._second_ns, self._second = when_ns - passed_ns, _second(second)
        # Six digits, in half the time of a format.
        return f"{self._second}.{str(1_000_000 + passed_ns // 1000)[1:]}Z"

    # Changes inside lists and objects

    def _change(self, change: Change) -> None:
        target = change[0]
        places: list[tuple[str, tuple[int, ...]]] = []
        try:
            if not self._is_fresh:
                variables = self._frames[-1].variables
                self._step(len(variables))
                for name, value in variables.items():
                    self._search(target, value, f"/{name}", (), places)
        finally:
            _redo(change)
            self._inner.pop(id(target), None)
        for path, around in places:
            if isinstance(target, dict):
                key, old, new = change[1:]
                self._member(f"{path}/{_escaped(key)}", old, new, around)
            else:
                self._splice(path, around, change)

    def _search(
        self,
        target: object,
        value: object,
        path: str,
        around: tuple[int, ...],
        found: list[tuple[str, tuple[int, ...]]],
    ) -> None:
        """Adds to `found` each path at which `target` is in `value`, with the ids of all around it."""
        if not isinstance(value, list | dict) or id(value) in around or len(around) >= MAX_DEPTH:
            return
        inside = (*around, id(value))
        self._step(len(path) // _CHARACTERS_PER_STEP)
        if value is target:
            self._spend(8 * len(inside) + 2 * len(path))
            found.append((path, inside))
            return
        inner = self._inner.get(id(value))
        if inner is None:
            inner = self._inner[id(value)] = value, self._containers(value)
        self._step(1 + len(inner[1]))
        for key, member in inner[1]:
            self._search(target, member, f"{path}/{_escaped(str(key))}", inside, found)

    def _containers(self, value: object) -> list[tuple[object, object]]:
        members: Iterable[tuple[object, object]] = (
            value.items() if isinstance(value, dict) else enumerate(cast("list[object]", value))
        )
        found: list[tuple[object, object]] = [
            (key, member) for key, member in members if isinstance(member, list | dict)
        ]
        self._step(len(cast("list[object]", value)))
        return found

    def _splice(self, path: str, around: tuple[int, ...], change: Change) -> None:
        values, start, removed, inserted = change
        if start < 0 or len(removed) + len(inserted) > max(4, len(values)):
            self._spend(_CONTAINER_BYTES + 8 * len(values))
            self._operation("replace", path, [self._json(value, around) for value in values])
            return
        both = min(len(removed), len(inserted))
        for position in range(both):
            if not _is_same(removed[position], inserted[position]):
                new = self._json(inserted[position], around)
                self._operation("replace", f"{path}/{start + position}", new)
        for _ in range(both, len(removed)):
            self._operation("remove", f"{path}/{start + both}")
        for position in range(both, len(inserted)):
            self._operation("add", f"{path}/{start + position}", self._json(inserted[position], around))

    def _member(self, path: str, old: object, new: object, around: tuple[int, ...]) -> None:
        """The operation for a member or variable with a new value."""
        kind = type(new)
        if kind is float and (kind is not type(old) or old != new):
            # Most often it is a number.
            self._spend(_OPERATION_BYTES + len(path))
            value = _number(cast("float", new))
            self._operations.append(
                {"op": "add" if old is ABSENT else "replace", "path": path, "value": value}
            )
        elif _is_same(old, new):
            return
        elif new is ABSENT:
            self._operation("remove", path)
        else:
            self._operation("add" if old is ABSENT else "replace", path, self._json(new, around))

    def _operation(self, kind: str, path: str, *value: object) -> None:
        self._spend(_OPERATION_BYTES + 2 * len(path))
        operation: dict[str, Any] = {"op": kind, "path": path}
        if value:
            operation["value"] = value[0]
        self._operations.append(operation)

    # Values

    def _json(self, value: object, around: tuple[int, ...]) -> object:
        """A value of the run as JSON; `around` are the ids of the lists and objects that it is in."""
        kind = type(value)
        if kind is float:
            self._spend(_SCALAR_BYTES)
            return _number(cast("float", value))
        if kind is str:
            text = cast("str", value)
            self._spend(_TEXT_BYTES + 2 * len(text))
            return from_code_units(text)
        if kind is bool:
            return value
        if value is NULL or value is ABSENT:
            return None
        if id(value) in around:
            return _CIRCULAR
        if len(around) >= MAX_DEPTH:
            return _TOO_DEEP
        inside = (*around, id(value))
        self._spend(_CONTAINER_BYTES + 8 * len(cast("list[object]", value)))
        if kind is list:
            return [self._json(element, inside) for element in cast("list[object]", value)]
        self._spend(_MEMBER_BYTES * len(cast("dict[str, object]", value)))
        return {
            self._json(key, inside): self._json(member, inside)
            for key, member in cast("dict[str, object]", value).items()
            if member is not ABSENT
        }

    def _spend(self, size: int) -> None:
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise _FullError

    def _step(self, count: int) -> None:
        self._steps_left -= count
        if self._steps_left < 0:
            raise _FullError


class Trace:
    """The trace of a run; the module says what it looks like.

    While the run goes on, next to nothing is done: it writes to `log`. Events are made when they are first
    asked for, or when the log has grown long. Until then a trace keeps the lists and objects of its run.
    """

    def __init__(self) -> None:
        self.log: Log = []
        self._started_ns = time.perf_counter_ns()
        self._total_ms = 0.0
        self._replay: Replay | None = None
        self._document: dict[str, Any] | None = None

    def play(self) -> bool:
        """Makes events of the log. False when a bound is reached, so that none is kept any more."""
        return not self._replayed().is_full

    def end(self) -> "Trace":
        """The run is over."""
        self._total_ms = (time.perf_counter_ns() - self._started_ns) / 1e6
        return self

    def to_json(self) -> dict[str, Any]:
        """`{"trace": [event, …], "totalDuration": milliseconds}`, ready for JSON; `"truncated": true` and
        `"omitted": count` besides, where a bound was reached. It is the same object each time.
        """
        if self._document is None:
            replay = self._replayed()
            self._document = {"trace": replay.events, "totalDuration": self._total_ms}
            if replay.omitted:
                self._document |= {"truncated": True, "omitted": replay.omitted}
            self._replay = None  # it holds values of the run
        return self._document

    def __getstate__(self) -> dict[str, Any]:
        # What is copied or sent to another process is the document, and nothing of the run.
        self.to_json()
        return self.__dict__

    def _replayed(self) -> Replay:
        if self._replay is None:
            self._replay = Replay(self._started_ns)
        self._replay.play(self.log)
        return self._replay


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _undo(change: Change) -> None:
    target, place, old, new = change
    if isinstance(target, dict):
        target[place] = old
    elif place < 0:
        target.reverse()
    else:
        target[place : place + len(new)] = old


def _redo(change: Change) -> None:
    target, place, old, new = change
    if isinstance(target, dict):
        target[place] = new
    elif place < 0:
        target.reverse()
    else:
        target[place : place + len(old)] = new


def _is_same(old: object, new: object) -> bool:
    kind = type(old)
    return old is new or (kind is type(new) and (kind is float or kind is str) and old == new)


def _escaped(key: str) -> str:
    """A part of a JSON Pointer (RFC 6901, section 3)."""
    return from_code_units(key).replace("~", "~0").replace("/", "~1")


def _number(value: float) -> object:
    return json_number(value) if value - value == 0 else number_to_text(value)
