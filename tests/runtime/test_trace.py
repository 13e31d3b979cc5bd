"""Traces over HTTP: asked for in the address, answered beside the outputs or the error."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from leapter.blueprints.models import Run
from leapter.db import db, transaction
from leapter.projects.models import Project
from tests.runtime.conftest import Caller, flush


def traced(caller: Caller, query: str = "trace=true", **options: Any) -> Any:
    blueprint = options.pop("blueprint", "parcel-price")
    return caller.run(options.pop("inputs", None), path=f"{caller.path(blueprint)}?{query}", **options)


@pytest.mark.both_databases
def test_a_traced_run_answers_with_its_steps_beside_the_outputs(caller: Caller) -> None:
    answer = traced(caller, inputs={"weight_kg": 2})
    assert answer.status_code == 200
    assert answer.json["outputData"] == {"price": 5}
    told = answer.json["traceData"]
    assert set(told) == {"trace", "totalDuration"}
    first, *others = told["trace"]
    assert first["modelId"] == caller.project.blueprints["parcel-price"]
    assert first["dataContext"]["type"] == "full"
    assert first["dataContext"]["variables"]["weight_kg"] == 2
    assert {event["dataContext"]["type"] for event in others} == {"patch"}
    assert others[-1]["event"] == "return"


def test_a_run_without_the_parameter_has_no_trace(caller: Caller) -> None:
    for query in ("", "other=1", "trace=false", "trace=0", "trace=FALSE"):
        assert traced(caller, query).json == {"outputData": {"price": 5}}, query


@pytest.mark.parametrize("query", ["trace=true", "trace=True", "trace=1", "x=&trace=true&trace=1"])
def test_the_parameter_may_be_written_in_several_ways(caller: Caller, query: str) -> None:
    assert "traceData" in traced(caller, query).json


@pytest.mark.parametrize("query", ["trace=", "trace", "trace=yes", "trace=2", "trace=true&trace=false"])
def test_any_other_value_is_refused_with_what_to_write(caller: Caller, query: str) -> None:
    answer = traced(caller, query)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_query")
    assert "?trace=true" in answer.json["detail"]
    assert "X-Run-Id" not in answer.headers


def test_a_key_in_the_address_is_refused_as_ever(caller: Caller) -> None:
    answer = traced(caller, f"trace=true&X-API-Key={caller.secret}")
    assert (answer.status_code, answer.json["code"]) == (401, "api_key_in_url")
    assert caller.secret not in answer.text


def test_a_run_that_fails_answers_with_the_steps_up_to_what_failed(caller: Caller) -> None:
    untraced = caller.run({"weight_kg": 31.5}, "refusal")
    answer = traced(caller, inputs={"weight_kg": 31.5}, blueprint="refusal")
    assert answer.status_code == untraced.status_code == 422
    assert answer.json["detail"] == untraced.json["detail"]
    assert "traceData" not in untraced.json
    last = answer.json["traceData"]["trace"][-1]
    assert (last["nodeId"], last["event"]) == (answer.json["node"]["id"], "throw")


def test_inputs_that_do_not_fit_have_no_trace_since_nothing_ran(caller: Caller) -> None:
    answer = traced(caller, inputs={"weight_kg": "two"})
    assert answer.json["code"] == "invalid_input"
    assert "traceData" not in answer.json


@pytest.mark.both_databases
def test_a_trace_is_not_stored_with_the_run(caller: Caller) -> None:
    with transaction() as session:
        session.execute(update(Project).values(keeps_run_data=True))
    ids = [traced(caller).headers["X-Run-Id"], caller.run().headers["X-Run-Id"]]
    flush()
    with_trace, without = (db.session.scalars(select(Run).where(Run.id == run_id)).one() for run_id in ids)
    assert with_trace.output_data == without.output_data == {"price": 5}
    assert "traceData" not in json.dumps(caller.get(f"/runs/{ids[0]}").json)
