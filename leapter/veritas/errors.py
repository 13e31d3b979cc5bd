"""The ways a run can end other than well."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapter.veritas.values import from_code_units

if TYPE_CHECKING:  # trace.py needs this module
    from leapter.veritas.trace import Trace

# A Blueprint may throw a text of a million characters; nobody reads that.
MAX_MESSAGE_CHARACTERS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """The place in a Blueprint where a run ended: node id, label ("" if it has none), line from 1.

    `blueprint` is the call identifier of that Blueprint: a Blueprint that the run called has lines too.
    """

    id: str
    label: str
    line: int
    blueprint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One input that does not fit. `path` is as in `items[3].price`; `message` reads on from it."""

    path: str
    message: str


class VeritasError(Exception):
    """The root of all errors of the language package."""


class RunError(VeritasError):
    """A run that ended early. `message` is a sentence for the caller; `node` is where it happened, if
    known. Where that is in a Blueprint that another one called, `calls` are the calls that led there, the
    first one first. `trace` is that of a traced run, up to what failed.
    """

    code = "run_failed"
    calls: tuple[Node, ...] = ()
    trace: "Trace | None" = None

    def __init__(self, message: str, *, node: Node | None = None) -> None:
        # Text of a run is in code units; a message is for people and for JSON.
        message = from_code_units(message)
        if len(message) > MAX_MESSAGE_CHARACTERS:
            message = message[:MAX_MESSAGE_CHARACTERS] + "…"
        super().__init__(message)
        self.message = message
        self.node = node

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class InputError(RunError):
    """Inputs that do not fit the Blueprint's declaration; `faults` has all of them (the first 100, at
    most).
    """

    code = "invalid_input"

    def __init__(self, faults: tuple[Fault, ...], *, more: int = 0) -> None:
        head = "Input" if len(faults) + more == 1 else "Inputs do not fit:"
        super().__init__(f"{head} {in_words(faults, more=more)}.")
        self.faults = faults


def in_words(faults: tuple[Fault, ...], *, more: int = 0) -> str:
    """The first ten faults as half a sentence, and how many there are besides."""
    sentences = [f"`{fault.path}` {fault.message}" for fault in faults[:10]]
    hidden = len(faults) - len(sentences) + more
    if hidden:
        sentences.append(f"and {hidden} more")
    return "; ".join(sentences)


class BlueprintThrown(RunError):  # noqa: N818 - named for what happened
    """The Blueprint itself ended the run with `throw`; the message is the text that it threw."""

    code = "blueprint_error"


class LimitExceeded(RunError):  # noqa: N818 - named for what happened
    """A limit was crossed: `limit` is the name of a field of `Limits`, `bound` its value."""

    code = "limit_exceeded"

    def __init__(self, limit: str, bound: float, message: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.bound = bound


class OperationFailed(RunError):  # noqa: N818 - named for what happened
    """An operation with no result: a property of null, the largest of no elements, an output that is not a
    number.
    """

    code = "operation_failed"


def _rebuild(kind: type[RunError], arguments: tuple[Any, ...], state: dict[str, Any]) -> RunError:
    # The constructors take other arguments than Exception keeps, so copying goes around them.
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error
