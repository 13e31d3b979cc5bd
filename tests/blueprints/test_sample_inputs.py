"""The inputs that are shown for trying a Blueprint do run."""

import json

import pytest

from leapter.blueprints import importing, programs
from leapter.blueprints.importing import import_archive
from leapter.blueprints.models import source_path
from leapter.blueprints.sample_inputs import sample_inputs
from leapter.projects.archive import read_files
from tests.world import PRICE, World

REFUSES_SMALL = """\
//* Loan
function loan(amount: number) -> rate: number {
    choose { if (amount < 500) { throw "Too little."; } }
    rate = 5;
}
"""


def imported(world: World, source: str, suite: object) -> object:
    files = {
        source_path("loan"): source.encode(),
        "logic/loan/tests/some.test.json": suite if isinstance(suite, bytes) else json.dumps(suite).encode(),
    }
    report = import_archive(world.person().actor, read_files("Loans", files), name="Loans")
    return report.blueprints[0].blueprint


@pytest.mark.parametrize("name", [example.name for example in importing.EXAMPLES])
def test_every_example_that_comes_along_is_shown_with_inputs_that_run(world: World, name: str) -> None:
    report = importing.import_example(world.person().actor, name)
    for one in report.blueprints:
        program = programs.get(one.blueprint.revision_in_force_id, project_id=one.blueprint.project_id)
        assert program.run(sample_inputs(one.blueprint)).outputs


def test_the_first_case_that_runs_is_taken(world: World) -> None:
    cases = [
        {"input": {"amount": 1}, "expectsError": True},
        {"input": {"amount": 2}},
        {"input": {"amount": 900}},
    ]
    assert sample_inputs(imported(world, REFUSES_SMALL, {"testCases": cases})) == {"amount": 900}


@pytest.mark.parametrize("suite", [b"{", [], {"testCases": 7}, {"testCases": ["x", {"input": "y"}]}])
def test_without_a_case_they_are_made_from_the_types(world: World, suite: object) -> None:
    assert sample_inputs(imported(world, PRICE, suite)) == {"weight_kg": 1}
