"""A compiled Blueprint."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, cast

from leapter.veritas import ast
from leapter.veritas.boundary import Faults
from leapter.veritas.compile import FILENAME, compile_document
from leapter.veritas.entry import reader_of, writer_of
from leapter.veritas.errors import InputError, LimitExceeded, Node, RunError
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.signature import Signature
from leapter.veritas.spelling import nearest
from leapter.veritas.state import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a run gave: `outputs` is ready for JSON; `warnings` names inputs that were ignored."""

    outputs: dict[str, object]
    warnings: tuple[str, ...]
    statements: int


# The setters of the slots. A frozen dataclass's own constructor takes three times as long, which is a tenth
# of a small run.
_set_outputs = cast("_Setter", Outcome.__dict__["outputs"]).__set__
_set_warnings = cast("_Setter", Outcome.__dict__["warnings"]).__set__
_set_statements = cast("_Setter", Outcome.__dict__["statements"]).__set__


class _Setter(Protocol):
    def __set__(self, instance: object, value: object, /) -> None: ...


class Program:
    """A Blueprint that can run. It holds nothing of a run, so several threads may run it at once."""

    __slots__ = ("_function", "_names", "_nodes", "_read", "_write", "signature")

    def __init__(self, document: ast.Document, signature: Signature) -> None:
        compiled = compile_document(document)
        self.signature = signature
        self._function = compiled.function
        self._nodes = compiled.nodes
        self._names = frozenset(parameter.name for parameter in signature.inputs)
        self._read = reader_of(signature)
        self._write = writer_of(signature)

    def run(
        self,
        inputs: Mapping[str, object],
        *,
        limits: Limits = DEFAULT_LIMITS,
        ignore_unknown_inputs: bool = False,
    ) -> Outcome:
        """Runs the Blueprint on `inputs`, JSON values by the names of the inputs; they are never changed.

        Raises InputError with all faults of the inputs, BlueprintThrown, LimitExceeded or OperationFailed.
        """
        faults = Faults(limits)
        values = self._read(inputs, faults)
        warnings: tuple[str, ...] = ()
        if len(inputs) != len(self._names) - faults.missing:
            warnings = self._unknown(inputs, faults, ignore_unknown_inputs)
        if faults.found:
            raise InputError(faults.found, more=faults.more)
        state = State(limits)
        try:
            results = self._function(state, *values)
            if state.statements > limits.statements:
                state.statements_exceeded()
            outputs = self._write(state, results)
        except RunError as error:
            if error.node is None:
                error.node = self._node_of(error.__traceback__)
            # The traceback holds every value of the run; it goes, so that memory does.
            raise error.with_traceback(None) from None
        except (MemoryError, RecursionError) as error:
            node = self._node_of(error.__traceback__)
            exceeded = LimitExceeded(
                "allocation_bytes", limits.allocation_bytes, "The run needs more memory than there is."
            )
            exceeded.node = node
            raise exceeded from None
        outcome = object.__new__(Outcome)
        _set_outputs(outcome, outputs)
        _set_warnings(outcome, warnings)
        _set_statements(outcome, state.statements)
        return outcome

    def _unknown(self, inputs: Mapping[str, object], faults: Faults, is_ignored: bool) -> tuple[str, ...]:
        warnings: list[str] = []
        for name in inputs:
            if name in self._names:
                continue
            shown = name if len(name) <= 60 else name[:59] + "…"
            close = nearest(name, self._names)
            hint = f" (did you mean `{close}`?)" if close else ""
            if is_ignored:
                if len(warnings) < 100:
                    warnings.append(f"The input `{shown}` is unknown and was ignored{hint}.")
            else:
                faults.add(shown, f"is not an input of this Blueprint{hint}")
        return tuple(warnings)

    def _node_of(self, traceback: TracebackType | None) -> Node | None:
        """The node whose code was running, innermost function first."""
        line = 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == FILENAME:
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return self._nodes[line] if line else None


def compile_program(document: ast.Document) -> Program:
    """Compiles a document that `analyze` found no errors in. Raises ValueError where there are errors."""
    if document.signature is None or not document.is_sound:
        raise ValueError("The document has errors; only one without can be compiled.")
    return Program(document, document.signature)
