"""A compiled Blueprint."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, cast

from leapter.veritas import ast
from leapter.veritas.boundary import Faults
from leapter.veritas.compile import FILENAME, compile_document
from leapter.veritas.crossing import inward, outward
from leapter.veritas.entry import reader_of, writer_of
from leapter.veritas.errors import InputError, LimitExceeded, Node, OperationFailed, RunError, in_words
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.signature import Signature
from leapter.veritas.spelling import Speller
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT

# Names of inputs that one call compares with those that it does not know: some 50 ms of work.
_MOST_COMPARED = 1_000


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
    """A Blueprint that can run. It holds nothing of a run, so several threads may run it at once.

    `calls` are the call identifiers of the other Blueprints that it calls. They are not part of it: each run
    is given them.
    """

    __slots__ = ("_function", "_names", "_read", "_write", "calls", "signature")

    def __init__(self, document: ast.Document, signature: Signature) -> None:
        compiled = compile_document(document)
        self.signature = signature
        self.calls = document.calls
        self._function = compiled.function
        compiled.names["own"] = self
        self._names = frozenset(parameter.name for parameter in signature.inputs)
        self._read = reader_of(signature)
        self._write = writer_of(signature)

    def run(
        self,
        inputs: Mapping[str, object],
        *,
        limits: Limits = DEFAULT_LIMITS,
        ignore_unknown_inputs: bool = False,
        library: Mapping[str, "Program"] | None = None,
    ) -> Outcome:
        """Runs the Blueprint on `inputs`, JSON values by the names of the inputs; they are never changed.

        `library` has, by call identifier, the Blueprints that this one and those that it calls may call. All
        of them together keep within `limits`.

        Raises InputError with all faults of the inputs, BlueprintThrown, LimitExceeded or OperationFailed.
        """
        faults = Faults(limits)
        values = self._read(inputs, faults)
        warnings: tuple[str, ...] = ()
        if len(inputs) != len(self._names) - faults.missing:
            warnings = self._unknown(inputs, faults, is_ignored=ignore_unknown_inputs)
        if faults.found:
            raise InputError(faults.found, more=faults.more)
        state = State(limits)
        if library is not None:
            state.library = library
        try:
            results = self._function(state, *values)
            if state.statements > limits.statements:
                state.statements_exceeded()
            outputs = self._write(state, results)
        except RunError as error:
            self._locate(error)
            # The traceback holds every value of the run; it goes, so that memory does.
            raise error.with_traceback(None) from None
        except (MemoryError, RecursionError) as error:
            exceeded = LimitExceeded(
                "allocation_bytes", limits.allocation_bytes, "The run needs more memory than there is."
            )
            self._locate(exceeded.with_traceback(error.__traceback__))
            raise exceeded.with_traceback(None) from None
        outcome = object.__new__(Outcome)
        _set_outputs(outcome, outputs)
        _set_warnings(outcome, warnings)
        _set_statements(outcome, state.statements)
        return outcome

    def call(self, state: State, names: tuple[str, ...], /, *arguments: object) -> dict[str, object]:
        """Runs the Blueprint as part of the run of another one, which compiled code does; `names` are those
        of the arguments. The result is the object of the outputs, absent ones left out.
        """
        state.count_call()
        called = self.signature.call_identifier
        inputs = {
            name: outward(state, value, f"The input `{name}` of `{called}`")
            for name, value in zip(names, arguments, strict=True)
            if value is not ABSENT
        }
        faults = Faults(state.limits)
        values = self._read(inputs, faults)
        if len(inputs) != len(self._names) - faults.missing:
            self._unknown(inputs, faults, is_ignored=False)
        if faults.found:
            raise OperationFailed(
                f"`{called}` cannot be called with these inputs: {in_words(faults.found, more=faults.more)}."
            )
        results = self._function(state, *values)
        try:
            outputs = inward(state, self._write, results)
        except RunError as error:
            self._own(error)
            raise
        state.leave()
        return outputs

    def _unknown(self, inputs: Mapping[str, object], faults: Faults, *, is_ignored: bool) -> tuple[str, ...]:
        warnings: list[str] = []
        speller = Speller(_MOST_COMPARED)
        for name in inputs:
            if name in self._names:
                continue
            shown = name if len(name) <= 60 else name[:59] + "…"
            close = speller.nearest(name, self._names)
            hint = f" (did you mean `{close}`?)" if close else ""
            if is_ignored:
                if len(warnings) < 100:
                    warnings.append(f"The input `{shown}` is unknown and was ignored{hint}.")
            else:
                faults.add(shown, f"is not an input of this Blueprint{hint}")
        return tuple(warnings)

    def _locate(self, error: RunError) -> None:
        """Says on `error` where it happened, from its traceback: the innermost code that was running, and the
        calls that led there.
        """
        node: Node | None = None
        calls: list[Node] = []
        traceback = error.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            if frame.f_code.co_filename == FILENAME:
                node = cast("tuple[Node, ...]", frame.f_globals["nodes"])[traceback.tb_lineno]
            elif frame.f_code is Program.call.__code__ and node is not None:
                calls.append(node)
            traceback = traceback.tb_next
        if error.node is not None:
            self._own(error)
        else:
            error.node = node
            if calls and calls[-1] is node:
                calls.pop()  # It happened in the call itself, before the callee began.
        error.calls = tuple(calls)

    def _own(self, error: RunError) -> None:
        """Gives an output's node, which the boundary names, the Blueprint that it is in."""
        if error.node is not None and not error.node.blueprint:
            error.node = replace(error.node, blueprint=self.signature.call_identifier)


def compile_program(document: ast.Document) -> Program:
    """Compiles a document that `analyze` found no errors in. Raises ValueError where there are errors."""
    if document.signature is None or not document.is_sound:
        raise ValueError("The document has errors; only one without can be compiled.")
    return Program(document, document.signature)
