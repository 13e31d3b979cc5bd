"""Writes down what a traced run does, at little cost: who asks for the trace pays for making sense of it."""

from collections.abc import Callable, Iterable
from time import perf_counter_ns

from leapter.veritas import methods, operations
from leapter.veritas.compile import RUNTIME, Helper, invoke
from leapter.veritas.errors import BlueprintThrown, RunError
from leapter.veritas.limits import Limits
from leapter.veritas.state import State
from leapter.veritas.trace import Log, Mark, Replay, Trace
from leapter.veritas.values import ABSENT

# A log that has grown to this many entries is made into events before it grows on.
_MAX_LOG = 20_000
# When no more events are kept, entries that die young spare Python's collector of garbage much work.
_MAX_LOG_WHEN_FULL = 200


class TracedState(State):
    """The account of a traced run, with its log.

    Compiled code adds events by `record((mark, perf_counter_ns(), value, …))`. Changes inside lists and
    objects are logged by the functions below, which replace those that make them.
    """

    is_traced = True

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._log: Log = []
        self._most = _MAX_LOG
        self.record: Callable[[tuple[object, ...]], None] = self._log.append
        self._replay = Replay()

    def changed(self, target: object, place: object, old: object, new: object) -> None:
        """Logs a change that has been made; see `trace.Change`."""
        self._log.append((target, place, old, new))
        self.tidy()

    def tidy(self) -> None:
        if len(self._log) > self._most:
            self._replay.play(self._log)
            if self._replay.is_full:
                self._most = _MAX_LOG_WHEN_FULL

    def measure(self, values: Iterable[object]) -> None:
        # What is only in the log is about to be forgotten by the account, so it must not stay.
        self._replay.play(self._log)
        super().measure(values)

    def end_callee(self, account: tuple[int, int, int, int], size: int) -> None:
        self._replay.play(self._log)
        super().end_callee(account, size)

    def finished(self) -> Trace:
        """The trace, once the run is over."""
        return Trace(self._replay, self._log)

    def failed(self, error: RunError) -> Trace:
        """The trace of a run that ended in `error`, which knows its node."""
        node_id = error.node.id if error.node is not None else ""
        event = "throw" if isinstance(error, BlueprintThrown) else "failure"
        self.record((Mark(node_id, event), perf_counter_ns()))
        return self.finished()


def _push(state: TracedState, target: object, *values: object) -> float:
    length = methods.push(state, target, *values)
    state.changed(target, int(length) - len(values), (), values)
    return length


def _pop(state: TracedState, target: object) -> object:
    if not isinstance(target, list) or not target:
        return methods.pop(state, target)
    last = methods.pop(state, target)
    state.changed(target, len(target), (last,), ())
    return last


def _splice(state: TracedState, target: object, *arguments: object) -> list[object]:
    first, removed = methods.splice_at(state, target, *arguments)
    state.changed(target, first, tuple(removed), arguments[2:])
    return removed


def _reverse(state: TracedState, target: object) -> object:
    result = methods.reverse(state, target)
    state.changed(target, -1, (), ())
    return result


def _set_property(state: TracedState, target: object, name: str, value: object) -> None:
    old = target.get(name, ABSENT) if isinstance(target, dict) else ABSENT
    operations.set_property(state, target, name, value)
    state.changed(target, name, old, value)


def _set_index(state: TracedState, target: object, index: object, value: object) -> None:
    if isinstance(target, list):
        position, length = operations.element_position(state, index), len(target)
        old = tuple(target[position : position + 1])
        operations.set_index(state, target, float(position), value)
        missing = (ABSENT,) * (position - length)
        state.changed(target, position - len(missing), old, (*missing, value))
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
    "method_pop": _pop,
    "method_splice": _splice,
    "method_reverse": _reverse,
    "set_property": _set_property,
    "set_index": _set_index,
    "invoke_traced": _invoke,
    "now": perf_counter_ns,
}
