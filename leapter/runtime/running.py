"""Runs a Blueprint for a caller, whichever way the call came in, and leaves the record."""

import time
from dataclasses import dataclass
from typing import Any, Literal

from leapter import veritas
from leapter.blueprints import programs, run_errors
from leapter.runtime import stored
from leapter.runtime.access import Grant, GrantedBlueprint
from leapter.runtime.calls import Call
from leapter.runtime.problems import BlueprintNotInForceError, NoSuchBlueprintError, problem_of, to_json
from leapter.runtime.run_ids import new_run_id
from leapter.runtime.usage import RunRecord


@dataclass(kw_only=True, slots=True)
class Ended:
    """How a run ended: without `error` it has `outputs`, the object of the outputs as JSON.

    `trace` is there, as JSON, where one was asked for and nothing failed; a failed run has it in its error.
    """

    run_id: str
    outputs: bytes = b""
    warnings: tuple[str, ...] = ()
    trace: bytes | None = None
    error: Exception | None = None


def take_allowance(call: Call, key_id: str) -> None:
    """Count one run against the limit of the key, if keys have one; the answer will tell what is left.

    Raises:
        RateLimitedError: nothing was left.
    """
    limiter = call.runtime.limiter
    if limiter is not None:
        allowance = limiter.take(key_id)
        if allowance is not None:
            call.echoed.extend(allowance.headers())


def named(grant: Grant, name: str) -> GrantedBlueprint:
    """The Blueprint that a call names by `name`.

    Raises:
        NoSuchBlueprintError: there is none.
    """
    if grant.blueprint is None:
        raise NoSuchBlueprintError(name)
    return grant.blueprint


def runnable(grant: Grant, called: GrantedBlueprint) -> tuple[int, programs.LinkedProgram]:
    """The number of the revision of `called` that runs, and its program.

    Raises:
        BlueprintNotInForceError, CannotRunError: there is nothing that could run.
    """
    revision_id, revision_number = in_force(called)
    return revision_number, programs.get(revision_id, project_id=grant.project_id, release=grant.release)


def in_force(called: GrantedBlueprint) -> tuple[str, int]:
    """The id and the number of the revision that runs.

    Raises:
        BlueprintNotInForceError: there is none.
    """
    if called.revision_id is None or called.revision_number is None:
        raise BlueprintNotInForceError(called.label, stored.newest_findings(called.id))
    return called.revision_id, called.revision_number


def run(
    call: Call,
    grant: Grant,
    called: GrantedBlueprint,
    inputs: dict[str, Any],
    *,
    size: int,
    via: Literal["rest", "mcp"],
    trace: bool = False,
) -> Ended:
    """Run the revision in force of `called`; whatever that ends in is a run, with an id and a record.

    `size` is how many bytes of JSON the inputs took.

    Raises:
        BlueprintNotInForceError, CannotRunError: there was nothing to run, so there was no run.
    """
    revision_number, linked = runnable(grant, called)
    ended = Ended(run_id=new_run_id())
    outcome: veritas.Outcome | None = None
    started_at, start = time.time(), time.perf_counter_ns()
    try:
        # Not through `linked.run`: handing options on takes a quarter of a microsecond.
        outcome = linked.program.run(
            inputs,
            ignore_unknown_inputs=grant.ignores_unknown_inputs,
            library=linked.library,
            trace=trace,
        )
        duration_us = (time.perf_counter_ns() - start) // 1000
        ended.outputs = to_json(outcome.outputs)
        ended.warnings = outcome.warnings
        if outcome.trace is not None:
            ended.trace = to_json(outcome.trace.to_json())
    except Exception as failure:
        duration_us = (time.perf_counter_ns() - start) // 1000
        ended.error = failure
    problem = None if ended.error is None else problem_of(ended.error)
    keeps_data = grant.keeps_run_data
    call.runtime.usage.record(
        RunRecord(
            id=ended.run_id,
            project_id=grant.project_id,
            blueprint_id=called.id,
            revision_number=revision_number,
            key_id=grant.key_id,
            caller=grant.key_prefix,
            via=via,
            started_at=started_at,
            duration_us=duration_us,
            status=200 if problem is None else problem.status,
            client=call.client,
            correlation_id=call.correlation_id,
            error_code=None if problem is None else problem.code,
            error_message=None
            if ended.error is None
            else _recorded(ended.error, linked, keeps_data=keeps_data),
            input_data=inputs if keeps_data else None,
            output_data=outcome.outputs if keeps_data and outcome is not None else None,
            data_bytes=size + len(ended.outputs) if keeps_data else 0,
        )
    )
    return ended


def _recorded(error: Exception, linked: programs.LinkedProgram, *, keeps_data: bool) -> str:
    if isinstance(error, veritas.RunError):
        return run_errors.recorded_message(error, linked.signature, keeps_data=keeps_data)
    return run_errors.storable(problem_of(error).detail)
