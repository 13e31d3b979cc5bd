"""A compiled Blueprint."""

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from time import perf_counter_ns
from typing import NamedTuple, cast

from leapter.veritas import ast
from leapter.veritas.analysis import analyze
from leapter.veritas.boundary import Faults
from leapter.veritas.compile import FILENAME, Code, compile_document
from leapter.veritas.compile_traced import compile_traced
from leapter.veritas.crossing import inward, outward
from leapter.veritas.entry import reader_of, writer_of
from leapter.veritas.errors import Fault, InputError, LimitExceeded, Node, OperationFailed, RunError, in_words
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.recorder import TracedState
from leapter.veritas.signature import Signature
from leapter.veritas.state import BYTES_PER_ELEMENT, State
from leapter.veritas.trace import Mark, Trace
from leapter.veritas.values import ABSENT

_compiling = Lock()
_new_outcome = tuple.__new__


class Outcome(NamedTuple):
    """What a run gave: `outputs` is ready for JSON; `warnings` names inputs that were ignored; `trace` is
    there where one was asked for.
    """

    # A tuple, since a frozen dataclass takes six times as long to make: a tenth of a small run.
    outputs: dict[str, object]
    warnings: tuple[str, ...]
    statements: int
    trace: Trace | None


class Program:
    """A Blueprint that can run. It holds nothing of a run, so several threads may run it at once.

    `calls` are the call identifiers of the other Blueprints that it calls. They are not part of it: each run
    is given them.
    """

    __slots__ = (
        "_function",
        "_names",
        "_read",
        "_source",
        "_traced",
        "_write",
        "calls",
        "model_id",
        "signature",
    )

    def __init__(self, document: ast.Document, signature: Signature, model_id: str) -> None:
        compiled = compile_document(document)
        self.signature = signature
        self.model_id = model_id
        self._source = (document.source.text, document.environment)
        self._traced: Code | None = None
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
        trace: bool = False,
    ) -> Outcome:
        """Runs the Blueprint on `inputs`, JSON values by the names of the inputs; they are never changed.

        `library` has, by call identifier, the Blueprints that this one and those that it calls may call. All
        of them together keep within `limits`. With `trace`, the outcome has the run's trace, or else the
        error has it, unless that is an InputError; nothing else differs.

        Raises InputError with all faults of the inputs, BlueprintThrown, LimitExceeded or OperationFailed.
        """
        faults = Faults(limits)
        values = self._read(inputs, faults)
        warnings: tuple[str, ...] = ()
        if len(inputs) != len(self._names) - faults.missing:
            warnings = self._unknown(inputs, faults, is_ignored=ignore_unknown_inputs)
        if faults.found:
            raise InputError(faults.found, more=faults.more)
        function = self._function
        state: State
        if trace:
            function, state = self._traced_code(library or {}), TracedState(limits)
        else:
            state = State(limits)
        if library is not None:
            state.library = library
        try:
            results = function(state, *values)
            if state.statements > limits.statements:
                state.statements_exceeded()
            if state.allocated > state.measure_at:
                state.measure(results)
            outputs = self._write(state, results)
        except RunError as error:
            untold = self._locate(error)
            if trace:
                error.trace = cast(TracedState, state).failed(error, untold)
            # The traceback holds every value of the run; it goes, so that memory does.
            raise error.with_traceback(None) from None
        except (MemoryError, RecursionError) as error:
            exceeded = LimitExceeded(
                "allocation_bytes", limits.allocation_bytes, "The run needs more memory than there is."
            )
            untold = self._locate(exceeded.with_traceback(error.__traceback__))
            if trace:
                exceeded.trace = cast(TracedState, state).failed(exceeded, untold)
            raise exceeded.with_traceback(None) from None
        told = cast(TracedState, state).ended() if trace else None
        return _new_outcome(Outcome, (outputs, warnings, state.statements, told))

    def faults(self, inputs: Mapping[str, object], *, limits: Limits = DEFAULT_LIMITS) -> tuple[Fault, ...]:
        """What `run` would say of inputs that do not fit, unknown ones aside: the first 100. Nothing runs."""
        faults = Faults(limits)
        self._read(inputs, faults)
        return faults.found

    def _traced_code(self, library: Mapping[str, "Program"]) -> Code:
        """The code that records. It is compiled here, with that of all that can be called, and not within
        the time of a run.
        """
        if self._traced is not None and not self.calls:
            return self._traced
        pending, seen = [self], {self}
        while pending:
            program = pending.pop()
            program._compile_traced()
            called = {library[identifier] for identifier in program.calls if identifier in library}
            pending += called - seen
            seen |= called
        return cast(Code, self._traced)

    def _compile_traced(self) -> None:
        with _compiling:
            if self._traced is None:
                # The tree takes 40 times the room of the source, and few programs are ever traced.
                document = cast(ast.Document, analyze(*self._source).document)
                compiled = compile_traced(document, self.model_id)
                compiled.names["own"] = self
                self._traced = compiled.function

    def call(self, state: State, names: tuple[str, ...], /, *arguments: object) -> dict[str, object]:
        """Runs the Blueprint as part of the run of another one, which compiled code does; `names` are those
        of the arguments. The result is the object of the outputs, absent ones left out.
        """
        state.count_call()
        account = state.account()
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
        if faults.default_bytes:
            # Of a million calls, each may make the same long list once more.
            state.allocate(faults.default_bytes)
            state.work(faults.default_bytes // BYTES_PER_ELEMENT)
        function = cast(Code, self._traced) if state.is_traced else self._function
        state.begin_callee()
        results = function(state, *values)
        if state.allocated > state.measure_at:
            state.measure(results)
        try:
            outputs, size = inward(state, self._write, results)
        except RunError as error:
            self._own(error)
            raise
        state.end_callee(account, size)
        return outputs

    def call_traced(
        self, state: TracedState, mark: Mark, names: tuple[str, ...], /, *arguments: object
    ) -> dict[str, object]:
        """`call` by code that records."""
        state.record((mark, perf_counter_ns()))
        return self.call(state, names, *arguments)

    def _unknown(self, inputs: Mapping[str, object], faults: Faults, *, is_ignored: bool) -> tuple[str, ...]:
        warnings: list[str] = []
        for name in inputs:
            if name in self._names:
                continue
            shown = name if len(name) <= 60 else name[:59] + "…"
            close = faults.nearest(name, self._names)
            hint = f" (did you mean `{close}`?)" if close else ""
            if is_ignored:
                if len(warnings) < 100:
                    warnings.append(f"The input `{shown}` is unknown and was ignored{hint}.")
            else:
                faults.add(shown, f"is not an input of this Blueprint{hint}")
        return tuple(warnings)

    def _locate(self, error: RunError) -> Mapping[str, tuple[str, ...]]:
        """Says on `error` where it happened, from its traceback: the innermost code that was running, and the
        calls that led there. Returns what that code does not record; see `TracedState.failed`.
        """
        names: Mapping[str, object] = {}
        node: Node | None = None
        calls: list[Node] = []
        traceback = error.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            if frame.f_code.co_filename == FILENAME:
                names = frame.f_globals
                node = cast("tuple[Node, ...]", names["nodes"])[traceback.tb_lineno]
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
        return cast("Mapping[str, tuple[str, ...]]", names.get("untold", {}))

    def _own(self, error: RunError) -> None:
        """Gives an output's node, which the boundary names, the Blueprint that it is in."""
        if error.node is not None and not error.node.blueprint:
            error.node = replace(error.node, blueprint=self.signature.call_identifier)


def compile_program(document: ast.Document, *, model_id: str = "") -> Program:
    """Compiles a document that `analyze` found no errors in; `model_id` stands in the events of its traces.

    Raises ValueError where there are errors.
    """
    if document.signature is None or not document.is_sound:
        raise ValueError("The document has errors; only one without can be compiled.")
    return Program(document, document.signature, model_id)
