"""The OpenAPI document of a project: that it is valid, that it is true, when it is another one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate
from sqlalchemy import delete, select, update

from leapter.blueprints import importing, service
from leapter.blueprints.models import Blueprint, source_path
from leapter.db import db, transaction
from leapter.projects.archive import read_files
from leapter.projects.models import Project
from leapter.runtime import openapi_documents
from leapter.runtime.openapi_documents import Basis, Document, Documents
from leapter.runtime.problem_kinds import KINDS
from tests.runtime.conftest import BLUEPRINTS, Caller
from tests.world import Browser, World

# Names that are ours, that generators of code confuse, that clients split; long, empty and strange things.
HOSTILE_TYPES = (
    """\
define Problem "Ours: is it ::not?" { title: _text "A::title" status: Level? nested: Problem? }
define Trace { events: list of Problem }
define Ask$Node { id: number line: map of Trace other: Leapter_Node? }
define Leapter_Node { x: number }
define Level "How::bad" as _text constrained_to ["a::b", "", "c"]
define Long as _text constrained_to """
    + json.dumps([f"value {number}" for number in range(3000)])
    + "\n"
)
HOSTILE = {
    "everything": """\
//* Every::thing::
\"\"\"It takes :: all.\"\"\"
function everything(
    //* The::problem
    problem: Problem,
    asked: Ask$Node,
    long: Long,
    level: type Level = "a::b",
    when: date,
    at: datetime,
    lasts: duration,
    hours: type range = {from: 1, to: 5},
    things: any multiple,
    thing: any single,
    enum: type map of list of number = {},
    description: type _text = "::",
    properties: type number = 1e21
) ->
    echo: Problem,
    long_again: Long,
    day: date,
    description_again: type _text
{
    //* a
    echo = problem;
    //* b
    long_again = long;
    //* c
    day = when;
    //* d
    description_again = description;
}
""",
    "nothing-at-all": """\
//* Nothing At All
function nothing_at_all() -> { }
""",
    "no-letters": """\
//* 価格
function kakaku(n: type number = 0) -> m: type number = 1 { }
""",
    "never-runs": """\
//* Never Runs
function never_runs(n: number) -> m: type number
{
    //* No
    throw "Never.";
}
""",
    "everything-inputs": """\
//* Everything Inputs
function everything_inputs(t: type text = "") -> m: type number = 1e-7 { }
""",
}


def caller_of(world: World, client: Browser, project: Any, person: Any) -> Caller:
    record, secret = world.key(person, project)
    return Caller(person=person, project=project, record=record, secret=secret, client=client)


@pytest.fixture
def hostile(world: World, client: Browser) -> Caller:
    ada = world.person("Ada")
    files = {source_path(slug): source.encode() for slug, source in HOSTILE.items()}
    files["data/types.data.vts"] = HOSTILE_TYPES.encode()
    report = importing.import_archive(ada.actor, read_files("x", files), name="A::B:::C")
    assert all(one.blueprint.revision_in_force_id for one in report.blueprints), [
        (finding.line, finding.message) for one in report.blueprints for finding in one.findings
    ]
    return caller_of(world, client, report.project, ada)


@pytest.fixture(params=importing.EXAMPLES, ids=lambda example: example.name)
def example(request: pytest.FixtureRequest, world: World, client: Browser) -> Caller:
    ada = world.person("Ada")
    return caller_of(world, client, importing.import_example(ada.actor, request.param.name).project, ada)


def document_of(caller: Caller, **headers: str) -> dict[str, Any]:
    answer = caller.get("/openapi", **headers)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    validate(answer.json)
    return dict(answer.json)


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, item["post"]) for path, item in document["paths"].items()]


def content(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part["content"]["application/json"]
    return found


def assert_examples_are_true(caller: Caller, document: dict[str, Any]) -> int:
    """Send every example to where the document says; count them."""
    server = document["servers"][0]["url"]
    assert server == f"http://localhost{caller.base}"
    count = 0
    for path, operation in operations(document):
        if "example" in content(operation["requestBody"]):
            sent = content(operation["requestBody"])["example"]
            answer = caller.run(sent, path=f"{caller.base}{path}")
            assert (answer.status_code, answer.json) == (
                200,
                content(operation["responses"]["200"])["example"],
            )
            count += 1
    return count


def texts_for_people(document: Any, keyword: str = "") -> Iterator[str]:
    """Everything but data: names of properties are data too."""
    if isinstance(document, str) and keyword in ("title", "description", "summary", "tags", "url", "name"):
        yield document
    for name, value in document.items() if isinstance(document, dict) else ():
        if keyword == "properties" or name not in ("enum", "default", "example", "examples"):
            yield from texts_for_people(value, "" if keyword == "properties" else name)
    for value in document if isinstance(document, list) else ():
        yield from texts_for_people(value, keyword)


def test_the_examples_of_a_project_answer_what_its_document_says(example: Caller) -> None:
    document = document_of(example)
    assert assert_examples_are_true(example, document) == len(document["paths"]) > 2


def test_each_blueprint_that_can_run_is_an_operation_the_main_one_first(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(main_slug="parcel-price"))
        session.execute(
            update(Blueprint).where(Blueprint.slug == "endless").values(revision_in_force_id=None)
        )
    document = document_of(caller)
    found = operations(document)
    assert [path for path, _ in found] == [
        f"/models/{caller.project.blueprints[slug]}/runs"
        for slug in ("parcel-price", "first-character", "nothing-asked", "operation", "refusal")
    ]
    price, nothing = found[0][1], found[2][1]
    assert (price["operationId"], price["summary"]) == ("parcel_price", "Parcel Price")
    assert (price["description"], price["tags"]) == ("What a parcel costs.", ["Shipping"])
    assert price["requestBody"]["required"] is True
    assert content(price["requestBody"])["schema"]["properties"] == {
        "weight_kg": {"type": "number", "description": "Weight (kg)", "nullable": True},
        "zone": {
            "type": "string",
            "enum": ["home", "abroad"],
            "description": "Zone",
            "default": "home",
        },
    }
    assert content(price["requestBody"])["schema"]["required"] == ["weight_kg"]
    assert nothing["requestBody"]["required"] is False
    assert caller.run(path=f"{caller.base}{found[2][0]}", data="").json == {"outputData": {"answer": 42}}
    assert document["security"] == [{"apiKey": []}]
    scheme = document["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-API-Key")
    # Nothing that could be sent to it would run.
    assert "example" not in content(found[4][1]["requestBody"])
    assert assert_examples_are_true(caller, document) == 4


def test_a_project_without_blueprints_has_a_document_without_paths(world: World, client: Browser) -> None:
    ada = world.person()
    caller = caller_of(world, client, world.project(ada, blueprints={}), ada)
    document = document_of(caller)
    assert (document["paths"], document["info"]["title"]) == ({}, "Shipping")


def test_whatever_people_name_their_things_the_document_is_valid(hostile: Caller) -> None:
    document = document_of(hostile)
    assert len(document["paths"]) == len(HOSTILE)
    schemas = document["components"]["schemas"]
    assert schemas["Problem"]["properties"]["title"] == {"type": "string", "description": "A:title"}
    assert schemas["LeapterProblem"]["required"][0] == "type"
    assert {"Ask.Node", "Leapter_Node", "Node", "Trace", "LeapterTrace", "Long"} <= schemas.keys()
    assert len(schemas["Long"]["enum"]) == 3000
    texts = list(texts_for_people(document))
    assert {"Every:thing", "A:B:C", "It takes : all.", "Ours: is it :not?"} <= set(texts)
    assert not [text for text in texts if "::" in text]
    everything = next(item for _, item in operations(document) if item["operationId"] == "every_thing")
    taken = content(everything["requestBody"])["schema"]
    assert taken["title"] != "everything_inputs"
    assert taken["properties"]["level"]["enum"] == ["a::b", "", "c", None]
    assert taken["properties"]["description"]["default"] == "::"
    assert assert_examples_are_true(hostile, document) == 4


def test_no_label_that_a_client_is_told_has_two_colons(hostile: Caller) -> None:
    models = hostile.get("/models").get_json()
    assert "Every:thing" in [one["label"] for one in models]
    assert not [one for one in models if "::" in one["label"]]
    (one,) = [one for one in models if one["label"] == "Every:thing"]
    assert hostile.get(f"/models/{one['id']}").get_json()["label"] == "Every:thing"

    def said(method: str, **params: Any) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return hostile.client.post(
            f"{hostile.base}/mcp", json=message, headers={"X-API-Key": hostile.secret}
        ).get_json()["result"]

    tools = said("tools/list")["tools"]
    assert {"Every:thing", "It takes : all."} <= {
        tool[part] for tool in tools for part in ("title", "description")
    }
    assert not [tool for tool in tools if "::" in tool["title"] + tool["description"]]
    assert "“A:B:C”" in said("initialize", protocolVersion="2025-11-25")["instructions"]


def test_an_ipv6_address_is_written_in_full(caller: Caller) -> None:
    document = document_of(caller, Host="[::1]:8000")
    assert document["servers"][0]["url"] == f"http://[0:0:0:0:0:0:0:1]:8000{caller.base}"
    assert "[::1]" not in json.dumps(document)


def test_the_examples_of_problems_are_what_the_server_says(caller: Caller) -> None:
    document = document_of(caller)
    responses = document["components"]["responses"]
    told = {
        code: example["value"]
        for response in responses.values()
        for code, example in response["content"]["application/problem+json"]["examples"].items()
    }
    assert all(value["status"] == KINDS[code].status for code, value in told.items())
    gone, price = caller.project.blueprints["parcel-price"], caller.path()
    wrong = {
        "invalid_json": caller.run(data='{"weight_kg": }'),
        "body_not_object": caller.run([1, 2]),
        "invalid_query": caller.run(path=f"{price}?trace=perhaps"),
        "missing_api_key": caller.run(headers={"X-API-Key": ""}),
        "malformed_api_key": caller.run(headers={"X-API-Key": caller.secret[:-1]}),
        "not_acceptable": caller.run(headers={"Accept": "text/html"}),
        "body_too_large": caller.run(data=b" " * 1_048_577),
        "unsupported_media_type": caller.run(data="{}", content_type="text/plain"),
        "unsupported_content_encoding": caller.run(data="{}", headers={"Content-Encoding": "gzip"}),
        "method_not_allowed": caller.client.put(price),
        "invalid_input": caller.run({}),
    }
    with transaction() as session:
        session.execute(delete(Blueprint).where(Blueprint.id == gone))
    wrong["blueprint_not_found"] = caller.run(blueprint=gone)
    for code, answer in wrong.items():
        own = {name: told[code][name] for name in ("request_id", "runId") if name in answer.json}
        assert {**answer.json, **own} == told[code], code
    paths = {operation["responses"]["429"]["$ref"] for _, operation in operations(document)}
    assert paths == {"#/components/responses/TooManyRequests"}


def test_an_unchanged_document_is_not_sent_again(caller: Caller) -> None:
    first = caller.get("/openapi")
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for known in (tag, f"W/{tag}", f'"other", W/{tag}', "*"):
        again = caller.get("/openapi", **{"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag), known
        assert again.headers["Cache-Control"] == "no-store"
    for other in ('"other"', "", "nothing"):
        assert caller.get("/openapi", **{"If-None-Match": other}).status_code == 200, other
    head = caller.client.head(f"{caller.base}/openapi", headers={"X-API-Key": caller.secret})
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    assert int(head.headers["Content-Length"]) == len(first.data)
    assert (
        caller.client.post(f"{caller.base}/openapi", headers={"X-API-Key": caller.secret}).status_code == 405
    )


@pytest.mark.both_databases
def test_whatever_it_tells_of_changes_the_document(caller: Caller, world: World) -> None:
    tags = [caller.get("/openapi").headers["ETag"]]

    def assert_it_changed() -> dict[str, Any]:
        document = document_of(caller)
        tags.append(caller.get("/openapi").headers["ETag"])
        assert tags[-1] not in tags[:-1]
        return document

    def write(**values: Any) -> None:
        with transaction() as session:
            session.execute(update(Project).values(**values))

    write(name="Parcels")
    assert assert_it_changed()["info"]["title"] == "Parcels"
    write(description="All about them.")
    assert assert_it_changed()["info"]["description"] == "All about them."
    write(main_slug="refusal")
    assert operations(assert_it_changed())[0][1]["operationId"] == "refusal"
    write(ignores_unknown_inputs=True)
    body = content(operations(assert_it_changed())[0][1]["requestBody"])
    assert "additionalProperties" not in body["schema"]
    case = {"id": "five", "label": "Five", "input": {"weight_kg": 4}, "expectedOutput": {"price": 10}}
    world.suite(caller.project, case)
    price = next(item for _, item in operations(assert_it_changed()) if item["operationId"] == "parcel_price")
    assert content(price["requestBody"])["example"] == {"weight_kg": 4}
    blueprint_id = caller.project.blueprints["nothing-asked"]
    source = BLUEPRINTS["nothing-asked"].replace("42", "43").replace("Nothing Asked", "None Asked")
    project_id = caller.project.id
    base_id = db.session.scalar(
        select(Blueprint.newest_revision_id).where(
            Blueprint.project_id == project_id, Blueprint.id == blueprint_id
        )
    )
    service.save_revision(
        caller.person.actor, project_id, blueprint_id, source=source, base_revision_id=str(base_id)
    )
    document = assert_it_changed()
    asked = next(item for _, item in operations(document) if item["operationId"] == "none_asked")
    assert content(asked["responses"]["200"])["example"] == {"outputData": {"answer": 43}}
    write(name="Shipping", description="", main_slug=None, ignores_unknown_inputs=False)
    assert_it_changed()


def test_the_document_is_for_keys_of_the_project_alone(caller: Caller, world: World) -> None:
    other = world.project(caller.person, "Other")
    address = f"/runtime/api/v1/{caller.person.appspace_id}/{other.id}/openapi"
    refused = caller.client.get(address, headers={"X-API-Key": caller.secret})
    assert (refused.status_code, refused.json["code"]) == (403, "project_not_permitted")
    assert caller.client.get(address).json["code"] == "missing_api_key"
    assert caller.get("/openapi", Accept="text/html").status_code == 406
    from leapter.api_keys.service import revoke_key

    revoke_key(caller.person.actor, caller.record.id)
    revoked = caller.get("/openapi", **{"If-None-Match": "*"})
    assert (revoked.status_code, revoked.json["code"]) == (401, "revoked_api_key")


def test_documents_are_made_once_and_kept_within_bounds(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = caller.get("/openapi").data

    def never(*_: object) -> None:
        raise AssertionError("It was made a second time.")

    with monkeypatch.context() as patch:
        patch.setattr(openapi_documents, "document_of", never)
        assert caller.get("/openapi").data == first

    def basis(name: str) -> Basis:
        return Basis(subject=None, release=name, main_slug=None, suites="")  # type: ignore[arg-type]

    kept = Documents(capacity=2, byte_capacity=10)
    for name, size in (("a", 4), ("b", 4), ("a", 5), ("c", 4)):
        kept.keep(basis(name), Document(body=bytes(size), etag=name))
    assert [name for name in "abc" if kept.find(basis(name))] == ["a", "c"]
    kept.keep(basis("d"), Document(body=bytes(11), etag="d"))
    assert len(kept) == 1
    assert kept.find(basis("d"))
