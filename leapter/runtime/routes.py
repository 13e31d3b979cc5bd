"""The runs endpoint and what stands beside it: every route here asks for a key, and for nothing else."""

import time
from dataclasses import dataclass

import flask
from flask import Response, g
from flask.globals import request_ctx
from structlog import get_logger

from leapter import veritas
from leapter.blueprints import programs, run_errors
from leapter.runtime import stored
from leapter.runtime.access import (
    ExpiredApiKeyError,
    Grant,
    GrantedBlueprint,
    ProjectNotPermittedError,
    RevokedApiKeyError,
)
from leapter.runtime.problems import (
    BlueprintNotInForceError,
    NoSuchBlueprintError,
    answer,
    problem_of,
    to_json,
)
from leapter.runtime.requests import (
    check_accepts_json,
    read_client,
    read_correlation_id,
    read_inputs,
    read_secret,
    read_trace,
)
from leapter.runtime.run_ids import new_run_id
from leapter.runtime.state import Runtime, current_runtime
from leapter.runtime.usage import Client, RunRecord
from leapter.web.headers import MACHINE_HEADERS

_PROJECT = "/runtime/api/v1/<appspace>/<project>"
_HEADERS = (("Content-Type", "application/json"), *MACHINE_HEADERS)

log = get_logger("leapter.runtime")

api = flask.Blueprint("runtime", __name__)


@dataclass(kw_only=True, slots=True)
class Call:
    """What is known of a call; it stands on `g`, which a hook or a view then looks at once.

    `echoed` are the header fields that the answer gets beside its own, be it a result or a problem.
    """

    runtime: Runtime
    client: Client
    correlation_id: str | None
    echoed: list[tuple[str, str]]


@api.before_request
def authorize() -> None:
    """Let the request pass if its key may call the project in the address; put the grant on `g`."""
    received = request_ctx.request  # the request itself: each look through the proxy takes half a microsecond
    runtime = current_runtime()
    client = read_client(received)
    correlation_id = read_correlation_id(received)
    call = Call(runtime=runtime, client=client, correlation_id=correlation_id, echoed=[])
    if correlation_id is not None:
        # Headers are Latin-1 to WSGI; these are the bytes of UTF-8 in that guise, as they came.
        call.echoed.append(("X-Correlation-Id", correlation_id.encode().decode("latin-1")))
    g.call = call
    address = received.view_args or {}
    try:
        grant = runtime.access.authorize(
            read_secret(received),
            appspace=address["appspace"],
            project=address["project"],
            blueprint=address.get("blueprint", ""),
        )
    except (RevokedApiKeyError, ExpiredApiKeyError) as error:
        runtime.usage.refuse(error.key_id, client)
        raise
    except ProjectNotPermittedError as error:
        runtime.usage.use(error.key_id, client)
        raise
    runtime.usage.use(grant.key_id, client)
    g.grant = grant
    check_accepts_json(received)


@api.post(f"{_PROJECT}/models/<blueprint>/runs", provide_automatic_options=False)
def create_run(appspace: str, project: str, blueprint: str) -> Response:
    """Run a Blueprint with the inputs in the body."""
    grant: Grant = g.grant
    call: Call = g.call
    called = _blueprint(grant, blueprint)
    if call.runtime.limiter is not None:
        allowance = call.runtime.limiter.take(grant.key_id)
        if allowance is not None:
            call.echoed.extend(allowance.headers())
    is_traced = read_trace(request_ctx.request)
    inputs, size = read_inputs(request_ctx.request)
    revision_id, revision_number = _in_force(called)
    linked = programs.get(revision_id, project_id=grant.project_id, release=grant.release)
    run_id = new_run_id()
    started_at, start = time.time(), time.perf_counter_ns()
    error: Exception | None = None
    outcome: veritas.Outcome | None = None
    body = b""
    try:
        # Not through `linked.run`: handing options on takes a quarter of a microsecond.
        outcome = linked.program.run(
            inputs,
            ignore_unknown_inputs=grant.ignores_unknown_inputs,
            library=linked.library,
            trace=is_traced,
        )
        duration_us = (time.perf_counter_ns() - start) // 1000
        document: dict[str, object] = {"outputData": outcome.outputs}
        if outcome.warnings:
            document["warnings"] = outcome.warnings
        body = to_json(document)
        # The trace goes out and is not recorded, so its size plays no part below.
        sent = body if outcome.trace is None else to_json(document | {"traceData": outcome.trace.to_json()})
        response = Response(sent, 200, [*_HEADERS, ("X-Run-Id", run_id), *call.echoed])
    except Exception as failure:  # whatever a run ends in, it is a run, with an id and a record
        duration_us = (time.perf_counter_ns() - start) // 1000
        error = failure
        response = answer(failure, run_id=run_id)
    keeps_data = grant.keeps_run_data
    call.runtime.usage.record(
        RunRecord(
            id=run_id,
            project_id=grant.project_id,
            blueprint_id=called.id,
            revision_number=revision_number,
            key_id=grant.key_id,
            caller=grant.key_prefix,
            started_at=started_at,
            duration_us=duration_us,
            status=response.status_code,
            client=call.client,
            correlation_id=call.correlation_id,
            error_code=None if error is None else problem_of(error).code,
            error_message=None if error is None else _recorded(error, linked, keeps_data=keeps_data),
            input_data=inputs if keeps_data else None,
            output_data=outcome.outputs if keeps_data and outcome is not None else None,
            data_bytes=size + len(body) if keeps_data else 0,
        )
    )
    return response


@api.get(f"{_PROJECT}/models", provide_automatic_options=False)
def list_models(appspace: str, project: str) -> Response:
    """Describe the Blueprints of a project that can run."""
    return _json(stored.models(g.grant.project_id, g.grant.release))


@api.get(f"{_PROJECT}/models/<blueprint>", provide_automatic_options=False)
def get_model(appspace: str, project: str, blueprint: str) -> Response:
    """Describe one Blueprint, with its syntax tree."""
    grant: Grant = g.grant
    called = _blueprint(grant, blueprint)
    return _json(stored.model(grant.project_id, grant.release, called.id, _in_force(called)[0]))


@api.get(f"{_PROJECT}/runs/<run_id>", provide_automatic_options=False)
def get_run(appspace: str, project: str, run_id: str) -> Response:
    """Describe a stored run."""
    return _json(stored.run(g.grant.project_id, run_id))


def _blueprint(grant: Grant, name: str) -> GrantedBlueprint:
    if grant.blueprint is None:
        raise NoSuchBlueprintError(name)
    return grant.blueprint


def _in_force(called: GrantedBlueprint) -> tuple[str, int]:
    if called.revision_id is None or called.revision_number is None:
        raise BlueprintNotInForceError(called.label, stored.newest_findings(called.id))
    return called.revision_id, called.revision_number


def _json(value: object) -> Response:
    return Response(to_json(value), 200, [*_HEADERS, *g.call.echoed])


def _recorded(error: Exception, linked: programs.LinkedProgram, *, keeps_data: bool) -> str:
    if isinstance(error, veritas.RunError):
        return run_errors.recorded_message(error, linked.signature, keeps_data=keeps_data)
    return run_errors.storable(problem_of(error).detail)
