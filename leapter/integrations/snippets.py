"""What a person copies into another program: calls of a Blueprint, configurations of MCP clients.

No snippet holds a key. Each reads it from the environment variable LEAPTER_API_KEY or asks for it; the one
program that can do neither has a placeholder that says which key belongs there.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from leapter.projects.slugs import slug_of

VARIABLE = "LEAPTER_API_KEY"

LANGUAGES = {"curl": "curl", "python": "Python", "javascript": "JavaScript"}

N8N_NODES = {"http": "HTTP Request node", "leapter": "Leapter node"}

MCP_CLIENTS = {
    "claude-desktop": "Claude Desktop",
    "claude-code": "Claude Code",
    "cursor": "Cursor",
    "vscode": "VS Code",
}

_HEADER = "X-API-Key"
_LINE_CHARACTERS = 60
_MAX_NAME_CHARACTERS = 40
# The bridge takes plain HTTP from these without being told to.
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1"})


def key_meant(prefix: str | None) -> str:
    """The key to put somewhere, in words; `prefix` is its display prefix, where one is chosen."""
    return f"the key {prefix}…" if prefix else "your API key"


def python_script(url: str, inputs: Mapping[str, Any]) -> str:
    """A script for Python 3 that runs a Blueprint with nothing but the standard library.

    It prints the outputs; refused, or without a key, it says why and ends with exit code 1.
    """
    return f"""\
import json
import os
import sys
import urllib.error
import urllib.request

url = {json.dumps(url)}
inputs = {_python_literal(json.loads(json.dumps(inputs)))}

key = os.environ.get("{VARIABLE}") or sys.exit("Set {VARIABLE} first.")
request = urllib.request.Request(
    url,
    data=json.dumps(inputs).encode(),
    headers={{
        "{_HEADER}": key,
        "Content-Type": "application/json",
    }},
)
try:
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(json.load(answer)["outputData"])
except urllib.error.HTTPError as error:
    sys.exit(json.load(error)["detail"])
"""


def javascript_script(url: str, inputs: Mapping[str, Any]) -> str:
    """A script for Node.js 18 or newer that runs a Blueprint with the built-in `fetch`.

    It prints the outputs; refused, or without a key, it says why and ends with exit code 1.
    """
    return f"""\
const url = {json.dumps(url)};
const inputs = {json.dumps(inputs, ensure_ascii=False, indent=2)};
const key = process.env.{VARIABLE};

async function run() {{
  if (!key) throw new Error("Set {VARIABLE} first.");
  const response = await fetch(url, {{
    method: "POST",
    headers: {{
      "{_HEADER}": key,
      "Content-Type": "application/json",
    }},
    body: JSON.stringify(inputs),
  }});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer.outputData;
}}

run().then(console.log, (error) => {{
  console.error(error.message);
  process.exitCode = 1;
}});
"""


def list_line(project_address: str) -> str:
    """A command for a POSIX shell that lists the Blueprints of a project: the shortest call there is."""
    return f'curl {shlex.quote(f"{project_address}/models")} -H "{_HEADER}: ${VARIABLE}"'


def download_line(project_address: str) -> str:
    """A command for a POSIX shell that puts the OpenAPI document of a project into a file.

    Refused, it says so and leaves no file that an import would choke on.
    """
    url = shlex.quote(f"{project_address}/openapi")
    return f'curl -f -o openapi.json {url} \\\n  -H "{_HEADER}: ${VARIABLE}"'


def mcp_configurations(project_name: str, url: str, *, prefix: str | None) -> dict[str, str]:
    """What each MCP client needs to reach the server at `url`, by the names of `MCP_CLIENTS`.

    `prefix` is the display prefix of the key that is meant, if one is.
    """
    name = server_name(project_name)
    return {
        "claude-desktop": claude_desktop_json(name, url, prefix=prefix),
        "claude-code": claude_code_line(name, url),
        "cursor": cursor_json(name, url),
        "vscode": vs_code_json(name, url, prefix=prefix),
    }


def server_name(project_name: str) -> str:
    """What an MCP client calls the server of a project: letters, digits and hyphens, which all take."""
    return slug_of(project_name)[:_MAX_NAME_CHARACTERS].strip("-") or "leapter"


def claude_desktop_json(name: str, url: str, *, prefix: str | None) -> str:
    """The entry for `claude_desktop_config.json`.

    Claude Desktop starts programs and opens no address with a header of one's own, so the bridge `mcp-remote`
    does (npm; it needs Node.js). No blank follows the colon: on Windows arguments are split at blanks.
    """
    arguments = ["-y", "mcp-remote", url, "--transport", "http-only"]
    arguments += ["--header", f"{_HEADER}:${{{VARIABLE}}}"]
    address = urlsplit(url)
    if address.scheme == "http" and address.hostname not in _LOOPBACK_HOSTS:
        arguments.append("--allow-http")
    server = {"command": "npx", "args": arguments, "env": {VARIABLE: f"<{key_meant(prefix)}>"}}
    return pretty({"mcpServers": {name: server}})


def cursor_json(name: str, url: str) -> str:
    """The entry for Cursor's `mcp.json`; Cursor puts the variable's value in itself."""
    return pretty({"mcpServers": {name: {"url": url, "headers": {_HEADER: f"${{env:{VARIABLE}}}"}}}})


def vs_code_json(name: str, url: str, *, prefix: str | None) -> str:
    """The file `.vscode/mcp.json`: VS Code asks for the key at the first start and keeps it encrypted."""
    asked = {
        "type": "promptString",
        "id": "leapter-api-key",
        "description": f"Leapter API key {prefix}…" if prefix else "Leapter API key",
        "password": True,
    }
    server = {"type": "http", "url": url, "headers": {_HEADER: "${input:leapter-api-key}"}}
    return pretty({"inputs": [asked], "servers": {name: server}})


def claude_code_line(name: str, url: str) -> str:
    """The command that adds the server to the `.mcp.json` of a folder.

    The quotes keep the variable's name in that file: Claude Code puts the value in when it connects.
    """
    return " \\\n  ".join(
        [
            "claude mcp add --scope project --transport http",
            f"{name} {shlex.quote(url)}",
            f"--header '{_HEADER}: ${{{VARIABLE}}}'",
        ]
    )


def _python_literal(value: Any, depth: int = 0) -> str:
    """A value of JSON in Python's notation: on one line where it is short."""
    line = _on_one_line(value)
    if len(line) <= _LINE_CHARACTERS or not isinstance(value, (dict, list)):
        return line
    if isinstance(value, dict):
        members = [f"{_on_one_line(name)}: {_python_literal(one, depth + 1)}," for name, one in value.items()]
        opening, closing = "{", "}"
    else:
        members = [f"{_python_literal(one, depth + 1)}," for one in value]
        opening, closing = "[", "]"
    indent = "    " * depth
    return "\n".join([opening, *(f"{indent}    {member}" for member in members), indent + closing])


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{_on_one_line(name)}: {_on_one_line(one)}" for name, one in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_on_one_line(one) for one in value) + "]"
    # A string of JSON means the same in Python, and looks like the others of the script.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def pretty(value: object) -> str:
    """JSON for people to read and for programs to take."""
    return json.dumps(value, ensure_ascii=False, indent=2)
