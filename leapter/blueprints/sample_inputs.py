"""Inputs to try a Blueprint with: shown in curl lines, filled into the Run panel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Inputs with what a run of the revision in force made of them."""

    inputs: dict[str, Any]
    outcome: veritas.Outcome


def sample_inputs(blueprint: Blueprint) -> dict[str, Any]:
    """Inputs for the revision in force; none where none is in force.

    They are those of `sample_run`; where no run succeeds, they are made from the types.
    """
    program = program_in_force(blueprint)
    if program is None:
        return {}
    sample = sample_run(blueprint, program)
    return veritas.example_inputs(program.signature) if sample is None else sample.inputs


def sample_run(blueprint: Blueprint, program: LinkedProgram) -> Sample | None:
    """A run of `program`, the one in force, that succeeds within small limits; None where none is found.

    Its inputs are those of the first case, in the test suites kept with the project, that expects no error
    and does run; where there is none, they are made from the types.
    """
    for inputs in (*_suite_inputs(blueprint), veritas.example_inputs(program.signature)):
        try:
            outcome = program.run(inputs, limits=_LIMITS)
        except veritas.RunError:
            continue
        return Sample(inputs=dict(inputs), outcome=outcome)
    return None


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
