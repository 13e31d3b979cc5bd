"""The workflow to paste into n8n, and the table of its fields: they say the same."""

import json
from typing import Any

from leapter.integrations.n8n_workflow import Field, community_node_fields, fields, workflow

URL = "https://rules.example/runtime/api/v1/space/project/models/blueprint/runs"
INPUTS = {"zone": "home", "weight_kg": 1.5, "insured": True, "note": "={{ $json.secret }} “größer”"}
KEY = "lpt_" + "aB3" * 12


def made(label: str = "Parcel Price") -> dict[str, Any]:
    """The workflow as it arrives in n8n."""
    pasted: dict[str, Any] = json.loads(json.dumps(workflow(label, URL, INPUTS, "Leapter: Checkout")))
    return pasted


def test_the_workflow_posts_the_sample_inputs_with_the_key_of_a_header_credential() -> None:
    start, call = made()["nodes"]
    parameters = call["parameters"]
    assert start["type"] == "n8n-nodes-base.manualTrigger"
    assert call["type"] == "n8n-nodes-base.httpRequest"
    assert (parameters["method"], parameters["url"]) == ("POST", URL)
    assert parameters["authentication"] == "genericCredentialType"
    assert call["credentials"] == {parameters["genericAuthType"]: {"id": None, "name": "Leapter: Checkout"}}
    assert json.loads(parameters["jsonBody"]) == INPUTS


def test_nothing_in_the_workflow_is_an_expression_to_n8n() -> None:
    for value in made()["nodes"][1]["parameters"].values():
        assert not str(value).startswith("=")


def test_the_trigger_leads_to_the_call_whatever_the_blueprint_is_called() -> None:
    for label in ("Parcel Price", "Start", 'A "quoted" one', ""):
        pasted = made(label)
        names = [node["name"] for node in pasted["nodes"]]
        assert len({node["id"] for node in pasted["nodes"]}) == len(set(names)) == 2
        assert pasted["connections"] == {
            names[0]: {"main": [[{"node": names[1], "type": "main", "index": 0}]]}
        }


def test_the_table_says_what_the_workflow_says() -> None:
    rows = {(row.where.split(",")[0], row.name): row.value for row in fields(URL, INPUTS, "Mine", KEY)}
    parameters = made()["nodes"][1]["parameters"]
    assert rows["Credentials", "Name"] == "X-API-Key"
    assert rows["Credentials", "Value"] == KEY
    assert rows["HTTP Request", "Header Auth"] == "Mine"
    assert rows["HTTP Request", "URL"] == parameters["url"]
    assert rows["HTTP Request", "Method"] == parameters["method"]
    assert rows["HTTP Request", "JSON"] == parameters["jsonBody"]


def test_the_community_node_needs_the_address_and_the_key_only() -> None:
    assert [
        (row.name, row.value, row.is_secret) for row in community_node_fields("https://rules.example", KEY)
    ] == [
        ("Base URL", "https://rules.example", False),
        ("API Key", KEY, True),
    ]


def test_a_row_does_not_print_its_value() -> None:
    assert KEY not in repr(Field(where="Credentials", name="Value", value=KEY, is_secret=True))
