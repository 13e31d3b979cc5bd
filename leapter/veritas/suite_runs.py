"""Runs of test suites: which cases pass, and where the others differ."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final, Literal, Protocol, final

from leapter.veritas.errors import LimitExceeded, Node, RunError
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.paths import member_path
from leapter.veritas.program import Outcome
from leapter.veritas.signature import Signature
from leapter.veritas.spelling import nearest
from leapter.veritas.suites import Case, Suite

# All cases of one Blueprint together: whoever saves a revision waits for them.
SUITES_WALL_TIME_S = 10.0
MAX_DIFFERENCES = 50
_MAX_SHOWN_CHARACTERS = 2_000

Status = Literal["passed", "failed", "error"]


@final
class LeftOut:
    """What stands for a value that is not there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "left out"


LEFT_OUT: Final = LeftOut()


class Runnable(Protocol):
    """A Program, alone or with those that it calls."""

    @property
    def signature(self) -> Signature:
        """That of the Blueprint."""

    def run(self, inputs: Mapping[str, object], *, limits: Limits, ignore_unknown_inputs: bool) -> Outcome:
        """As `Program.run` does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One place where the answer is not the expected one, as in `items[3].price`.

    `expected` and `actual` are JSON values or LEFT_OUT; in place of a value whose JSON text is longer than
    2,000 characters stands the beginning of that text.
    """

    path: str
    expected: object
    actual: object

    def to_json(self) -> dict[str, Any]:
        """`path`, `expected` and `actual`; a value that is not there is left out."""
        shown = {"path": self.path, "expected": self.expected, "actual": self.actual}
        return {name: value for name, value in shown.items() if value is not LEFT_OUT}


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """`message` is a sentence, "" where the case passed; `differences` are the first MAX_DIFFERENCES; `node`
    is where the run ended with an error.
    """

    case: Case
    status: Status
    message: str = ""
    differences: tuple[Difference, ...] = ()
    node: Node | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": self.case.id,
            "label": self.case.label,
            "group": self.case.group,
            "status": self.status,
        }
        if self.status != "passed":
            data["message"] = self.message
            data["differences"] = [difference.to_json() for difference in self.differences]
        if self.node is not None:
            data["node"] = asdict(self.node)
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteResult:
    """A suite with what its cases said, in their order."""

    suite: Suite
    results: tuple[CaseResult, ...]

    @property
    def is_green(self) -> bool:
        """Whether all of the suite could be read, and every case passed."""
        return not self.suite.has_errors and all(result.status == "passed" for result in self.results)


def run_suites(
    program: Runnable,
    suites: Sequence[Suite],
    *,
    limits: Limits = DEFAULT_LIMITS,
    ignore_unknown_inputs: bool = False,
    wall_time_s: float = SUITES_WALL_TIME_S,
) -> tuple[SuiteResult, ...]:
    """Runs every case of the suites. Together they may take `wall_time_s`: a case that is cut off by that,
    and each one after it, is an error that says so.
    """
    ends_at = time.monotonic() + wall_time_s
    names = [output.name for output in program.signature.outputs]

    def results(suite: Suite) -> Iterator[CaseResult]:
        for case in suite.cases:
            left = ends_at - time.monotonic()
            if left <= 0:
                yield _cut_off(case, wall_time_s)
                continue
            run = partial(
                program.run,
                case.inputs,
                limits=replace(limits, wall_time_s=min(limits.wall_time_s, left)),
                ignore_unknown_inputs=ignore_unknown_inputs,
            )
            yield _judge(case, run, names, is_cut=left < limits.wall_time_s, wall_time_s=wall_time_s)

    return tuple(SuiteResult(suite=suite, results=tuple(results(suite))) for suite in suites)


def _judge(
    case: Case, run: Callable[[], Outcome], names: Sequence[str], *, is_cut: bool, wall_time_s: float
) -> CaseResult:
    """`names` are those of the outputs."""
    try:
        outputs = run().outputs
    except RunError as error:
        # The clock of the whole is no answer of the Blueprint, also where an error is expected.
        if is_cut and isinstance(error, LimitExceeded) and error.limit == "wall_time_s":
            return _cut_off(case, wall_time_s)
        return _judge_error(case, error)
    if case.expects_error:
        detail = case.expected.get("detail")
        wanted = f": {detail}" if detail else "."
        return CaseResult(
            case=case, status="error", message=f"The run ended well, where an error is expected{wanted}"
        )
    differences = tuple(_first(_differences(case.expected, outputs, names)))
    if not differences:
        return CaseResult(case=case, status="passed")
    count = len(differences)
    if count == MAX_DIFFERENCES:
        message = f"{count} values or more differ."
    else:
        message = "1 value differs." if count == 1 else f"{count} values differ."
    unknown = next((name for name in case.expected if name not in names), None)
    if unknown is not None:
        message = f"{message} {_no_output(unknown, names)}"
    return CaseResult(case=case, status="failed", message=message, differences=differences)


def _cut_off(case: Case, wall_time_s: float) -> CaseResult:
    return CaseResult(
        case=case,
        status="error",
        message=f"The tests of this Blueprint may take {wall_time_s:g} seconds together; this case did not "
        "end within them.",
    )


def _judge_error(case: Case, error: RunError) -> CaseResult:
    if not case.expects_error:
        return CaseResult(
            case=case,
            status="error",
            message=f"The run ended with an error: {error.message}",
            node=error.node,
        )
    detail = case.expected.get("detail")
    if detail is None or detail == error.message:
        return CaseResult(case=case, status="passed")
    return CaseResult(
        case=case,
        status="error",
        message="The run ended with another error than the expected one.",
        differences=(Difference(path="detail", expected=_shown(detail), actual=_shown(error.message)),),
        node=error.node,
    )


def _first(differences: Iterator[Difference]) -> Iterator[Difference]:
    for _, difference in zip(range(MAX_DIFFERENCES), differences, strict=False):
        yield difference


def _no_output(name: str, names: Sequence[str]) -> str:
    close = nearest(name, names)
    hint = f"; did you mean `{close}`?" if close else "."
    return f"`{_shown(name)}` is no output of this Blueprint{hint}"


def _differences(
    expected: Mapping[str, object], outputs: Mapping[str, object], names: Sequence[str]
) -> Iterator[Difference]:
    """What differs in the outputs that are expected; the others do not matter.

    An expected null is met by an output that is left out too: JSON has no other word for absent. What is no
    output at all meets nothing.
    """
    for name, wanted in expected.items():
        actual = outputs.get(name, LEFT_OUT)
        if not (wanted is None and actual is LEFT_OUT and name in names):
            yield from _compare(name, wanted, actual)


def _compare(path: str, expected: object, actual: object) -> Iterator[Difference]:
    """Both are JSON values, nested no deeper than the run boundary and the reader of suites let in."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in [*expected, *(name for name in actual if name not in expected)]:
            yield from _compare(
                member_path(path, name), expected.get(name, LEFT_OUT), actual.get(name, LEFT_OUT)
            )
    elif isinstance(expected, list) and isinstance(actual, list):
        for position in range(max(len(expected), len(actual))):
            yield from _compare(
                f"{path}[{position}]",
                expected[position] if position < len(expected) else LEFT_OUT,
                actual[position] if position < len(actual) else LEFT_OUT,
            )
    elif not _is_same(expected, actual):
        yield Difference(path=path, expected=_shown(expected), actual=_shown(actual))


def _is_same(expected: object, actual: object) -> bool:
    if _is_number(expected) and _is_number(actual):
        return float(expected) == float(actual)  # type: ignore[arg-type]  # `_is_number` says so
    return type(expected) is type(actual) and expected == actual


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> object:
    if value is LEFT_OUT:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[:_MAX_SHOWN_CHARACTERS]}…"
