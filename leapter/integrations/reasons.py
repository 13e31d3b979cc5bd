"""Why a call was refused and what mends that, where more is known than the kind of the problem."""

from dataclasses import dataclass

from leapter.runtime.problem_kinds import KINDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """What a problem is called, what it means, and what to do about it."""

    title: str
    meaning: str
    mend: str


_PLACES = {"": "the header X-API-Key", "bearer": "the header Authorization", "body": "the body"}

_FAULTS = {
    "quotes": ("has quotes around it", "Take the quotes away in the client: the key alone is sent."),
    "blanks": ("has blanks in it", "Copy the whole key again, without blanks or line breaks."),
    "around": (
        "is a key with something else beside it",
        "Send the key alone, with no word before or after it.",
    ),
    "unmarked": (
        "has no “Bearer” before it",
        "Write “Bearer”, a blank and the key; or send it in X-API-Key.",
    ),
    "repeated": ("are two different keys", "Have the client send the header once, with one key."),
    "short": (
        "began like this key, but was cut short",
        "Copy the whole key again, or create a new one if it is lost.",
    ),
    "long": (
        "began like this key, but is longer than a key",
        "Something was perhaps pasted behind it, or it was pasted twice. Copy the key again.",
    ),
    "wrong": (
        "began like this key, but a character in it is wrong",
        "Copy the whole key again, or create a new one if it is lost.",
    ),
}

_WRONG_METHODS = {
    "run": (
        "A Blueprint is run by POST, and the call used another method.",
        "Set the method to POST in the client: n8n’s HTTP Request node sends GET unless Method is POST.",
    ),
    "mcp": (
        "MCP is spoken here by POST, and the call used another method.",
        "Choose “Streamable HTTP” as the client’s transport; for the older SSE, add /sse to the address.",
    ),
}


def reason_of_kind(code: str) -> Reason:
    """What is known of every problem of this code."""
    kind = KINDS.get(code)
    if kind is None:
        return Reason(title=code, meaning="", mend="")
    return Reason(title=kind.title, meaning=kind.meaning, mend=kind.advice)


def reason_of(code: str, *, cause: str, what: str, is_wrong_appspace: bool) -> Reason:
    """The reason for a problem of the key that is told on the key's own page.

    `what` is the part of the API, `cause` what was noted behind the code. `is_wrong_appspace` says that the
    key could call the project, so that only the address can be at fault.
    """
    common = reason_of_kind(code)
    title, meaning, mend = common.title, common.meaning, common.mend
    fault, _, place = cause.partition(":")
    match code:
        case "malformed_api_key" if fault in _FAULTS:
            words, mend = _FAULTS[fault]
            meaning = f"What came in {_PLACES.get(place, _PLACES[''])} {words}."
        case "malformed_api_key":
            mend = "Copy the whole key again, or create a new one if it is lost."
        case "missing_api_key":
            title = "API key in Authorization"
            meaning = "The key came in the header Authorization; this part of the API reads only X-API-Key."
            mend = "Send the key in the header X-API-Key, with nothing before it."
        case "api_key_in_url":
            meaning = "A key that begins like this one stood in an address."
            mend = "If it was this one, revoke it and give the client a new one, in the header X-API-Key."
        case "method_not_allowed":
            meaning, mend = _WRONG_METHODS.get(
                what, (meaning, "Copy the address from Connect, and send POST.")
            )
        case "not_found" if what == "address":
            meaning = (
                "The call carried a key that begins like this one, to an address that is none of the API’s."
            )
            mend = (
                "Copy the address from Connect. Where the client asks for a base URL, that has no path: "
                "it ends after host and port."
            )
        case "blueprint_not_found" if what == "mcp_call":
            title, meaning = "No such tool", "The client wanted to call a tool that is not there."
            mend = "Have the client list the tools anew: the Blueprint was perhaps renamed or deleted."
        case "project_not_permitted" if is_wrong_appspace:
            title = "Appspace in the address is wrong"
            meaning = "The key has this project, but the appspace in the address is not this project’s."
            mend = "Copy the address from Connect."
    return Reason(title=title, meaning=meaning, mend=mend)
