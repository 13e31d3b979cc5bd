"""The runs endpoint and what stands beside it: every route here asks for a key, and for nothing else."""

import flask
from flask import Response, g
from flask.globals import request_ctx

from leapter.runtime import openapi_documents, stored
from leapter.runtime.access import Grant
from leapter.runtime.answers import WholeAnswer
from leapter.runtime.calls import Call, What, begin
from leapter.runtime.problems import answer, to_json
from leapter.runtime.requests import check_accepts_json, read_inputs, read_secret, read_trace
from leapter.runtime.running import in_force, named, run, take_allowance
from leapter.web.headers import MACHINE_HEADERS
from leapter.web.urls import splittable_base_url

_PROJECT = "/runtime/api/v1/<appspace>/<project>"
_HEADERS = (("Content-Type", "application/json"), *MACHINE_HEADERS)

# What notes call the routes of this module.
_PARTS: dict[str | None, What] = {
    "runtime.create_run": "run",
    "runtime.list_models": "models",
    "runtime.get_model": "models",
    "runtime.get_run": "stored_run",
    "runtime.get_openapi": "openapi",
}

api = flask.Blueprint("runtime", __name__)


@api.before_request
def authorize() -> None:
    """Let the request pass if its key may call the project in the address; put the grant on `g`."""
    received = request_ctx.request  # the request itself: each look through the proxy takes half a microsecond
    call = begin(received, _PARTS[received.endpoint])
    address = received.view_args or {}
    grant = call.runtime.access.authorize(
        read_secret(received),
        appspace=address["appspace"],
        project=address["project"],
        blueprint=address.get("blueprint", ""),
    )
    call.comes_with(grant.key_id)
    g.grant = grant
    check_accepts_json(received)


@api.post(f"{_PROJECT}/models/<blueprint>/runs", provide_automatic_options=False)
def create_run(appspace: str, project: str, blueprint: str) -> Response:
    """Run a Blueprint with the inputs in the body."""
    grant: Grant = g.grant
    call: Call = g.call
    called = named(grant, blueprint)
    take_allowance(call, grant.key_id)
    is_traced = read_trace(request_ctx.request)
    inputs, size = read_inputs(request_ctx.request)
    ended = run(call, grant, called, inputs, size=size, via="rest", trace=is_traced)
    if ended.error is not None:
        return answer(ended.error, run_id=ended.run_id)
    body = b'{"outputData":' + ended.outputs
    if ended.warnings:
        body += b',"warnings":' + to_json(ended.warnings)
    if ended.trace is not None:
        body += b',"traceData":' + ended.trace
    return WholeAnswer(body + b"}", 200, [*_HEADERS, ("X-Run-Id", ended.run_id), *call.echoed])


@api.get(f"{_PROJECT}/models", provide_automatic_options=False)
def list_models(appspace: str, project: str) -> Response:
    """Describe the Blueprints of a project that can run."""
    return _json(stored.models(g.grant.project_id, g.grant.release))


@api.get(f"{_PROJECT}/models/<blueprint>", provide_automatic_options=False)
def get_model(appspace: str, project: str, blueprint: str) -> Response:
    """Describe one Blueprint, with its syntax tree."""
    grant: Grant = g.grant
    called = named(grant, blueprint)
    return _json(stored.model(grant.project_id, grant.release, called.id, in_force(called)[0]))


@api.get(f"{_PROJECT}/openapi", provide_automatic_options=False)
def get_openapi(appspace: str, project: str) -> Response:
    """Describe all Blueprints of a project that can run, as an OpenAPI document."""
    call: Call = g.call
    document = openapi_documents.get(g.grant, splittable_base_url())
    call.note()
    headers = [("ETag", f'"{document.etag}"'), *call.echoed]
    if request_ctx.request.if_none_match.contains_weak(document.etag):
        return Response(b"", 304, [*MACHINE_HEADERS, *headers])
    return Response(document.body, 200, [*_HEADERS, *headers])


@api.get(f"{_PROJECT}/runs/<run_id>", provide_automatic_options=False)
def get_run(appspace: str, project: str, run_id: str) -> Response:
    """Describe a stored run."""
    return _json(stored.run(g.grant.project_id, run_id))


def _json(value: object) -> Response:
    call: Call = g.call
    call.note()
    return Response(to_json(value), 200, [*_HEADERS, *call.echoed])
