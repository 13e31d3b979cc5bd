"""What a person puts where in n8n to run one Blueprint, and the same as a workflow to paste.

n8n's own node *HTTP Request* calls any Blueprint; the community node lists Blueprints by itself, once its
credential knows the server and a key.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEADER = "X-API-Key"

_START = "Start"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One row of the table: `name` as n8n shows it, the `value` that belongs there, and `where` it is found.

    `is_chosen` where the value is one of those that n8n offers; the others are typed or pasted. `is_secret`
    where it is the key.
    """

    where: str
    name: str
    value: str = field(repr=False)  # it may be a key
    is_chosen: bool = False
    is_secret: bool = False


def workflow(label: str, run_url: str, inputs: Mapping[str, Any], credential_name: str) -> dict[str, Any]:
    """A workflow that runs one Blueprint with `inputs` when it is started by hand.

    It is pasted onto n8n's canvas as JSON. n8n finds the credential *Header Auth* by its name, where there is
    one of that name; no key is in the workflow, so it can be shared.
    """
    node = f"Run {label}"
    return {
        "nodes": [
            {
                "parameters": {},
                "id": _id(f"{run_url}#start"),
                "name": _START,
                "type": "n8n-nodes-base.manualTrigger",
                "typeVersion": 1,
                "position": [0, 0],
            },
            {
                "parameters": {
                    "method": "POST",
                    "url": run_url,
                    "authentication": "genericCredentialType",
                    "genericAuthType": "httpHeaderAuth",
                    "sendBody": True,
                    "contentType": "json",
                    "specifyBody": "json",
                    "jsonBody": _body(inputs),
                    "options": {},
                },
                "id": _id(run_url),
                "name": node,
                "type": "n8n-nodes-base.httpRequest",
                "typeVersion": 4.2,
                "position": [240, 0],
                # Without an id, n8n looks for the name.
                "credentials": {"httpHeaderAuth": {"id": None, "name": credential_name}},
            },
        ],
        "connections": {_START: {"main": [[{"node": node, "type": "main", "index": 0}]]}},
        "pinData": {},
    }


def fields(
    run_url: str, inputs: Mapping[str, Any], credential_name: str, key: str = "your API key"
) -> tuple[Field, ...]:
    """The rows for the node *HTTP Request*: first those of its credential, then its own, from top to bottom.

    `key` is the key where it may be shown, else the words that stand in its place.
    """
    credential = "Credentials, Create credential, Header Auth"
    node = "HTTP Request, Parameters"
    return (
        Field(where=credential, name="Name of the credential, at the top", value=credential_name),
        Field(where=credential, name="Name", value=HEADER),
        Field(where=credential, name="Value", value=key, is_secret=True),
        Field(where=node, name="Method", value="POST", is_chosen=True),
        Field(where=node, name="URL", value=run_url),
        Field(where=node, name="Authentication", value="Generic Credential Type", is_chosen=True),
        Field(where=node, name="Generic Auth Type", value="Header Auth", is_chosen=True),
        Field(where=node, name="Header Auth", value=credential_name, is_chosen=True),
        Field(where=node, name="Send Body", value="on", is_chosen=True),
        Field(where=node, name="Body Content Type", value="JSON", is_chosen=True),
        Field(where=node, name="Specify Body", value="Using JSON", is_chosen=True),
        Field(where=node, name="JSON", value=_body(inputs)),
    )


def community_node_fields(base_url: str, key: str = "your API key") -> tuple[Field, ...]:
    """The rows for the credential of the community node; `base_url` is the server's address, no path."""
    where = "Credentials, Create credential, Leapter API"
    return (
        Field(where=where, name="Base URL", value=base_url),
        Field(where=where, name="API Key", value=key, is_secret=True),
    )


def _body(inputs: Mapping[str, Any]) -> str:
    # A text that begins with "=" is an expression to n8n; this one begins with a brace.
    return json.dumps(inputs, ensure_ascii=False, indent=2)


def _id(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))
