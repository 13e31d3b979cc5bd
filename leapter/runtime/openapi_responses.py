"""What an OpenAPI document says of every run alike: its parameters, headers, problems."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from flask import Request

from leapter import veritas
from leapter.config import MAX_BODY_BYTES, RateLimit
from leapter.errors import LeapterError
from leapter.runtime import access, problems
from leapter.runtime.connections import DatabaseUnavailableError
from leapter.runtime.limits import Allowance, RateLimitedError
from leapter.runtime.openapi_names import Names
from leapter.runtime.problem_kinds import KINDS
from leapter.runtime.problems import Problem, problem_of
from leapter.runtime.requests import check_accepts_json, read_inputs, read_trace

# Ids and moments of the examples: the same in every document.
_REQUEST_ID = "5b0f2c1e-7d1f-4c39-9a52-2f6f0d3f8a11"
_RUN_ID = "0199a3c4-5e6f-7a81-92b3-c4d5e6f70819"
_MOMENT = datetime(2026, 3, 31, 14, 30, tzinfo=UTC)

# By their names among the components, which are those on the wire, but for the second.
PARAMETERS: dict[str, Any] = {
    "X-Correlation-Id": {
        "name": "X-Correlation-Id",
        "in": "header",
        "description": "An id of the caller's own. It is kept with the run and sent back.",
        "schema": {"type": "string"},
        "example": "order-4711",
    },
    "trace": {
        "name": "trace",
        "in": "query",
        "description": "Whether the answer has the trace of the run beside the outputs: every step, with the "
        "variables after it.",
        "schema": {"type": "boolean", "default": False},
    },
}

HEADERS: dict[str, Any] = {
    "X-Run-Id": {
        "description": "The id of the run, under which it is stored.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "X-Request-Id": {
        "description": "The id under which the server's log has the request.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "X-Correlation-Id": {
        "description": "The correlation id that was sent, if one was.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "How many runs the key is allowed in how many seconds, where keys have a limit.",
        "schema": {"type": "string"},
        "example": '"key";q=600;w=60',
    },
    "RateLimit": {
        "description": "How many runs the key has left, and in how many seconds it gets the next, where keys "
        "have a limit.",
        "schema": {"type": "string"},
        "example": '"key";r=599;t=60',
    },
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "schema": {"type": "integer"},
        "example": 34,
    },
    "WWW-Authenticate": {
        "description": "The scheme by which to authenticate.",
        "schema": {"type": "string"},
        "example": 'ApiKey realm="leapter"',
    },
    "Allow": {
        "description": "The methods that the address takes.",
        "schema": {"type": "string"},
        "example": "POST",
    },
}

_MORE_HEADERS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    422: ("X-Run-Id", "RateLimit-Policy", "RateLimit"),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    500: ("X-Run-Id",),
    503: ("Retry-After",),
}

# By status: the name among the components, and what is said of it.
_RESPONSES: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "The body is not JSON, is no object, or the parameter `trace` is not understood."),
    401: ("Unauthorized", "The API key is missing, unknown, revoked or expired."),
    403: ("Forbidden", "The API key has no access to the project."),
    404: ("NotFound", "The project has no such Blueprint, perhaps no longer."),
    405: ("MethodNotAllowed", "A Blueprint is run by POST."),
    406: ("NotAcceptable", "The header Accept excludes JSON."),
    413: ("ContentTooLarge", "The body is larger than 1 MiB."),
    415: ("UnsupportedMediaType", "The body is not declared as JSON, or is compressed."),
    422: (
        "UnprocessableContent",
        "The inputs do not fit, the Blueprint refused or failed, reached a limit, or cannot run.",
    ),
    429: ("TooManyRequests", "The API key has used up the runs it is allowed in a certain time."),
    500: ("InternalServerError", "The server met an error of its own."),
    503: ("ServiceUnavailable", "The server cannot reach its database."),
}


def references(*names: str) -> dict[str, Any]:
    """References to header fields of HEADERS."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


class Components:
    """The schemas and responses of our own, under names that no structure of the project has.

    Args:
        names: gives out the names.
        base: the public address of the server.
    """

    def __init__(self, names: Names, *, base: str) -> None:
        self.names = names
        self._base = base
        self._problem, self._node, self._trace = (names.free(name) for name in ("Problem", "Node", "Trace"))

    def schemas(self) -> dict[str, Any]:
        """The schemas by name."""
        return {
            self._problem: self._problem_schema(),
            self._node: {
                "type": "object",
                "description": "A place in a Blueprint.",
                "required": ["id", "label", "line"],
                "properties": {
                    "id": {"type": "string", "description": "The id of the step."},
                    "label": {"type": "string", "description": "Its label; empty if it has none."},
                    "line": {"type": "integer", "minimum": 1, "description": "Its line in the source."},
                    "blueprint": {
                        "type": "string",
                        "description": "The call identifier of the Blueprint, where it is another one than "
                        "the one that was run.",
                    },
                },
            },
            self._trace: _trace_schema(),
        }

    def _problem_schema(self) -> dict[str, Any]:
        node = {"$ref": f"#/components/schemas/{self._node}"}
        return {
            "type": "object",
            "description": "An error (RFC 9457).",
            "required": ["type", "title", "status", "detail", "code", "request_id"],
            "properties": {
                "type": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "The address of a page about errors of this kind.",
                },
                "title": {"type": "string", "description": "The kind of error, in words."},
                "status": {
                    "type": "integer",
                    "minimum": 400,
                    "maximum": 599,
                    "description": "The HTTP status.",
                },
                "detail": {"type": "string", "description": "What is wrong, for a person."},
                "code": {"type": "string", "description": "The kind of error, for programs."},
                "request_id": {
                    "type": "string",
                    "format": "uuid",
                    "description": "The id under which the server's log has the request.",
                },
                "errors": {
                    "type": "array",
                    "description": "The inputs that do not fit.",
                    "items": {
                        "type": "object",
                        "required": ["path", "message"],
                        "properties": {
                            "path": {"type": "string", "description": "Where, as in `items[3].price`."},
                            "message": {"type": "string", "description": "What; it reads on from the path."},
                        },
                    },
                },
                "runId": {
                    "type": "string",
                    "format": "uuid",
                    "description": "The id of the run, where one was started.",
                },
                "node": {"allOf": [node], "description": "The step where the run ended."},
                "calls": {
                    "type": "array",
                    "description": "The calls that led to that step, where it is in a Blueprint that was "
                    "called by another; the first one first.",
                    "items": node,
                },
                "traceData": {"$ref": f"#/components/schemas/{self._trace}"},
            },
        }

    def result_schema(self, title: str, outputs: dict[str, Any]) -> dict[str, Any]:
        """The schema of what a run answers; `outputs` is that of its outputs."""
        return {
            "title": title,
            "type": "object",
            "required": ["outputData"],
            "properties": {
                "outputData": outputs,
                "warnings": {
                    "type": "array",
                    "description": "The inputs that were ignored, in sentences.",
                    "items": {"type": "string"},
                },
                "traceData": {"$ref": f"#/components/schemas/{self._trace}"},
            },
        }

    def references(self) -> dict[str, Any]:
        """References to the responses of a run that are problems, by status."""
        return {
            str(status): {"$ref": f"#/components/responses/{name}"}
            for status, (name, _) in _RESPONSES.items()
        }

    def responses(
        self, project_name: str, blueprint_id: str, refused_inputs: veritas.InputError | None
    ) -> dict[str, Any]:
        """The responses by name. What the examples speak of is real: a project, an id of a Blueprint, what
        one of them says of inputs that do not fit (None if nobody can send such).
        """
        examples: dict[int, dict[str, Any]] = {}
        for problem, run_id in _problems(project_name, blueprint_id, refused_inputs):
            value = problems.described(problem, base=self._base, request_id=_REQUEST_ID, run_id=run_id)
            summary = KINDS[problem.code].title
            examples.setdefault(problem.status, {})[problem.code] = {"summary": summary, "value": value}
        return {
            name: {
                "description": description,
                "headers": references("X-Request-Id", "X-Correlation-Id", *_MORE_HEADERS.get(status, ())),
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": f"#/components/schemas/{self._problem}"},
                        "examples": examples[status],
                    }
                },
            }
            for status, (name, description) in _RESPONSES.items()
        }


def _problems(
    project_name: str, blueprint_id: str, refused_inputs: veritas.InputError | None
) -> Iterator[tuple[Problem, str | None]]:
    """Problems that a run can be answered with, made as the server makes them, each with a run's id where
    there was a run.
    """
    allowance = Allowance(limit=RateLimit(runs=600, window_s=60), remaining=0, reset_s=34)
    of_no_run: list[Exception] = [
        _refused(read_inputs, body=b'{"weight_kg": }'),
        _refused(read_inputs, body=b"[1, 2]"),
        _refused(read_trace, QUERY_STRING="trace=perhaps"),
        access.MissingApiKeyError(),
        access.MalformedApiKeyError(fault="short", length=39),
        access.UnknownApiKeyError(),
        access.RevokedApiKeyError("", "", _MOMENT),
        access.ExpiredApiKeyError("", "", _MOMENT),
        access.ApiKeyInUrlError(),
        access.ProjectNotPermittedError("", (project_name,)),
        problems.NoSuchBlueprintError(blueprint_id),
        _refused(check_accepts_json, HTTP_ACCEPT="text/html"),
        _refused(read_inputs, CONTENT_LENGTH=str(MAX_BODY_BYTES + 1)),
        _refused(read_inputs, body=b"{}", CONTENT_TYPE="text/plain"),
        _refused(read_inputs, body=b"{}", HTTP_CONTENT_ENCODING="gzip"),
        RateLimitedError(allowance),
        DatabaseUnavailableError(),
    ]
    for error in of_no_run:
        yield problem_of(error), None
    yield Problem(code="method_not_allowed", detail=problems.method_fault("PUT", "POST")), None
    node = veritas.Node(id="C1", label="Too heavy", line=12)
    of_runs: list[Exception] = [
        veritas.BlueprintThrown("Parcels over 30 kg go by freight.", node=node),
        RuntimeError(),
    ]
    if refused_inputs is not None:
        of_runs.insert(0, refused_inputs)
    for error in of_runs:
        yield problem_of(error), _RUN_ID


def _refused(read: Callable[[Request], object], *, body: bytes = b"", **environ: str) -> LeapterError:
    """What `read` raises for a request with this body and these members of its environment."""
    declared = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), **environ}
    try:
        read(Request({"REQUEST_METHOD": "POST", "wsgi.input": BytesIO(body), **declared}))
    except LeapterError as error:
        return error
    raise AssertionError(environ)


def _trace_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "What a run did, event by event.",
        "required": ["trace", "totalDuration"],
        "properties": {
            "trace": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": [
                        "id",
                        "modelId",
                        "callDepth",
                        "nodeId",
                        "event",
                        "timestamp",
                        "duration",
                        "dataContext",
                    ],
                    "properties": {
                        "id": {"type": "string", "description": 'It counts from "1".'},
                        "modelId": {"type": "string", "description": "The id of the Blueprint."},
                        "callDepth": {"type": "integer", "minimum": 0},
                        "nodeId": {"type": "string", "description": "The id of the step."},
                        "event": {
                            "type": "string",
                            "description": "What happened: start, statement, branch, row, turn, call, "
                            "return, throw or failure.",
                        },
                        "timestamp": {"type": "string", "format": "date-time"},
                        "duration": {"type": "number", "description": "In milliseconds."},
                        "dataContext": {
                            "type": "object",
                            "description": "The variables: whole, or as a JSON Patch of those before.",
                            "required": ["type"],
                            "properties": {
                                "type": {"type": "string", "enum": ["full", "patch"]},
                                "variables": {"type": "object"},
                                "patch": {"type": "array", "items": {"type": "object"}},
                            },
                        },
                    },
                },
            },
            "totalDuration": {"type": "number", "description": "In milliseconds."},
            "truncated": {"type": "boolean", "description": "Whether events are missing at the end."},
            "omitted": {"type": "integer", "minimum": 0, "description": "How many are missing."},
        },
    }
