"""Errors as problem documents (RFC 9457): one table says what each becomes."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response, g, has_request_context, request
from sqlalchemy.exc import InterfaceError, OperationalError
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from leapter import veritas
from leapter.api_keys import keys
from leapter.blueprints import run_errors
from leapter.blueprints.programs import CannotRunError
from leapter.errors import LeapterError, NotFoundError
from leapter.runtime import access
from leapter.runtime.addresses import holds_key
from leapter.runtime.connections import DatabaseUnavailableError
from leapter.runtime.header_texts import correlation_header, read_correlation_id
from leapter.runtime.health import NotReadyError
from leapter.runtime.limits import RateLimitedError
from leapter.runtime.problem_kinds import KINDS
from leapter.runtime.state import current_runtime
from leapter.runtime.stream_store import NoSuchStreamError, StreamUnavailableError
from leapter.web.headers import MACHINE_HEADERS, is_machine_path
from leapter.web.times import exact
from leapter.web.urls import InvalidHostError, public_url

log = get_logger("leapter.runtime")

PROBLEM_TYPE = "application/problem+json"

_DATABASE_RETRY_S = 5
_STREAM_RETRY_S = 5
_MAX_ECHO_CHARACTERS = 100
_MAX_MESSAGE_CHARACTERS = 300


class NoSuchBlueprintError(LeapterError):
    """The project has no Blueprint of this id, slug or call identifier."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NoSuchRunError(LeapterError):
    """No run of this id is stored."""


class BlueprintNotInForceError(LeapterError):
    """The Blueprint has no revision that can run.

    Args:
        findings: what the checker said of the newest revision, in the order of the source.
    """

    def __init__(self, label: str, findings: tuple[veritas.Finding, ...] = ()) -> None:
        super().__init__(label)
        self.label = label
        self.findings = findings


class ContentEncodingError(LeapterError):
    """The request's body is encoded, as the header Content-Encoding says."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


class MalformedBearerError(access.MalformedApiKeyError):
    """What the header Authorization carries after `Bearer` is no key."""


class UnmarkedBearerError(access.MalformedApiKeyError):
    """The header Authorization carries a key without `Bearer` before it."""


class RepeatedApiKeyError(access.MalformedApiKeyError):
    """The header X-API-Key was sent several times, with different values."""


class OriginNotAllowedError(LeapterError):
    """The call comes from a page of a web site that may not call this server."""

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.origin = origin


class QueryError(LeapterError):
    """A parameter in the address cannot be used; `detail` is the sentence for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class MalformedBodyKeyError(access.MalformedApiKeyError):
    """Like its base, but the key stood in the member `apiKey` of the body."""


class BodyError(LeapterError):
    """The request's body cannot be used; `detail` is the sentence for the caller.

    Args:
        code: a key of `problem_kinds.KINDS`.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One answer that is an error. `errors` are (path, message) pairs of inputs; `calls` led to a `node` in
    another Blueprint than the one that was run.
    """

    code: str
    detail: str
    headers: tuple[tuple[str, str], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    node: veritas.Node | None = None
    calls: tuple[veritas.Node, ...] = ()
    trace: veritas.Trace | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.code].status


def _in_words(names: tuple[str, ...]) -> str:
    shown = [f"“{name}”" for name in names[:20]]
    if len(names) > len(shown):
        shown.append(f"{len(names) - len(shown)} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _project_not_permitted(error: access.ProjectNotPermittedError) -> Problem:
    names = error.project_names
    has = f"It has access to {_in_words(names)}." if names else "It has access to no project at present."
    return Problem(code="project_not_permitted", detail=f"This API key has no access to this project. {has}")


def echo(name: str, most: int = _MAX_ECHO_CHARACTERS) -> str:
    """Return what a caller sent in a form that may be told: cut, without control characters and keys."""
    # Part of a key is too much as well, and nobody needs control characters back.
    shown = re.sub(rf"{keys.MARK}\w*", f"{keys.MARK}…", "".join(filter(str.isprintable, name)))
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _cannot_run(blueprint: str, findings: tuple[veritas.Finding, ...]) -> Problem:
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        detail = f"{blueprint} has errors and cannot run. Its page shows them."
    else:
        # The message may quote the source, in which a key may stand by mistake.
        first = f"line {errors[0].line}: {echo(errors[0].message, _MAX_MESSAGE_CHARACTERS)}"
        detail = f"{blueprint} has 1 error and cannot run: {first}"
        if len(errors) > 1:
            detail = f"{blueprint} has {len(errors)} errors and cannot run. The first: {first}"
    return Problem(code="blueprint_has_errors", detail=detail)


def _run_error(error: veritas.RunError) -> Problem:
    return Problem(
        code=error.code,
        detail=run_errors.sentence(error),
        node=error.node,
        calls=error.calls,
        trace=error.trace,
    )


def _input_error(error: veritas.InputError) -> Problem:
    faults = tuple((fault.path, fault.message) for fault in error.faults)
    return Problem(code=error.code, detail=str(error), errors=faults)


def _rate_limited(error: RateLimitedError) -> Problem:
    allowance = error.allowance
    limit = allowance.limit
    return Problem(
        code="rate_limited",
        detail=f"This API key may run Blueprints {limit.runs} times in {limit.window_s} seconds. "
        f"Try again in {allowance.reset_s} seconds.",
        headers=(("Retry-After", str(allowance.reset_s)), *allowance.headers()),
    )


def _unavailable(error: Exception) -> Problem:
    return Problem(
        code="database_unavailable",
        detail=f"The server cannot reach its database. Try again in {_DATABASE_RETRY_S} seconds.",
        headers=(("Retry-After", str(_DATABASE_RETRY_S)),),
    )


_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "body_too_large",
    415: "unsupported_media_type",
}


def _http(error: HTTPException) -> Problem:
    status = error.code or 500
    code = _HTTP_CODES.get(status, "internal_error" if status >= 500 else "bad_request")
    detail = f"{KINDS[code].meaning} {KINDS[code].advice}"
    headers = tuple((name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After"))
    if status == 405:
        allowed = dict(headers).get("Allow", "")
        detail = method_fault(request.method, allowed)
    return Problem(code=code, detail=detail, headers=headers)


def method_fault(method: str, allowed: str) -> str:
    """What is told to who used `method` at an address that takes the `allowed` ones."""
    return f"This address does not take {method}; it takes {allowed}."


def _missing() -> Problem:
    detail = "The header X-API-Key is required: send your API key in it."
    if has_request_context():
        call = g.get("call")
        is_read = call is not None and call.what.startswith(("mcp", "sse"))
        if request.environ.get("HTTP_AUTHORIZATION", "").strip() and not is_read:
            detail += " The header Authorization, which came, is not read in this part of the API."
    return Problem(code="missing_api_key", detail=detail)


_FAULTS: dict[keys.Fault, str] = {
    "quotes": "there are quotes around it",
    "blanks": "there are blanks in it",
    "around": "there is something beside the key",
    "short": "it has {length} of {characters} characters, perhaps cut short when copied",
    "long": "it has {length} characters where a key has {characters}, perhaps copied with something else",
    "wrong": "its checksum is wrong, perhaps cut short or mistyped when copied",
    "other": "it does not begin with lpt_, perhaps cut short when copied",
}


def _malformed(where: str, error: access.MalformedApiKeyError) -> Problem:
    fault = _FAULTS[error.fault].format(length=error.length, characters=keys.CHARACTERS)
    return Problem(
        code="malformed_api_key",
        detail=f"{where} a Leapter API key: {fault}. A key is lpt_ followed by 36 letters and digits.",
    )


_TABLE: dict[type[Exception], Callable[[Any], Problem]] = {
    access.MissingApiKeyError: lambda _: _missing(),
    access.ApiKeyInUrlError: lambda _: Problem(
        code="api_key_in_url",
        detail="An API key must never stand in the address: send it in the header X-API-Key. Revoke the key "
        "that stood there and create a new one, since addresses are kept in logs.",
    ),
    access.MalformedApiKeyError: lambda error: _malformed("The header X-API-Key does not hold", error),
    MalformedBodyKeyError: lambda error: _malformed("The member apiKey of the body is not", error),
    MalformedBearerError: lambda error: _malformed(
        "The header Authorization does not hold, after “Bearer”,", error
    ),
    UnmarkedBearerError: lambda _: Problem(
        code="malformed_api_key",
        detail="The header Authorization holds the key alone: write “Bearer ” before it, or send the key in "
        "the header X-API-Key.",
    ),
    RepeatedApiKeyError: lambda _: Problem(
        code="malformed_api_key",
        detail="The header X-API-Key was sent twice, with different values: send it once, and nothing but "
        "the key in it.",
    ),
    OriginNotAllowedError: lambda error: Problem(
        code="origin_not_allowed",
        detail=f"Pages of “{echo(error.origin)}” may not call this server: its operator can add that origin "
        "to LEAPTER_MCP_ORIGINS.",
    ),
    access.UnknownApiKeyError: lambda _: Problem(
        code="unknown_api_key", detail="No such API key exists on this server."
    ),
    access.RevokedApiKeyError: lambda error: Problem(
        code="revoked_api_key", detail=f"This API key was revoked on {exact(error.revoked_at)}."
    ),
    access.ExpiredApiKeyError: lambda error: Problem(
        code="expired_api_key", detail=f"This API key expired on {exact(error.expired_at)}."
    ),
    access.ProjectNotPermittedError: _project_not_permitted,
    NoSuchBlueprintError: lambda error: Problem(
        code="blueprint_not_found",
        detail=f"There is no Blueprint “{echo(error.name)}” in this project. "
        "Name it by its id, its slug or its call identifier.",
    ),
    NoSuchRunError: lambda _: Problem(
        code="run_not_found", detail="No run of this id is stored in this project."
    ),
    # Clients of that transport look for these very words.
    NoSuchStreamError: lambda _: Problem(code="session_not_found", detail="Session not found"),
    StreamUnavailableError: lambda error: Problem(
        code="stream_unavailable",
        detail=error.detail,
        headers=(("Retry-After", str(_STREAM_RETRY_S)),),
    ),
    BlueprintNotInForceError: lambda error: _cannot_run(f"The Blueprint “{error.label}”", error.findings),
    CannotRunError: lambda error: _cannot_run("The Blueprint", error.findings),
    BodyError: lambda error: Problem(code=error.code, detail=error.detail),
    QueryError: lambda error: Problem(code="invalid_query", detail=error.detail),
    ContentEncodingError: lambda error: Problem(
        code="unsupported_content_encoding",
        detail=f"The body is encoded as “{error.encoding}”; send it as it is, without Content-Encoding.",
        headers=(("Accept-Encoding", "identity"),),
    ),
    RateLimitedError: _rate_limited,
    veritas.InputError: _input_error,
    veritas.RunError: _run_error,
    DatabaseUnavailableError: _unavailable,
    OperationalError: _unavailable,
    InterfaceError: _unavailable,
    NotReadyError: lambda _: Problem(
        code="not_ready",
        detail="The database is not at the schema of this version.",
        headers=(("Retry-After", str(_DATABASE_RETRY_S)),),
    ),
    NotFoundError: lambda error: Problem(code="not_found", detail=f"There is no such {error.kind}."),
    InvalidHostError: lambda _: Problem(
        code="bad_request", detail="The header Host holds no host name, so the request is not answered."
    ),
    HTTPException: _http,
    Exception: lambda _: Problem(
        code="internal_error",
        detail="The server met an unexpected error. Nothing about it is told here; its log has the details.",
    ),
}


def problem_of(error: Exception) -> Problem:
    """Turn any error into the problem that the nearest of its classes has in the table."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind](error)
    raise TypeError(kind)


def machine_problem(error: Exception) -> Response | None:
    """Answer `error` as a problem document if a machine-facing path was asked for, else return None."""
    if not is_machine_path(request.path):
        return None
    if isinstance(error, HTTPException) and holds_key(request.environ):
        # An address that is none of the API's may hold a key all the same, in the wrong place.
        error = access.ApiKeyInUrlError()
    return answer(error)


def report(error: Exception, *, run_id: str | None = None) -> tuple[Problem, str]:
    """Return the problem that `error` is, with an id for this answer; count it, and note it if no run was.

    What nobody foresaw goes to the log, under the ids that the caller is told.
    """
    problem = problem_of(error)
    request_id = str(uuid.uuid4())
    if problem.status >= 500 and not isinstance(error, BodyError):
        _log(error, problem, request_id=request_id, run_id=run_id)
    metrics = current_runtime().metrics
    if metrics is not None:
        metrics.problem(problem.code)
    call = g.get("call")
    if call is not None and run_id is None:
        call.refused(error, problem.code)
    return problem, request_id


def answer(
    error: Exception,
    *,
    run_id: str | None = None,
    members: Mapping[str, object] | None = None,
    mimetype: str = PROBLEM_TYPE,
) -> Response:
    """Build the response for `error`.

    What nobody foresaw goes to the log, under the ids that the caller is told. `members` stand in the
    document beside its own.
    """
    problem, request_id = report(error, run_id=run_id)
    kind = KINDS[problem.code]
    document = described(problem, base=_base_url(), request_id=request_id, run_id=run_id)
    if members is not None:
        document.update(members)
    response = Response(to_json(document), kind.status, mimetype=mimetype)
    headers = response.headers
    headers.update(MACHINE_HEADERS)
    headers["X-Request-Id"] = request_id
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'ApiKey realm="leapter"'
    if run_id is not None:
        headers["X-Run-Id"] = run_id
    call = g.get("call")
    for name, value in (*(call.echoed if call else _echoed()), *problem.headers):
        headers[name] = value
    return response


def _echoed() -> tuple[tuple[str, str], ...]:
    """What a problem echoes that no route began to answer, such as an address that there is not."""
    correlation_id = read_correlation_id(request)
    return () if correlation_id is None else (correlation_header(correlation_id),)


def _node(node: veritas.Node, *, is_own: bool) -> dict[str, Any]:
    place = {"id": node.id, "label": node.label, "line": node.line}
    return place if is_own else {**place, "blueprint": node.blueprint}


def document_of(code: str, detail: str, *, base: str, request_id: str) -> dict[str, Any]:
    """The members that every problem document has. `base` is the server's address, "" if none is known."""
    kind = KINDS[code]
    return {
        "type": f"{base}/problems/{code.replace('_', '-')}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def described(problem: Problem, *, base: str, request_id: str, run_id: str | None = None) -> dict[str, Any]:
    """The whole document of `problem`; `base` is as for `document_of`, `run_id` None if nothing was run."""
    document = document_of(problem.code, problem.detail, base=base, request_id=request_id)
    if problem.errors:
        document["errors"] = [{"path": path, "message": message} for path, message in problem.errors]
    if run_id is not None:
        document["runId"] = run_id
    if problem.node is not None:
        document["node"] = _node(problem.node, is_own=not problem.calls)
    if problem.calls:
        document["calls"] = [_node(node, is_own=False) for node in problem.calls]
    if problem.trace is not None:
        document["traceData"] = problem.trace.to_json()
    return document


def to_json(value: Any) -> bytes:
    """Write `value` as JSON, numbers as ECMAScript does.

    orjson takes 4 µs where the standard library takes 14; it refuses half a surrogate pair, which a Blueprint
    can produce, and an integer past 64 bits, which a caller can send. JSON can carry both.
    """
    try:
        return orjson.dumps(value, default=_spelled)
    except TypeError:
        return _written(value).encode("ascii")


def _spelled(value: object) -> orjson.Fragment:
    if isinstance(value, veritas.SpelledNumber):
        return orjson.Fragment(veritas.number_to_text(value))
    raise TypeError(type(value).__name__)


def _written(value: object) -> str:
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(name)}:{_written(member)}" for name, member in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_written, value)) + "]"
    return veritas.number_to_text(value) if isinstance(value, float) else json.dumps(value)


def _base_url() -> str:
    # Where nobody knows what this server is called, a relative address leads to the page all the same.
    return public_url() or ""


def _log(error: Exception, problem: Problem, **ids: str | None) -> None:
    known = {name: value for name, value in ids.items() if value is not None}
    if problem.code == "database_unavailable":
        log.error("database_unavailable", error=type(error.__cause__ or error).__name__, **known)
    elif problem.code == "stream_unavailable":
        log.warning("stream_refused", reason=problem.detail, **known)
    else:
        # The traceback goes to the log without local variables: they may hold a key.
        log.error("unexpected_error", exc_info=error, **known)
