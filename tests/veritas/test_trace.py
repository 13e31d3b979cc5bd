"""What a trace tells of a run, and that telling it changes nothing."""

import json
from dataclasses import replace
from typing import Any

import pytest

from leapter.veritas import (
    DEFAULT_LIMITS,
    BlueprintThrown,
    InputError,
    Outcome,
    Program,
    RunError,
)
from tests.veritas.runner import Case, load_cases, run_case
from tests.veritas.traces import documents, watched

RUNNING = [case for case in load_cases() if {"outputs", "out", "error"} & case.data.keys()]

run_once = Program.run


def both(self: Program, inputs: dict[str, Any], **options: Any) -> Outcome:
    """Runs without and with a trace, and compares everything that there is to compare."""
    results: list[Outcome | RunError] = []
    limits = options.get("limits", DEFAULT_LIMITS)
    if limits.wall_time_s == DEFAULT_LIMITS.wall_time_s:
        options["limits"] = replace(limits, wall_time_s=60)  # watching a million statements takes long
    told: dict[str, Any] | None = None
    with pytest.MonkeyPatch.context() as patches, watched(patches) as seen:
        for traced in (False, True):
            try:
                results.append(run_once(self, inputs, **options, trace=traced))
            except RunError as error:
                results.append(error)
    plain, recorded = results
    assert plain.trace is None
    if isinstance(recorded, RunError):
        assert isinstance(plain, RunError)
        assert (type(recorded), recorded.args) == (type(plain), plain.args)
        assert (recorded.node, recorded.calls) == (plain.node, plain.calls)
    else:
        assert isinstance(plain, Outcome)
        assert json.dumps(recorded.outputs) == json.dumps(plain.outputs)
        assert (recorded.warnings, recorded.statements) == (plain.warnings, plain.statements)
    assert (recorded.trace is None) == isinstance(recorded, InputError)
    if recorded.trace is not None:
        told = recorded.trace.to_json()
        for number, (told_there, seen_there) in enumerate(zip(documents(told), seen, strict=False)):
            assert seen_there in (None, told_there), number
        assert len(told["trace"]) + told.get("omitted", 0) == len(seen)
    if isinstance(recorded, RunError):
        if told is not None and "omitted" not in told:
            last = told["trace"][-1]
            assert last["nodeId"] == (recorded.node.id if recorded.node else told["trace"][0]["nodeId"])
            assert last["event"] == ("throw" if isinstance(recorded, BlueprintThrown) else "failure")
        raise recorded
    return recorded


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in RUNNING])
def test_a_trace_changes_no_result_and_tells_the_variables(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Program, "run", both)
    run_case(case)
