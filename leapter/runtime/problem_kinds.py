"""The kinds of problems, in the words of the pages that explain them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What problems of one code have in common; meaning and advice stand on its page."""

    status: int
    title: str
    meaning: str
    advice: str


KINDS = {
    "missing_api_key": Kind(
        status=401,
        title="API key missing",
        meaning="The call carries no API key.",
        advice="Send the key in the header X-API-Key.",
    ),
    "api_key_in_url": Kind(
        status=401,
        title="API key in the address",
        meaning="The call carries a key in its address. Addresses are kept in logs and histories, so a key "
        "that stood in one must be taken for known to others.",
        advice="Revoke that key on the page API Keys, create a new one, and send it in the header X-API-Key.",
    ),
    "malformed_api_key": Kind(
        status=401,
        title="Not an API key",
        meaning="What the header X-API-Key holds is no Leapter API key. A key is lpt_ followed by 36 letters "
        "and digits; the last of them are a checksum, which is wrong here.",
        advice="Copy the whole key again: it was perhaps cut short, or has a space or quotes around it.",
    ),
    "unknown_api_key": Kind(
        status=401,
        title="API key unknown",
        meaning="The key has the right form, but there is no such key on this server.",
        advice="Check that the key was made on this server and not on another one.",
    ),
    "revoked_api_key": Kind(
        status=401,
        title="API key revoked",
        meaning="The key was revoked, which is final.",
        advice="Ask whoever manages the API keys of the project for a new one.",
    ),
    "expired_api_key": Kind(
        status=401,
        title="API key expired",
        meaning="The key was made to work until a certain moment, which is past.",
        advice="Ask whoever manages the API keys of the project for a new one.",
    ),
    "project_not_permitted": Kind(
        status=403,
        title="No access to this project",
        meaning="The key is valid, but it has no access to the project in the address. Whether there is such "
        "a project is not told.",
        advice="Check the ids in the address, or add the project to the key on the page API Keys.",
    ),
    "origin_not_allowed": Kind(
        status=403,
        title="Origin not allowed",
        meaning="A page of another web site made the call in somebody’s browser, as the header Origin says, "
        "and this server takes no calls from that site.",
        advice="Whoever runs this server can allow the site in the setting LEAPTER_MCP_ORIGINS. If no web "
        "site is meant to call, have the client leave Origin away.",
    ),
    "blueprint_not_found": Kind(
        status=404,
        title="No such Blueprint",
        meaning="The project has no Blueprint of this id, slug or call identifier.",
        advice="Copy the address from the Blueprint’s page.",
    ),
    "run_not_found": Kind(
        status=404,
        title="No such run",
        meaning="No run of this id is stored in the project.",
        advice="Take the id from the header X-Run-Id of the answer. A run is stored within about a second.",
    ),
    "session_not_found": Kind(
        status=404,
        title="Session not found",
        meaning="No stream of the older MCP transport is open by this session id, or another key opened it.",
        advice="Open a stream at …/mcp/sse, and send messages where its first event says, with the same key.",
    ),
    "not_found": Kind(
        status=404,
        title="Nothing at this address",
        meaning="No part of the API answers at this address.",
        advice="Copy the address from the Blueprint’s page.",
    ),
    "method_not_allowed": Kind(
        status=405,
        title="Method not allowed",
        meaning="This address does not take that HTTP method.",
        advice="The header Allow of the answer names those it takes; a Blueprint is run by POST.",
    ),
    "not_acceptable": Kind(
        status=406,
        title="Only JSON is offered",
        meaning="The header Accept of the call excludes JSON, and this API answers in nothing else.",
        advice="Leave Accept away, or send application/json.",
    ),
    "body_too_large": Kind(
        status=413,
        title="Body too large",
        meaning="The body of the call is larger than 1 MiB.",
        advice="Send fewer or smaller inputs, in several calls where that is possible.",
    ),
    "unsupported_media_type": Kind(
        status=415,
        title="Body is not declared as JSON",
        meaning="The header Content-Type of the call names something other than JSON.",
        advice="Send Content-Type: application/json.",
    ),
    "unsupported_content_encoding": Kind(
        status=415,
        title="Body is encoded",
        meaning="The header Content-Encoding of the call says that the body is compressed or the like, which "
        "this API does not read.",
        advice="Send the body as it is, without Content-Encoding.",
    ),
    "invalid_json": Kind(
        status=400,
        title="Body is not JSON",
        meaning="The body of the call could not be read as JSON.",
        advice="Look at the line and column that the answer names.",
    ),
    "json_beyond_limits": Kind(
        status=400,
        title="Body beyond what can be read",
        meaning="The body of the call is nested too deeply, or holds a number that is too large.",
        advice="Look at the line and column that the answer names.",
    ),
    "body_not_object": Kind(
        status=400,
        title="Body is not an object",
        meaning="The body of the call is JSON, but no object: the inputs are its members.",
        advice='Send the inputs as {"name": value}.',
    ),
    "invalid_query": Kind(
        status=400,
        title="Parameter not understood",
        meaning="A parameter in the address has a value that this call does not know.",
        advice="Write ?trace=true, or leave the parameter away.",
    ),
    "bad_request": Kind(
        status=400,
        title="Request not understood",
        meaning="The request breaks the rules of HTTP, or ended before it was complete.",
        advice="Send it again; if it is refused again, look at what the client sends.",
    ),
    "address_too_long": Kind(
        status=414,
        title="Address too long",
        meaning="The address of the call, with its query, is longer than this server reads.",
        advice="Inputs of a Blueprint belong into the body.",
    ),
    "expectation_failed": Kind(
        status=417,
        title="Expectation not met",
        meaning="The header Expect of the call asks for something this server does not do.",
        advice="Leave Expect away, or send 100-continue.",
    ),
    "headers_too_large": Kind(
        status=431,
        title="Headers too large",
        meaning="The call has too many headers, or too long ones.",
        advice="Send fewer and shorter headers: an API key and a content type are enough.",
    ),
    "transfer_coding_unsupported": Kind(
        status=501,
        title="Transfer coding unknown",
        meaning="The header Transfer-Encoding of the call names a coding that this server does not know.",
        advice="Send the body with a Content-Length, or in chunks.",
    ),
    "invalid_input": Kind(
        status=422,
        title="Inputs do not fit",
        meaning="One or more inputs are missing, unknown, or of another type than the Blueprint declares. "
        "Nothing was run.",
        advice="The answer lists every fault with its path; the Blueprint’s page lists the inputs.",
    ),
    "blueprint_error": Kind(
        status=422,
        title="The Blueprint refused",
        meaning="The Blueprint ended the run with an error of its own, as its author meant it to.",
        advice="The detail of the answer is the Blueprint’s message.",
    ),
    "limit_exceeded": Kind(
        status=422,
        title="Run limit reached",
        meaning="The run went past one of the limits that every run has, and was ended.",
        advice="Send smaller inputs, or have the Blueprint do less.",
    ),
    "operation_failed": Kind(
        status=422,
        title="The Blueprint failed",
        meaning="The run came to an operation without a result, such as a property of null.",
        advice="The answer names the step of the Blueprint; its author can mend it.",
    ),
    "blueprint_has_errors": Kind(
        status=422,
        title="The Blueprint cannot run",
        meaning="The Blueprint is stored, but has errors, and there is no earlier revision that could run.",
        advice="The Blueprint’s page shows the errors beside their lines.",
    ),
    "rate_limited": Kind(
        status=429,
        title="Too many runs",
        meaning="The key has used up the runs it is allowed in a certain time.",
        advice="Wait as many seconds as the header Retry-After says.",
    ),
    "internal_error": Kind(
        status=500,
        title="Unexpected error",
        meaning="The server met an error of its own.",
        advice="Try again; if it happens again, give the answer’s request id to whoever runs this server.",
    ),
    "database_unavailable": Kind(
        status=503,
        title="Database not reachable",
        meaning="The server cannot reach its database, without which it can decide on no key.",
        advice="Try again after as many seconds as the header Retry-After says.",
    ),
    "stream_unavailable": Kind(
        status=503,
        title="No stream available",
        meaning="At present the server opens no further stream of the older MCP transport, for this key or "
        "for any.",
        advice="Use the newer transport, at …/mcp, which needs no stream; or close streams and try again.",
    ),
    "not_ready": Kind(
        status=503,
        title="Server not ready",
        meaning="The server is up, but its database was migrated for another version.",
        advice="Run `leapter db upgrade` of this version, or start the version that fits the database.",
    ),
}
