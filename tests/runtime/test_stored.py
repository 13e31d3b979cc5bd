"""Reading Blueprints and stored runs with a key."""

import pytest
from sqlalchemy import update

from leapter.blueprints.models import Blueprint
from leapter.db import new_id, transaction
from leapter.projects.models import Project
from leapter.runtime.run_ids import new_run_id
from leapter.runtime.state import current_runtime
from tests.runtime.conftest import BLUEPRINTS, Caller, flush
from tests.world import World


@pytest.mark.both_databases
def test_a_blueprint_is_described_with_its_schemas_and_its_syntax_tree(caller: Caller) -> None:
    answer = caller.get("/models/parcel_price")
    model = answer.json
    assert answer.status_code == 200
    assert list(model) == [
        "id",
        "label",
        "modelType",
        "contentType",
        "expressionLanguage",
        "callIdentifier",
        "description",
        "inputSchema",
        "outputSchema",
        "logicFlow",
        "settings",
    ]
    assert model["id"] == caller.project.blueprints["parcel-price"]
    assert (model["label"], model["callIdentifier"]) == ("Parcel Price", "parcel_price")
    assert (model["modelType"], model["contentType"]) == ("logicFlow", "text/x-veritas")
    assert (model["expressionLanguage"], model["settings"]) == ("veritas", {})
    assert model["description"] == "What a parcel costs."
    assert model["inputSchema"]["required"] == ["weight_kg"]
    assert set(model["outputSchema"]["properties"]) == {"price"}
    assert model["logicFlow"]


def test_the_list_has_the_main_blueprint_first_then_the_others_by_label(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(main_slug="refusal"))
        session.execute(
            update(Blueprint).where(Blueprint.slug == "endless").values(revision_in_force_id=None)
        )
    models = caller.get("/models").json
    assert [model["label"] for model in models] == [
        "Refusal",
        "First character",
        "Nothing Asked",
        "Operation",
        "Parcel Price",
    ]
    assert "logicFlow" not in models[0]


def test_a_blueprint_that_is_not_there_or_cannot_run_says_so(caller: Caller) -> None:
    with transaction() as session:
        session.execute(
            update(Blueprint).where(Blueprint.slug == "endless").values(revision_in_force_id=None)
        )
    assert caller.get("/models/nothing").json["code"] == "blueprint_not_found"
    answer = caller.get("/models/endless")
    assert (answer.status_code, answer.json["code"]) == (422, "blueprint_has_errors")


@pytest.mark.both_databases
def test_a_stored_run_is_described(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(keeps_run_data=True))
    sent = caller.run({"weight_kg": 2}, headers={"X-Correlation-Id": "order-7"})
    failed = caller.run({"weight_kg": 40}, blueprint="refusal")
    flush()
    run = caller.get(f"/runs/{sent.headers['X-Run-Id'].upper()}").json
    assert run["runId"] == sent.headers["X-Run-Id"]
    assert (run["blueprintId"], run["revision"]) == (caller.project.blueprints["parcel-price"], 1)
    assert (run["status"], run["correlationId"]) == (200, "order-7")
    assert (run["inputData"], run["outputData"]) == ({"weight_kg": 2}, {"price": 5})
    assert run["startedAt"].endswith("Z")
    assert run["durationMs"] >= 0
    error = caller.get(f"/runs/{failed.headers['X-Run-Id']}").json["error"]
    assert error == {"code": "blueprint_error", "detail": "Parcels over 40 kg go by freight."}


def test_a_run_that_has_just_ended_is_found_though_its_record_is_on_its_way(caller: Caller) -> None:
    usage = current_runtime().usage
    usage.start()
    run_id = caller.run().headers["X-Run-Id"]
    assert caller.get(f"/runs/{run_id}").json["runId"] == run_id


def test_a_run_of_another_project_or_of_nobody_is_not_found(caller: Caller, world: World) -> None:
    run_id = caller.run().headers["X-Run-Id"]
    flush()
    lending = world.project(caller.person, "Lending", BLUEPRINTS)
    _, secret = world.key(caller.person, lending, name="Other")
    there = f"/runtime/api/v1/{caller.person.appspace_id}/{lending.id}/runs/{run_id}"
    answer = caller.client.get(there, headers={"X-API-Key": secret})
    assert (answer.status_code, answer.json["code"]) == (404, "run_not_found")
    for other in (new_id(), "nonsense", new_run_id()[:-1]):
        assert caller.get(f"/runs/{other}").json["code"] == "run_not_found"


def test_reading_needs_a_key_too(caller: Caller) -> None:
    for path in ("/models", "/models/parcel-price", f"/runs/{new_id()}"):
        answer = caller.client.get(f"{caller.base}{path}")
        assert (answer.status_code, answer.json["code"]) == (401, "missing_api_key")
