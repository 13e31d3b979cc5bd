"""The example projects keep what they promise: no finding, and every case of every suite passes."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import leapter.projects
from leapter.veritas import (
    Analysis,
    Environment,
    Program,
    RunError,
    Types,
    analyze,
    analyze_types,
    compile_program,
)

EXAMPLES = Path(leapter.projects.__file__).parent / "examples"
MANIFESTS = sorted(EXAMPLES.glob("*/leapter.project"))
BLUEPRINTS = sorted(EXAMPLES.glob("*/logic/*/*.logic.vts"))
SUITES = sorted(EXAMPLES.glob("*/logic/*/tests/*.test.json"))


def blueprint_of(suite: Path) -> Path:
    folder = suite.parents[1]
    return folder / f"{folder.name}.logic.vts"


def cases_of(suite: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(suite.read_text(encoding="utf-8"))["testCases"]
    return cases


@cache
def types_of(project: Path) -> Types:
    """What the project's types document defines, without a finding."""
    document = project / "data/types.data.vts"
    analysis = analyze_types(document.read_text(encoding="utf-8") if document.exists() else "")
    assert analysis.findings == ()
    return analysis.types


@cache
def analysis_of(blueprint: Path) -> Analysis:
    """The Blueprint as it stands among the others of its project."""
    folder = blueprint.parents[1]
    types = types_of(folder.parent)
    signatures = {}
    for other in folder.glob("*/*.logic.vts"):
        signature = analyze(other.read_text(encoding="utf-8"), Environment(types=types)).signature
        assert signature is not None
        signatures[signature.call_identifier] = signature
    return analyze(blueprint.read_text(encoding="utf-8"), Environment(types=types, blueprints=signatures))


@cache
def program_of(blueprint: Path) -> Program:
    document = analysis_of(blueprint).document
    assert document is not None
    return compile_program(document)


def library_of(blueprint: Path) -> dict[str, Program]:
    programs = [program_of(path) for path in BLUEPRINTS if path.parents[1] == blueprint.parents[1]]
    return {program.signature.call_identifier: program for program in programs}


def as_json(value: object) -> str:
    """JSON text that is the same for equal values: every number as a double, so 5 is 5.0 but never `true`."""
    return json.dumps(json.loads(json.dumps(value), parse_int=float), sort_keys=True)


def test_there_are_two_projects_with_seven_blueprints() -> None:
    assert [path.parent.name for path in MANIFESTS] == ["consumer-lending", "parcel-shipping"]
    assert len(BLUEPRINTS) == 7


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.parent.name)
def test_manifest_names_a_main_blueprint_and_leaves_the_id_to_the_import(path: Path) -> None:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest["leapFormat"] == 1
    assert set(manifest["app"]) == {"label", "description"}
    assert (path.parent / "logic" / manifest["main"] / f"{manifest['main']}.logic.vts").is_file()


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_blueprint_has_no_finding(path: Path) -> None:
    assert [str(finding) for finding in analysis_of(path).findings] == []


def test_a_blueprint_of_each_calls_others() -> None:
    calls = {path.parent.name: analysis_of(path).calls for path in BLUEPRINTS if analysis_of(path).calls}
    assert calls == {
        "checkout-offer": {"parcel_price", "delivery_promise"},
        "loan-application": {"instalment_plan", "loan_decision"},
    }


def test_one_blueprint_uses_types_of_its_project() -> None:
    (path,) = [path for path in BLUEPRINTS if analysis_of(path).uses_types]
    assert path.parent.name == "loan-application"
    types = types_of(path.parents[2])
    assert list(types.definitions) == ["Employment", "Euro", "Applicant"]


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_blueprint_is_short_and_explains_itself(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    signature = analysis_of(path).signature
    assert signature is not None
    assert 30 <= len(source.splitlines()) <= 90
    assert signature.call_identifier == path.parent.name.replace("-", "_")
    assert signature.description
    assert all(parameter.label for parameter in (*signature.inputs, *signature.outputs))


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.parent.name)
def test_blueprint_has_suites_and_each_shows_a_refusal(path: Path) -> None:
    suites = [suite for suite in SUITES if blueprint_of(suite) == path]
    assert suites
    for suite in suites:
        assert 5 <= len(cases_of(suite)) <= 10
        assert any(case.get("expectsError") for case in cases_of(suite))


@pytest.mark.parametrize(
    ("blueprint", "case"),
    [
        pytest.param(blueprint_of(suite), case, id=f"{suite.parents[1].name}-{case['id']}")
        for suite in SUITES
        for case in cases_of(suite)
    ],
)
def test_case_of_a_suite_passes(blueprint: Path, case: dict[str, Any]) -> None:
    program = program_of(blueprint)
    expected = case["expectedOutput"]
    if case.get("expectsError"):
        with pytest.raises(RunError) as caught:
            program.run(case["input"], library=library_of(blueprint))
        assert str(caught.value) == expected.get("detail", str(caught.value))
    else:
        outputs = program.run(case["input"], library=library_of(blueprint)).outputs
        assert as_json({name: outputs.get(name) for name in expected}) == as_json(expected)
