"""The requests that n8n sends to a Leapter server, one by one, without n8n."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient

JSON = "application/json"
HTTP_REQUEST_ACCEPT = (
    "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7"
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back; n8n parses every body as JSON, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as n8n reads it."""
        return json.loads(self.body)


# Sends (method, URL, headers, body).
Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]


def by_network(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """Send to a real server."""
    request = urllib.request.Request(url, method=method, headers=dict(headers), data=body)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return Answer(status=response.status, headers=response.headers, body=response.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(status=refused.code, headers=refused.headers, body=refused.read())


def in_process(client: FlaskClient) -> Send:
    """Send to an application of this process."""

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = client.open(url, method=method, headers=dict(headers), data=body)
        return Answer(status=answer.status_code, headers=answer.headers, body=answer.get_data())

    return send


class NodeError(Exception):
    """What n8n shows in red: of a problem document its `detail`."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """An entry of one of the node's lists. Only the value is kept in a workflow: name and address in one."""

    name: str
    value: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class InputField:
    """One field of the visual input."""

    name: str
    label: str
    kind: str
    required: bool
    options: tuple[Any, ...]
    default: Any


@dataclass(frozen=True, kw_only=True)
class CommunityNode:
    """The public community node with its credential: the server's address, a key."""

    base_url: str
    key: str = field(repr=False)
    send: Send = field(repr=False)

    def test_credential(self) -> Answer:
        """The button of the credential: the key goes in the body and in the header."""
        body = json.dumps({"apiKey": self.key}).encode()
        return self._request("POST", f"{self.base_url}/api/api-keys/validate", body)

    def projects(self, path: str = "/api/v1/n8n/projects") -> list[Option]:
        """The list of projects: a POST with nothing in it that is declared as JSON."""
        found = self._shown(self._request("POST", self.base_url + path, b""))
        return [
            Option(name=each["projectName"], value=f"{each['projectName']}::{each['specUrl']}")
            for each in found["projects"]
        ]

    def operations(self, project: str) -> list[Option]:
        """The list of Blueprints of a project that was chosen by its value."""
        document, server = self._specification(project)
        return [
            Option(
                name=operation["summary"],
                value=f"{operation['summary']}::{server}{path}",
                description=operation.get("description", ""),
            )
            for path, methods in document["paths"].items()
            for operation in methods.values()
        ]

    def fields(self, project: str, operation: str) -> list[InputField]:
        """The fields of the visual input of a Blueprint that was chosen by its value."""
        document, server = self._specification(project)
        path = _address(operation).removeprefix(server)
        content = document["paths"][path]["post"]["requestBody"]["content"]
        schema = _resolved(document, content[JSON]["schema"])
        fields = []
        for name, member in schema.get("properties", {}).items():
            known = _resolved(document, member)
            fields.append(
                InputField(
                    name=name,
                    label=known.get("title") or known.get("description") or name,
                    kind=known.get("format") or known.get("type", "object"),
                    required=name in schema.get("required", ()),
                    options=tuple(known.get("enum", ())),
                    default=known.get("default"),
                )
            )
        return fields

    def execute(self, operation: str, inputs: Mapping[str, Any] | str | None) -> Any:
        """Run a Blueprint: with the members of the visual input, with JSON as it was typed, or with nothing.

        Raises:
            NodeError: the run failed; the text is what n8n shows.
        """
        typed = inputs if isinstance(inputs, str) else "" if inputs is None else json.dumps(inputs)
        return self._shown(self._request("POST", _address(operation), typed.encode()))

    def _specification(self, project: str) -> tuple[dict[str, Any], str]:
        document: dict[str, Any] = self._shown(self._request("GET", _address(project)))
        return document, document["servers"][0]["url"]

    def _request(self, method: str, url: str, body: bytes | None = None) -> Answer:
        headers = {"Accept": JSON, "User-Agent": "n8n", "X-API-Key": self.key}
        if body is not None:
            headers["Content-Type"] = JSON
        return self.send(method, url, headers, body)

    def _shown(self, answer: Answer) -> Any:
        if answer.status >= 400:
            raise NodeError(answer.document["detail"])
        return answer.document


def http_request_node(
    workflow: Mapping[str, Any], credential: Mapping[str, str], send: Send, **changed_headers: str
) -> Answer:
    """What n8n's own node HTTP Request sends for a workflow as it was pasted, with a credential Header Auth.

    `credential` has the two fields of that credential, `name` and `value`.
    """
    (node,) = (each for each in workflow["nodes"] if each["type"] == "n8n-nodes-base.httpRequest")
    parameters = node["parameters"]
    assert parameters["specifyBody"] == "json"
    headers = {
        "Accept": HTTP_REQUEST_ACCEPT,
        "User-Agent": "axios/1.12.0",
        "Accept-Encoding": "gzip, compress, deflate, br",
        "Content-Type": JSON,
        credential["name"]: credential["value"],
        **changed_headers,
    }
    # It parses what was typed, and sends it anew.
    body = json.dumps(json.loads(parameters["jsonBody"]), separators=(",", ":")).encode()
    return send(parameters["method"], parameters["url"], headers, body)


def _address(value: str) -> str:
    label, address = value.split("::")  # a label or an address with `::` in it would be three parts
    assert label
    return address


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to taken in: `$ref`, also where it stands in an `allOf` of one."""
    merged = dict(schema)
    for part in merged.pop("allOf", []):
        merged = {**_resolved(document, part), **merged}
    reference = merged.pop("$ref", None)
    if reference is None:
        return merged
    target: Any = document
    for name in reference.removeprefix("#/").split("/"):
        target = target[name.replace("~1", "/").replace("~0", "~")]
    return {**_resolved(document, target), **merged}
