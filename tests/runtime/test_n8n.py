"""n8n against this server: the community node request by request, and the node HTTP Request."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from leapter.api_keys import service as api_keys
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import source_path
from leapter.integrations.n8n_workflow import workflow
from leapter.projects.archive import TYPES_PATH, read_files
from tests.runtime.conftest import Caller
from tests.runtime.n8n_node import (
    HTTP_REQUEST_ACCEPT,
    CommunityNode,
    NodeError,
    Option,
    http_request_node,
    in_process,
)
from tests.world import World

TYPES = """\
define Tier "Loyalty tier" as _text constrained_to ["basic", "gold"]

define Customer "Who buys" {
    name: _text "Full name"
    tier: Tier "Loyalty tier"
}
"""

OFFER = """\
//* Offer: EU::2026
\"\"\"What a customer is offered.\"\"\"
function offer(
    //* Customer
    customer: Customer,
    //* Weight (kg)
    weight_kg: number,
    //* Zone
    zone: type text choice ["home", "abroad"] = "home",
    //* Express
    express: boolean,
    //* Day of dispatch
    day: date,
    //* Note
    note: type text = "none",
    //* Prices of extras
    extras: list of number
) ->
    //* What was understood
    summary: type text = "",
    //* Extras in all
    extra: number
{
    //* Everything in one line
    summary = customer.name + "/" + weight_kg + "/" + zone + "/" + express + "/" + day + "/" + note;
    //* Add up
    extra = sum(extras);
}
"""

VISUAL: dict[str, Any] = {
    "customer": {"name": "Grace", "tier": "gold"},
    "weight_kg": 2.5,
    "zone": "abroad",
    "express": True,
    "day": "2026-03-31",
    "note": "größer – 🎁",
    "extras": [1, 2.5],
}
UNDERSTOOD = {"summary": "Grace/2.5/abroad/true/2026-03-31/größer – 🎁", "extra": 3.5}


@pytest.fixture
def node(caller: Caller, world: World, client: FlaskClient) -> CommunityNode:
    """The node with a key for two projects: `caller`'s, and one with an input of every kind."""
    files = {TYPES_PATH: TYPES.encode(), source_path("offer"): OFFER.encode()}
    report = import_archive(caller.person.actor, read_files("Offers", files), name="Offers")
    assert report.blueprints[0].can_run, report.blueprints[0].findings
    api_keys.set_projects(
        caller.person.actor,
        caller.record.id,
        [caller.project.id, report.project.id],
    )
    return CommunityNode(base_url="http://localhost", key=caller.secret, send=in_process(client))


def chosen(options: list[Option], name: str) -> str:
    """The value of the option that a person chose."""
    (option,) = (each for each in options if each.name == name)
    return option.value


def operation(node: CommunityNode, project: str, label: str) -> str:
    return chosen(node.operations(chosen(node.projects(), project)), label)


# ---- the community node ----


def test_the_credential_is_tested_and_its_projects_are_listed(caller: Caller, node: CommunityNode) -> None:
    tested = node.test_credential()
    assert (tested.status, tested.document["valid"]) == (200, True)
    for path in ("/api/v1/n8n/projects", "/api/n8n/projects"):
        assert [option.name for option in node.projects(path)] == ["Offers", "Shipping"]


def test_a_blueprint_is_found_described_and_run_with_visual_and_json_input(node: CommunityNode) -> None:
    project = chosen(node.projects(), "Offers")
    (listed,) = node.operations(project)
    assert (listed.name, listed.description) == ("Offer: EU:2026", "What a customer is offered.")
    fields = {each.name: each for each in node.fields(project, listed.value)}
    assert {name: each.kind for name, each in fields.items()} == {
        "customer": "object",
        "weight_kg": "number",
        "zone": "string",
        "express": "boolean",
        "day": "date",
        "note": "string",
        "extras": "array",
    }
    assert [name for name, each in fields.items() if each.required] == [
        "customer",
        "weight_kg",
        "express",
        "day",
        "extras",
    ]
    assert fields["zone"].options == ("home", "abroad")
    assert (fields["zone"].default, fields["note"].default) == ("home", "none")
    assert fields["weight_kg"].label == "Weight (kg)"

    assert node.execute(listed.value, VISUAL) == {"outputData": UNDERSTOOD}
    # JSON input is sent as it was typed, with its line ends and blanks.
    assert node.execute(listed.value, json.dumps(VISUAL, indent=2)) == {"outputData": UNDERSTOOD}
    # Fields that were left as they are do not come along; the Blueprint's own defaults count.
    needed = {name: VISUAL[name] for name, each in fields.items() if each.required}
    assert (
        node.execute(listed.value, needed)["outputData"]["summary"] == "Grace/2.5/home/true/2026-03-31/none"
    )


def test_a_blueprint_without_inputs_runs_with_an_empty_body(node: CommunityNode) -> None:
    value = operation(node, "Shipping", "Nothing Asked")
    assert node.fields(chosen(node.projects(), "Shipping"), value) == []
    for inputs in (None, {}, ""):
        assert node.execute(value, inputs) == {"outputData": {"answer": 42}}


def test_a_failing_run_shows_the_sentence_of_the_blueprint(node: CommunityNode) -> None:
    with pytest.raises(NodeError, match=r"^Parcels over 40 kg go by freight\.$"):
        node.execute(operation(node, "Shipping", "Refusal"), {"weight_kg": 40})


def test_a_field_that_was_filled_in_wrongly_is_named(node: CommunityNode) -> None:
    value = operation(node, "Offers", "Offer: EU:2026")
    for wrong, sentence in (
        ({"weight_kg": "2.5"}, "Input `weight_kg` must be a number, not text."),
        ({"express": "true"}, "Input `express` must be true or false, not text."),
        ({"zone": "moon"}, '`zone` must be one of "home", "abroad"'),
        ({"day": "2026-03-31T00:00:00.000Z"}, "`day` must be a date (YYYY-MM-DD)"),
        ({"extras": "[1, 2.5]"}, "Input `extras` must be a list, not text."),
        ({"customer": {"name": "Grace", "tier": "silver"}}, "`customer.tier`"),
    ):
        with pytest.raises(NodeError) as refused:
            node.execute(value, {**VISUAL, **wrong})
        assert sentence in str(refused.value)


def test_json_that_is_none_is_told_with_its_place(node: CommunityNode) -> None:
    value = operation(node, "Shipping", "Parcel Price")
    with pytest.raises(NodeError, match="line 2, column"):
        node.execute(value, '{\n  "weight_kg": 2,,\n}')


def test_a_revoked_key_fails_in_every_request_of_the_node_with_a_sentence(
    caller: Caller, node: CommunityNode
) -> None:
    project = chosen(node.projects(), "Shipping")
    value = chosen(node.operations(project), "Parcel Price")
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    tested = node.test_credential()
    assert (tested.status, tested.document["valid"]) == (401, False)
    for request in (
        node.projects,
        lambda: node.operations(project),
        lambda: node.execute(value, {"weight_kg": 2}),
    ):
        with pytest.raises(NodeError, match=r"^This API key was revoked on .* UTC\.$"):
            request()


def test_a_credential_without_a_key_is_told_what_is_missing(node: CommunityNode) -> None:
    without = CommunityNode(base_url=node.base_url, key="", send=node.send)
    assert without.test_credential().document["code"] == "missing_api_key"
    with pytest.raises(NodeError, match="header X-API-Key is required"):
        without.projects()


# ---- the node HTTP Request ----


def test_the_pasted_workflow_runs_with_a_header_credential(caller: Caller) -> None:
    made = workflow("Parcel Price", f"http://localhost{caller.path()}", {"weight_kg": 2}, "Leapter")
    pasted = json.loads(json.dumps(made))
    send = in_process(caller.client)
    credential = {"name": "X-API-Key", "value": caller.secret}
    answer = http_request_node(pasted, credential, send)
    assert (answer.status, answer.document) == (200, {"outputData": {"price": 5}})
    # Another letter case of the name is the same header; another name is none.
    assert http_request_node(pasted, {**credential, "name": "x-api-key"}, send).status == 200
    misnamed = http_request_node(pasted, {**credential, "name": "Authorization"}, send)
    assert (misnamed.status, misnamed.document["code"]) == (401, "missing_api_key")
    assert misnamed.headers["Content-Type"] == "application/problem+json"
    api_keys.revoke_key(caller.person.actor, caller.record.id)
    revoked = http_request_node(pasted, credential, send)
    assert (revoked.status, revoked.document["code"]) == (401, "revoked_api_key")


def test_the_http_request_node_reads_everything_else_with_its_own_accept(caller: Caller) -> None:
    headers = {"Accept": HTTP_REQUEST_ACCEPT, "User-Agent": "n8n", "X-API-Key": caller.secret}
    send = in_process(caller.client)
    for path in ("/models", "/openapi"):
        assert send("GET", f"http://localhost{caller.base}{path}", headers, None).status == 200
    assert send("GET", "http://localhost/api/n8n/projects", headers, None).status == 200
