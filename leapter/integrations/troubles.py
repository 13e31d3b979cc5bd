"""What goes wrong when a client is connected, as that client says it, and what to do about it."""

from dataclasses import dataclass

from leapter.runtime.problem_kinds import KINDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One thing that goes wrong. `code` is the problem's, where the server answers with one.

    `seen` is what the person sees, `meaning` what that means where it needs saying, `mend` what to do. They
    may hold `code` in backquotes.
    """

    seen: str
    mend: str
    meaning: str = ""
    code: str | None = None


def of_client(client: str) -> tuple[Trouble, ...]:
    """The troubles of one client, the likeliest first."""
    return (*_OWN[client], *(_of_kind(code) for code in _KINDS[client]))


def _of_kind(code: str) -> Trouble:
    kind = KINDS[code]
    return Trouble(seen=f"{kind.status} {kind.title}", meaning=kind.meaning, mend=kind.advice, code=code)


_KEYS = (
    "missing_api_key",
    "malformed_api_key",
    "unknown_api_key",
    "revoked_api_key",
    "expired_api_key",
    "project_not_permitted",
)

_KINDS = {
    "rest": (*_KEYS, "api_key_in_url", "blueprint_not_found", "unsupported_media_type", "invalid_input"),
    "mcp": (*_KEYS, "api_key_in_url"),
    "n8n": (*_KEYS, "invalid_input"),
}

_OWN = {
    "rest": (
        Trouble(
            seen="HTML instead of JSON",
            mend="The address is that of a page of the console, or of a proxy in front of it. The address "
            "of a call begins with the base URL above and `/runtime/api/v1/`.",
        ),
        Trouble(
            seen="Connection refused, or no such host",
            mend="The base URL must be one that the calling machine can reach. In a container, `localhost`"
            " is the container itself: use the name of this server there.",
        ),
        Trouble(
            seen="A browser blocks the call (CORS)",
            mend="Calls come from servers and scripts. In a web page everybody could read the key, so the "
            "server does not answer pages of other sites.",
        ),
    ),
    "mcp": (
        Trouble(
            seen="The client wants to sign in, or finds no OAuth server",
            mend="This server offers no OAuth sign-in. Give the client the header `X-API-Key`; one that "
            "can send only `Authorization: Bearer` may send the key there; one that knows nothing but"
            " OAuth connects through the bridge `mcp-remote`, as shown for Claude Desktop.",
        ),
        Trouble(
            seen="“Non-HTTPS URLs are only allowed for localhost”",
            mend="`mcp-remote` says so of a plain `http` address. Put TLS in front of this server, or, in "
            "a network that you trust, add the argument `--allow-http`.",
        ),
        Trouble(
            seen="“spawn npx ENOENT”, or the server does not start",
            mend="The bridge `mcp-remote` needs Node.js 18 or newer on the machine of Claude Desktop.",
        ),
        Trouble(
            seen="Connected, but there are no tools",
            mend="A tool is a Blueprint that can run: the project’s page says which can. Some clients list"
            " tools only when they start.",
        ),
        Trouble(
            seen="403 because of the header Origin",
            mend="A client that runs in a web page of another site is refused. Whoever runs this server "
            "can allow that site with `LEAPTER_MCP_ORIGINS`.",
        ),
    ),
    "n8n": (
        Trouble(
            seen="“Authorization failed - please check your credentials”",
            mend="n8n says so of every 401. The answer’s `detail`, below the message, says which it is: no"
            " key, a damaged one, one of another server, one that was revoked or has expired.",
        ),
        Trouble(
            seen="“Forbidden - perhaps check your credentials?”",
            mend="n8n says so of a 403: the key is valid, but has no access to this project. Add the "
            "project to the key.",
        ),
        Trouble(
            seen="“The resource you are requesting could not be found”",
            mend="The base URL ends after host and port: it has no path. Or the Blueprint was deleted; "
            "choose it anew.",
        ),
        Trouble(
            seen="Connection refused (ECONNREFUSED)",
            mend="n8n in a container takes `localhost` for itself. Use an address of this server that the "
            "container can reach, such as `host.docker.internal` with the port; Leapter listens there when "
            "it is started with `LEAPTER_BIND=0.0.0.0:8000`.",
        ),
        Trouble(
            seen="A number is refused as text",
            mend='Inputs are taken as they come: `"2"` is a text, no number. In n8n, '
            "`{{ Number($json.weight) }}` makes a number of it.",
        ),
        Trouble(
            seen="The lists of projects and Blueprints are empty",
            mend="The list of projects holds what the key may call, that of Blueprints what can run.",
        ),
    ),
}
