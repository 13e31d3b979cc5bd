"""Inputs to try a Blueprint with: shown in curl lines, filled into the Run panel."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from leapter import veritas
from leapter.blueprints import programs
from leapter.blueprints.models import Blueprint
from leapter.blueprints.programs import LinkedProgram
from leapter.blueprints.suite_files import list_suites

# A sample that needs more is not worth the wait of the page that shows it.
_LIMITS = veritas.Limits(statements=50_000, wall_time_s=0.1)
_MAX_CASES = 20


def sample_inputs(blueprint: Blueprint) -> dict[str, Any]:
    """Inputs for the revision in force; none where none is in force.

    They are those of the first case, in the test suites kept with the project, that expects no error and does
    run; where there is none, they are made from the types.
    """
    program = program_in_force(blueprint)
    if program is None:
        return {}
    made = veritas.example_inputs(program.signature)
    tried = (inputs for inputs in (*_suite_inputs(blueprint), made) if _runs(program, inputs))
    return dict(next(tried, made))


def program_in_force(blueprint: Blueprint) -> LinkedProgram | None:
    """The program that callers reach, or None where there is none that this version can run."""
    if blueprint.revision_in_force_id is None:
        return None
    try:
        return programs.get(blueprint.revision_in_force_id, project_id=blueprint.project_id)
    except programs.CannotRunError:
        return None


def _suite_inputs(blueprint: Blueprint) -> Iterator[Mapping[str, object]]:
    cases = (case for stored in list_suites(blueprint) for case in stored.suite.cases)
    return islice((case.inputs for case in cases if not case.expects_error), _MAX_CASES)


def _runs(program: LinkedProgram, inputs: Mapping[str, object]) -> bool:
    try:
        program.run(inputs, limits=_LIMITS)
    except veritas.RunError:
        return False
    return True
