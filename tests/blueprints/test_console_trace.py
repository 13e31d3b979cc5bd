"""Runs in the console with a trace."""

import json

from sqlalchemy import select

from leapter.blueprints import runs
from leapter.blueprints.models import Run
from leapter.db import db
from tests.blueprints.test_calls import PRICE, RATE, shown
from tests.world import World


def test_a_run_in_the_console_has_a_trace_that_names_each_blueprint_and_is_not_stored(world: World) -> None:
    ada = world.person()
    project = world.project(ada, blueprints={"zone-rate": RATE, "price": PRICE})
    one = shown(ada, project, "price")
    assert runs.run_in_console(ada.actor, one, {}).trace is None
    ran = runs.run_in_console(ada.actor, one, {}, trace=True)
    assert ran.trace is not None
    told = ran.trace.to_json()
    assert [(event["event"], event["modelId"]) for event in told["trace"]] == [
        ("start", project.blueprints["price"]),
        ("call", project.blueprints["price"]),
        ("start", project.blueprints["zone-rate"]),
        ("statement", project.blueprints["zone-rate"]),
        ("return", project.blueprints["zone-rate"]),
        ("statement", project.blueprints["price"]),
        ("return", project.blueprints["price"]),
    ]
    stored = db.session.scalars(select(Run).where(Run.id == ran.run_id)).one()
    assert "dataContext" not in json.dumps([stored.input_data, stored.output_data])


def test_a_run_that_fails_in_the_console_has_its_trace_too(world: World) -> None:
    ada = world.person()
    source = "function f() -> out: number {\n//* Refuse\n@X-1 throw 'no';\n}"
    project = world.project(ada, blueprints={"refusal": source})
    ran = runs.run_in_console(ada.actor, shown(ada, project, "refusal"), {}, trace=True)
    assert ran.error is not None
    assert ran.trace is not None
    assert ran.trace.to_json()["trace"][-1]["nodeId"] == "X-1"
