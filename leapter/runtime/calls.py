"""What is known of a call of the machine-facing API while it is answered, and the note that it leaves."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from flask import Request, Response, g, request
from werkzeug.exceptions import HTTPException

from leapter.api_keys import keys
from leapter.runtime import problems
from leapter.runtime.access import (
    ApiKeyInUrlError,
    ExpiredApiKeyError,
    MalformedApiKeyError,
    MissingApiKeyError,
    ProjectNotPermittedError,
    RevokedApiKeyError,
    UnknownApiKeyError,
)
from leapter.runtime.header_texts import correlation_header, read_correlation_id
from leapter.runtime.notes import Client, Kind
from leapter.runtime.problem_kinds import KINDS
from leapter.runtime.requests import read_bearer, read_client
from leapter.runtime.state import Runtime, current_runtime

What = Literal[
    "run",
    "models",
    "stored_run",
    "openapi",
    "mcp",
    "mcp_hello",
    "mcp_discover",
    "mcp_tools",
    "mcp_call",
    "sse",
    "validate",
    "projects",
    "connect",
    "address",
]

# Where the ends of addresses tell what was wanted by who used the wrong method.
_ENDS: tuple[tuple[str, What], ...] = (("/runs", "run"), ("/mcp", "mcp"))


@dataclass(kw_only=True, slots=True)
class Call:
    """It stands on `g`, which a hook or a view then looks at once.

    Every call that came with a key of this server leaves a note: a run its record, any other call what was
    asked and how that ended. `echoed` are the header fields that the answer gets beside its own, be it a
    result or a problem; `key_id` is "" until the key is known; `is_noted` says that there is a note.
    """

    runtime: Runtime
    received: Request
    what: What
    client: Client
    correlation_id: str | None
    echoed: list[tuple[str, str]]
    key_id: str = ""
    is_noted: bool = False

    def comes_with(self, key_id: str) -> None:
        """Say that the call came with this valid key, which counts as a use of it."""
        self.key_id = key_id
        self.runtime.usage.use(key_id, self.client)

    def note(self, code: str = "", *, prefix: str = "", cause: str = "") -> None:
        """Note how the call, or one message of it, ended without a run: as it asked, or with a problem.

        `code` is a key of `problem_kinds.KINDS`, `cause` what more is known of why, `prefix` the display
        prefix of what came in a key's place.
        """
        self.is_noted = True
        address = self.received.view_args or {}
        kind = Kind(
            key_id=self.key_id,
            prefix=prefix,
            appspace_id=address.get("appspace", ""),
            project_id=address.get("project", ""),
            what=self.what,
            code=f"{code}:{cause}" if cause else code,
        )
        status = KINDS[code].status if code else 200
        self.runtime.usage.note(kind, status=status, client=self.client)

    def refused(self, error: Exception, code: str) -> None:
        """Note that the call ended in `error`, of which the problem has this code, before there was a run.

        `problems.report` does this for whatever it reports.
        """
        match error:
            case RevokedApiKeyError() | ExpiredApiKeyError():
                self.key_id = error.key_id
                self.runtime.usage.refuse(error.key_id, self.client)
                self.note(code)
            case ProjectNotPermittedError():
                self.comes_with(error.key_id)
                self.note(code)
            case MalformedApiKeyError():
                place = _PLACES.get(type(error), "")
                fault = _FAULTS.get(type(error), error.fault)
                cause = f"{fault}:{place}" if place else fault
                self.note(code, prefix=error.prefix, cause=cause if error.prefix else "")
            case ApiKeyInUrlError():
                self.note(code, prefix=error.prefix)
            case MissingApiKeyError():
                # What came there is not looked at as a key: it only tells whose call this was meant to be.
                self.note(code, prefix=keys.find_prefix(self.received.environ.get("HTTP_AUTHORIZATION", "")))
            case UnknownApiKeyError() | problems.OriginNotAllowedError():
                self.note(code)
            case _ if self.key_id:
                self.note(code)


# What is wrong where the key itself may be whole.
_FAULTS = {problems.UnmarkedBearerError: "unmarked", problems.RepeatedApiKeyError: "repeated"}

# Where a damaged key stood, if not in X-API-Key.
_PLACES = {
    problems.MalformedBearerError: "bearer",
    problems.UnmarkedBearerError: "bearer",
    problems.MalformedBodyKeyError: "body",
}


def begin(received: Request, what: What) -> Call:
    """Put the call that `received` makes of the part `what` of the API on `g`, and return it."""
    correlation_id = read_correlation_id(received)
    call = Call(
        runtime=current_runtime(),
        received=received,
        what=what,
        client=read_client(received),
        correlation_id=correlation_id,
        echoed=[],
    )
    if correlation_id is not None:
        call.echoed.append(correlation_header(correlation_id))
    g.call = call
    return call


def answer_elsewhere(error: Exception) -> Response | None:
    """Answer an error of an address that no part of the API has, as `problems.machine_problem` does.

    A call with a key leaves a note there too, since a wrong method or address is the likeliest mistake of who
    connects a client. No key is looked up for that: the note says what the key began like.
    """
    if isinstance(error, HTTPException) and request.routing_exception is error and error.code in (404, 405):
        secret = request.environ.get("HTTP_X_API_KEY", "").strip()
        if not secret:
            with suppress(MalformedApiKeyError):
                secret = read_bearer(request)
        if keys.is_well_formed(secret):
            _note_elsewhere(keys.display_prefix(secret), error.code)
    return problems.machine_problem(error)


def _note_elsewhere(prefix: str, status: int) -> None:
    what: What = "address"
    if status == 405:
        what = next((what for end, what in _ENDS if request.path.rstrip("/").endswith(end)), what)
    kind = Kind(
        key_id="",
        prefix=prefix,
        appspace_id="",
        project_id="",
        what=what,
        code="not_found" if status == 404 else "method_not_allowed",
    )
    current_runtime().usage.note(kind, status=status, client=read_client(request))
