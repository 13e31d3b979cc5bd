"""A compiled Blueprint."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

from leapter.veritas import ast
from leapter.veritas.boundary import Faults, default_value, input_converter, output_value
from leapter.veritas.check import check
from leapter.veritas.compile import FILENAME, compile_document
from leapter.veritas.errors import InputError, LimitExceeded, Node, RunError
from leapter.veritas.findings import Findings
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.signature import Signature
from leapter.veritas.spelling import nearest
from leapter.veritas.state import State
from leapter.veritas.values import ABSENT


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a run gave: `outputs` is ready for JSON; `warnings` names inputs that were ignored."""

    outputs: dict[str, object]
    warnings: tuple[str, ...]
    statements: int


class Program:
    """A Blueprint that can run. It holds nothing of a run, so several threads may run it at once."""

    __slots__ = ("_function", "_inputs", "_names", "_nodes", "_outputs", "signature")

    def __init__(self, document: ast.Document, signature: Signature) -> None:
        compiled = compile_document(document)
        self.signature = signature
        self._function = compiled.function
        self._nodes = compiled.nodes
        self._inputs = tuple(
            (parameter.name, input_converter(parameter), parameter) for parameter in signature.inputs
        )
        self._names = frozenset(parameter.name for parameter in signature.inputs)
        self._outputs = signature.outputs

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
        values: list[object] = []
        present = 0
        for name, convert, parameter in self._inputs:
            if name in inputs:
                present += 1
                values.append(convert(inputs[name], name, faults))
            elif parameter.required:
                faults.add(name, "is required")
            else:
                values.append(default_value(parameter.default))
        warnings: tuple[str, ...] = ()
        if present != len(inputs):
            warnings = self._unknown(inputs, faults, ignore_unknown_inputs)
        if faults.found:
            raise InputError(tuple(faults.found), more=faults.more)
        state = State(limits)
        try:
            results = self._function(state, *values)
            if state.statements > limits.statements:
                state.statements_exceeded()
            outputs = {
                output.name: output_value(state, result, output)
                for output, result in zip(self._outputs, results, strict=True)
                if result is not ABSENT
            }
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
        return Outcome(outputs=outputs, warnings=warnings, statements=state.statements)

    def _unknown(self, inputs: Mapping[str, object], faults: Faults, is_ignored: bool) -> tuple[str, ...]:
        warnings: list[str] = []
        for name in inputs:
            if name in self._names:
                continue
            shown = name if len(name) <= 60 else name[:59] + "…"
            close = nearest(name, self._names)
            hint = f"; did you mean `{close}`?" if close else ""
            if is_ignored:
                if len(warnings) < 100:
                    warnings.append(f"The input `{shown}` is unknown and was ignored{hint or '.'}")
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
    findings = Findings(document.source)
    signature = check(document, findings)
    if signature is None or findings.has_errors:
        raise ValueError("The document has errors; only one without can be compiled.")
    return Program(document, signature)
