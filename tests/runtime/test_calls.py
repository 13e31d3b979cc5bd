"""Runs of Blueprints that call others, as callers from outside see them."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask.testing import FlaskClient

from leapter import create_app
from leapter.blueprints import service
from leapter.blueprints.models import Blueprint
from leapter.db import db, new_id, transaction
from leapter.projects.models import Project
from tests.runtime.conftest import Caller
from tests.servers import Server
from tests.world import Browser, Person, StoredProject, World

RATE = """\
//* Zone Rate
function zone_rate(
    //* Weight
    weight: number
) ->
    //* Rate
    rate: number
{
    //* Refuse what is heavy
    choose { if (weight > 100) { throw "Too heavy: " + weight; } }
    //* Work it out
    rate = weight * 2 / (weight is 13 ? 0 : 1);
}
"""
PRICE = """\
//* Price
function price(
    //* Weight, or something else
    parcel: any single
) -> price: number
{
    //* One more than the rate
    price = zone_rate(weight: parcel.weight).rate + 1;
}
"""
SOURCES = {"zone-rate": RATE, "price": PRICE}


@pytest.fixture
def caller(world: World, client: FlaskClient) -> Caller:
    ada = world.person("Ada")
    project = world.project(ada, "Shipping", SOURCES)
    record, secret = world.key(ada, project)
    return Caller(person=ada, project=project, record=record, secret=secret, client=client)


def save(person: Person, project: StoredProject, slug: str, source: str) -> None:
    db.session.rollback()
    blueprint_id = project.blueprints[slug]
    newest = service.get_blueprint(person.actor, project.id, blueprint_id).newest
    service.save_revision(person.actor, project.id, blueprint_id, source=source, base_revision_id=newest.id)


def price(caller: Caller, parcel: Any) -> Any:
    return caller.run({"parcel": parcel}, blueprint="price")


@pytest.mark.both_databases
def test_a_key_runs_what_is_in_force_at_the_moment_of_the_call(caller: Caller) -> None:
    assert price(caller, {"weight": 3}).json == {"outputData": {"price": 7}}
    save(caller.person, caller.project, "zone-rate", RATE.replace("weight * 2", "weight * 20"))
    assert price(caller, {"weight": 3}).json == {"outputData": {"price": 61}}


def test_what_a_callee_throws_is_the_detail_to_the_letter_and_the_node_names_the_callee(
    caller: Caller,
) -> None:
    answer = price(caller, {"weight": 101})
    assert (answer.status_code, answer.json["code"]) == (422, "blueprint_error")
    assert answer.json["detail"] == "Too heavy: 101"
    assert answer.json["node"].keys() == {"id", "label", "line", "blueprint"}
    assert (answer.json["node"]["blueprint"], answer.json["node"]["line"]) == ("zone_rate", 10)
    (called,) = answer.json["calls"]
    assert (called["blueprint"], called["line"], called["label"]) == ("price", 8, "One more than the rate")


def test_another_error_in_a_callee_says_so_in_the_detail(caller: Caller) -> None:
    answer = price(caller, {"weight": 13})
    assert (answer.status_code, answer.json["code"]) == (422, "operation_failed")
    assert answer.json["detail"] == (
        "The output `rate` is Infinity, which is not a number. "
        "It happened in the Blueprint `zone_rate`, “Rate”, line 7."
    )


def test_arguments_that_do_not_fit_are_told_at_the_call(caller: Caller) -> None:
    answer = price(caller, {"weight": "heavy"})
    assert (answer.status_code, answer.json["code"]) == (422, "operation_failed")
    assert answer.json["detail"] == (
        "`zone_rate` cannot be called with these inputs: `weight` must be a number, not text."
    )
    assert answer.json["node"]["line"] == 8
    assert "blueprint" not in answer.json["node"]
    assert "calls" not in answer.json


def test_a_callee_that_fits_no_longer_makes_its_caller_one_with_errors(caller: Caller) -> None:
    save(caller.person, caller.project, "zone-rate", RATE.replace("weight", "kilos"))
    # It would stop its caller, so it waits for a person to say so.
    assert price(caller, {"weight": 3}).status_code == 200
    db.session.rollback()
    rate_id = caller.project.blueprints["zone-rate"]
    newest = service.get_blueprint(caller.person.actor, caller.project.id, rate_id).newest
    service.put_in_force(caller.person.actor, caller.project.id, rate_id, revision_id=newest.id)
    answer = price(caller, {"weight": 3})
    assert (answer.status_code, answer.json["code"]) == (422, "blueprint_has_errors")
    assert answer.json["detail"] == (
        "The Blueprint has 2 errors and cannot run. The first: line 8: `zone_rate` needs the input `kilos`."
    )
    assert [model["label"] for model in caller.get("/models").json] == ["Zone Rate"]
    assert caller.get("/models/price").status_code == 422
    save(caller.person, caller.project, "zone-rate", RATE)
    assert price(caller, {"weight": 3}).status_code == 200
    assert caller.get("/models/price").json["logicFlow"]["name"] == "price"


def test_a_callee_of_which_nothing_is_in_force_ends_the_run_at_the_call(caller: Caller) -> None:
    price(caller, {"weight": 3})
    with transaction() as session:
        rate = session.get_one(Blueprint, (caller.project.id, caller.project.blueprints["zone-rate"]))
        rate.revision_in_force_id = None
        session.get_one(Project, caller.project.id).release = new_id()
    answer = price(caller, {"weight": 3})
    assert (answer.status_code, answer.json["code"]) == (422, "operation_failed")
    assert "`zone_rate`" in answer.json["detail"]


def test_every_worker_sees_a_changed_callee_with_the_next_call(tmp_path: Path) -> None:
    with Server(tmp_path, workers=2) as server:
        app = create_app(server.settings)
        app.test_client_class = Browser
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context(), ThreadPoolExecutor(8) as pool:
            world = World(app)
            ada = world.person("Ada")
            project = world.project(ada, "Shipping", SOURCES)
            _, secret = world.key(ada, project)
            address = f"{server.url}/runtime/api/v1/{ada.appspace_id}/{project.id}/models/price/runs"

            def call(_: int) -> object:
                # A connection of its own for each call: they go to whichever worker is free.
                headers = {"X-API-Key": secret, "Content-Type": "application/json"}
                request = Request(address, b'{"parcel": {"weight": 10}}', headers)
                with urlopen(request, timeout=30) as answer:
                    return json.load(answer)["outputData"]["price"]

            for factor in (2, 3, 4, 5):
                save(ada, project, "zone-rate", RATE.replace("weight * 2", f"weight * {factor}"))
                assert set(pool.map(call, range(40))) == {10 * factor + 1}
            db.session.remove()
            db.engine.dispose()
