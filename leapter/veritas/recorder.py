"""Writes down what a traced run does, at little cost: who asks for the trace pays for making sense of it."""

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter_ns

from leapter.veritas import methods, operations
from leapter.veritas.compile import RUNTIME, Helper, invoke
from leapter.veritas.errors import BlueprintThrown, RunError
from leapter.veritas.limits import Limits
from leapter.veritas.state import State
from leapter.veritas.trace import Mark, Trace
from leapter.veritas.values import ABSENT

# A log that has grown to this many entries is made into events before it grows on.
_MAX_LOG = 20_000
# When no more events are kept, entries that die young spare Python's collector of garbage much work.
_MAX_LOG_WHEN_FULL = 200
_MAX_FORGOTTEN_BYTES = 16 * 1024 * 1024


class TracedState(State):
    """The account of a traced run, with its log.

    Compiled code adds events by `record((mark, perf_counter_ns(), value, …))`. The functions below replace
    those that change lists and objects, and record each change that they have made; see `trace.Change`.
    """

    is_traced = True
    _most = _MAX_LOG
    # Bytes that the account does not count, or no longer, while the log may hold them.
    _forgotten = 0

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._trace = Trace()
        self._log = self._trace.log
        self.record: Callable[[tuple[object, ...]], None] = self._log.append

    def check_time(self) -> None:
        super().check_time()
        # The clock is looked at often enough, also where much happens in one statement.
        if len(self._log) > self._most and not self._trace.play():
            self._most = _MAX_LOG_WHEN_FULL

    def record_wide(self, entry: tuple[object, ...]) -> None:
        """Adds an event with the values of many variables."""
        self.record(entry)
        self._forgotten += 8 * len(entry)
        self._play_forgotten()

    def measure(self, values: Iterable[object]) -> None:
        # What is only in the log is about to be forgotten by the account, so it must not stay.
        self._trace.play()
        super().measure(values)

    def end_callee(self, account: tuple[int, int, int, int], size: int) -> None:
        self._forgotten += self.allocated - account[0]
        super().end_callee(account, size)
        self._play_forgotten()

    def _play_forgotten(self) -> None:
        if self._forgotten > _MAX_FORGOTTEN_BYTES:
            self._forgotten = 0
            self._trace.play()

    def ended(self) -> Trace:
        """The trace, once the run is over."""
        return self._trace.end()

    def failed(self, error: RunError, untold: Mapping[str, tuple[str, ...]]) -> Trace:
        """The trace of a run that ended in `error`, which knows its node. `untold` has the ids of nodes that
        began without a record, by the id of the node that they were at.
        """
        node_id = error.node.id if error.node is not None else ""
        event = "throw" if isinstance(error, BlueprintThrown) else "failure"
        self.record((Mark(node_id, event, after=untold.get(node_id, ())), perf_counter_ns()))
        return self.ended()


def _push(state: TracedState, target: object, *values: object) -> float:
    length = methods.push(state, target, *values)
    state.record((target, int(length) - len(values), (), values))
    return length


def _push_one(state: TracedState, target: object, value: object) -> float:
    length = methods.push_one(state, target, value)
    state.record((target, int(length) - 1, (), (value,)))
    return length


def _pop(state: TracedState, target: object) -> object:
    if not isinstance(target, list) or not target:
        return methods.pop(state, target)
    last = methods.pop(state, target)
    state.record((target, len(target), (last,), ()))
    return last


def _splice(state: TracedState, target: object, *arguments: object) -> list[object]:
    first, removed = methods.splice_at(state, target, *arguments)
    state.record((target, first, tuple(removed), arguments[2:]))
    return removed


def _reverse(state: TracedState, target: object) -> object:
    result = methods.reverse(state, target)
    state.record((target, -1, (), ()))
    return result


def _set_property(state: TracedState, target: object, name: str, value: object) -> None:
    old = target.get(name, ABSENT) if isinstance(target, dict) else ABSENT
    operations.set_property(state, target, name, value)
    state.record((target, name, old, value))


def _set_index(state: TracedState, target: object, index: object, value: object) -> None:
    if isinstance(target, list):
        position, length = operations.element_position(state, index), len(target)
        old = tuple(target[position : position + 1])
        operations.set_index(state, target, float(position), value)
        missing = (ABSENT,) * (position - length)
        state.record((target, position - len(missing), old, (*missing, value)))
    elif isinstance(target, dict):
        _set_property(state, target, operations.to_text(state, index), value)
    else:
        operations.set_index(state, target, index, value)


def _invoke(state: TracedState, mark: Mark, helper: Helper, *arguments: object) -> dict[str, object]:
    state.record((mark, perf_counter_ns()))
    return invoke(state, helper, *arguments)


# What compiled code finds by name when it is traced.
TRACED_RUNTIME: dict[str, object] = {
    **RUNTIME,
    "method_push": _push,
    "push_one": _push_one,
    "method_pop": _pop,
    "method_splice": _splice,
    "method_reverse": _reverse,
    "set_property": _set_property,
    "set_index": _set_index,
    "invoke_traced": _invoke,
    "now": perf_counter_ns,
}
