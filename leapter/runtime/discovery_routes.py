"""What clients ask before any project is chosen: whether a key works, and what it may call.

A key comes in the header X-API-Key, or as the member `apiKey` of a JSON body. "Is this key valid?" is asked
about the one in the body, and about the one in the header where the body has none. Everywhere else the header
authenticates, and the body does where there is no header.
"""

from typing import Any

import flask
from flask import Request, Response
from flask.globals import request_ctx

from leapter import veritas
from leapter.errors import LeapterError
from leapter.runtime.access import Holder, MalformedApiKeyError
from leapter.runtime.calls import Call, What, begin
from leapter.runtime.problems import MalformedBodyKeyError, answer, problem_of, to_json
from leapter.runtime.requests import check_accepts_json, read_inputs, read_secret
from leapter.web.headers import MACHINE_HEADERS
from leapter.web.urls import splittable_base_url, splittable_label

_HEADERS = (("Content-Type", "application/json"), *MACHINE_HEADERS)

discovery = flask.Blueprint("runtime_discovery", __name__)


@discovery.post("/api/api-keys/validate", provide_automatic_options=False)
def validate_key() -> Response:
    """Say whether a key is valid, what it is called, and which projects it may call."""
    received = request_ctx.request
    call = begin(received, "validate")
    try:
        in_header = read_secret(received)
        in_body = _read_body_key(received)
        holder = _identify(call, in_header="" if in_body else in_header, in_body=in_body)
    except LeapterError as error:
        if problem_of(error).status != 401:
            raise
        return answer(error, members={"valid": False})
    check_accepts_json(received)
    expires_at = holder.expires_at
    return _json(
        call,
        {
            "valid": True,
            "keyId": holder.key_id,
            "name": holder.key_name,
            "prefix": holder.key_prefix,
            "accountId": holder.appspace_id,
            "projects": [
                {"projectId": project_id, "projectName": splittable_label(name)}
                for project_id, name in holder.projects
            ],
            "expiresAt": None if expires_at is None else expires_at.isoformat().replace("+00:00", "Z"),
        },
    )


@discovery.route("/api/v1/n8n/projects", methods=["GET", "POST"], provide_automatic_options=False)
@discovery.route("/api/n8n/projects", methods=["GET", "POST"], provide_automatic_options=False)
def list_projects() -> Response:
    """List the projects of a key, each with its OpenAPI document and where its Blueprints are shown."""
    call, holder = _begin_as_holder(request_ctx.request, "projects")
    base = splittable_base_url()
    return _json(
        call,
        {
            "accountId": holder.appspace_id,
            "projects": [
                {
                    "projectId": project_id,
                    "projectName": splittable_label(name),
                    "specUrl": f"{base}/runtime/api/v1/{holder.appspace_id}/{project_id}/openapi",
                    "editorBaseUrl": f"{base}/projects/{project_id}/blueprints",
                }
                for project_id, name in holder.projects
            ],
        },
    )


@discovery.post("/api/v1/cli/connect", provide_automatic_options=False)
def connect() -> Response:
    """Tell a client that has nothing but a key where everything else is."""
    call, holder = _begin_as_holder(request_ctx.request, "connect")
    return _json(
        call,
        {
            "appspace": holder.appspace_id,
            "projects": [
                {"projectId": project_id, "label": splittable_label(name)}
                for project_id, name in holder.projects
            ],
            "endpoints": {"runtime": f"{splittable_base_url()}/runtime"},
        },
    )


def _begin_as_holder(received: Request, what: What) -> tuple[Call, Holder]:
    """Begin a call that the header authenticates, or else the body.

    Raises:
        LeapterError: the key is refused, or the body cannot be used; the key first, where the header has one.
    """
    call = begin(received, what)
    in_header = read_secret(received)
    if in_header:
        holder = _identify(call, in_header=in_header)
        _read_body_key(received)
    else:
        holder = _identify(call, in_body=_read_body_key(received))
    check_accepts_json(received)
    return call, holder


def _identify(call: Call, *, in_header: str = "", in_body: str = "") -> Holder:
    try:
        holder = call.runtime.access.identify(in_header or in_body)
    except MalformedApiKeyError as error:
        if in_header:
            raise
        raise MalformedBodyKeyError(error.prefix, error.fault, error.length) from None
    call.comes_with(holder.key_id)
    return holder


def _read_body_key(received: Request) -> str:
    """The member `apiKey` of the body, "" if there is none; what else the body has is not looked at.

    Raises:
        BodyError, ContentEncodingError: as for the inputs of a run.
        InputError: the member is no text.
    """
    if received.method != "POST":
        return ""
    members, _ = read_inputs(received)
    found: Any = members.get("apiKey")
    if found is None:
        return ""
    if not isinstance(found, str):
        raise veritas.InputError((veritas.Fault(path="apiKey", message="must be a text"),))
    return found.strip()


def _json(call: Call, document: dict[str, Any]) -> Response:
    call.note()
    return Response(to_json(document), 200, [*_HEADERS, *call.echoed])
