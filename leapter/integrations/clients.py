"""Names of programs, as people know them, from what they call themselves."""

import re

_LONGEST = 60

# The first that fits counts: what a program is comes before what it was built with.
_KNOWN = (
    (r"n8n", "n8n"),
    (r"claude", "Claude"),
    (r"cursor", "Cursor"),
    (r"visual ?studio ?code|vscode", "VS Code"),
    (r"postman", "Postman"),
    (r"insomnia", "Insomnia"),
    (r"make\.com|integromat", "Make"),
    (r"zapier", "Zapier"),
    (r"curl/", "curl"),
    (r"wget/", "Wget"),
    (r"axios/", "axios (used by n8n)"),
    (r"python-requests", "Python (requests)"),
    (r"python-httpx", "Python (httpx)"),
    (r"python-urllib", "Python (urllib)"),
    (r"aiohttp", "Python (aiohttp)"),
    (r"python", "Python"),
    (r"undici|node-fetch|node\.js|^node\b", "Node.js"),
    (r"powershell", "PowerShell"),
    (r"go-http-client", "Go"),
    (r"okhttp|java/|apache-httpclient", "Java"),
    (r"mozilla/", "a browser"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), name) for pattern, name in _KNOWN)


def client_name(agent: str | None) -> str:
    """What a program that sends `agent` as its User-Agent is called; an unknown one is named as it does."""
    if not agent:
        return "a client without a name"
    for pattern, name in _PATTERNS:
        if pattern.search(agent):
            return name
    return agent if len(agent) <= _LONGEST else agent[: _LONGEST - 1] + "…"
