"""Values on their way from one Blueprint to another, as if they came from outside.

What crosses is copied: a Blueprint never sees what another one does to its lists and objects. The copies are
charged to the run's memory.
"""

from typing import cast

from leapter.veritas.boundary import MAX_DEPTH, default_value
from leapter.veritas.entry import Writer
from leapter.veritas.errors import OperationFailed
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT, NULL, from_code_units


def outward(state: State, value: object, what: str, depth: int = 1) -> object:
    """An argument as the JSON that a caller from outside would send. NaN stays: the callee's boundary names
    it. `what` is the argument as a message shows it.
    """
    kind = type(value)
    if kind is float:
        return cast("float", value) + 0.0  # JSON has no negative zero
    if kind is str:
        return _text(state, cast("str", value))
    if kind is bool:
        return value
    if value is NULL or value is ABSENT:
        return None
    if depth > MAX_DEPTH:
        raise OperationFailed(f"{what} is nested more than {MAX_DEPTH} deep.")
    # Charged twice: the callee's boundary makes a list or an object of its own from this one.
    if kind is list:
        elements = cast("list[object]", value)
        state.elements(len(elements), 2 * len(elements))
        state.work(len(elements))
        return [
            element if type(element) is float else outward(state, element, what, depth + 1)
            for element in elements
        ]
    members = cast("dict[str, object]", value)
    state.members(2 * len(members))
    state.work(len(members))
    return {
        _text(state, key): outward(state, member, what, depth + 1)
        for key, member in members.items()
        if member is not ABSENT
    }


def _text(state: State, text: str) -> str:
    state.copy_text(len(text))
    return from_code_units(text)


def inward(state: State, write: Writer, results: tuple[object, ...]) -> tuple[dict[str, object], int]:
    """The outputs of a Blueprint as the object that a call of it gives, and what that is charged with.

    Raises OperationFailed, with the output's node, as at the end of a run.
    """
    before = state.allocated
    outputs = write(state, results)
    state.members(len(outputs))
    size = state.allocated - before
    # `write` makes JSON, which is turned into values once more.
    state.allocate(size)
    return {
        name: value if type(value) is float else default_value(value) for name, value in outputs.items()
    }, size
