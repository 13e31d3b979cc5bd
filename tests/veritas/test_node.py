"""Veritas against JavaScript: generated programs, run here and by the machine's Node.

What is left out of the comparison, and why, stands in generated.py.
"""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leapter.veritas import Analysis, OperationFailed, analyze, compile_program
from leapter.veritas.numbers import number_to_text
from leapter.veritas.values import ABSENT, NULL
from tests.prepare import find_node
from tests.veritas.generated import Generator, Program
from tests.veritas.generated_expressions import NAMES

SEED = 20260331
EXPRESSIONS = 5000
STATEMENTS = 1500

# What the checker refuses because it could only fail, or be undefined, in JavaScript too.
REFUSED = {"unknown_property", "wrong_receiver", "not_a_list", "not_an_object"}


@pytest.fixture(scope="module")
def node() -> str:
    path = find_node()
    if path is None:
        reason = "There is no Node to compare with."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def _results_of_node(node: str, programs: list[Program]) -> list[dict[str, Any]]:
    script = Path(__file__).with_name("node.js")
    sent = {
        "names": NAMES,
        "programs": [[made.javascript, [made.inputs[name] for name in NAMES]] for made in programs],
    }
    done = subprocess.run(
        [node, str(script)],
        input=json.dumps(sent),
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def _described(value: object) -> list[object]:
    """A value of a run in the form of node.js."""
    if value is ABSENT:
        return ["absent"]
    if value is NULL:
        return ["null"]
    if isinstance(value, bool):
        return ["boolean", value]
    if isinstance(value, float):
        return ["number", "-0" if value == 0 and str(value)[0] == "-" else number_to_text(value)]
    if isinstance(value, str):
        # Pairs of surrogates become characters, as JSON makes of them; single ones stay.
        return ["string", value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")]
    if isinstance(value, list):
        return ["list", [_described(element) for element in value]]
    assert isinstance(value, dict)
    return ["object", [[key, _described(member)] for key, member in value.items()]]


def _result_of_veritas(analysis: Analysis, made: Program) -> dict[str, object]:
    assert analysis.document is not None
    program = compile_program(analysis.document)
    # The values themselves are wanted, with -0, NaN and absent, which JSON could not tell.
    program._write = lambda state, results: {"raw": results[0]}
    try:
        outcome = program.run(made.inputs)
    except OperationFailed as error:
        return {"error": error.message}
    return {"value": _described(outcome.outputs["raw"])}


def _differences(node: str, programs: list[Program]) -> tuple[list[str], Counter[str]]:
    found: list[str] = []
    counts: Counter[str] = Counter()
    for made, expected in zip(programs, _results_of_node(node, programs), strict=True):
        analysis = analyze(made.veritas)
        errors = {finding.code for finding in analysis.findings if finding.severity == "error"}
        if errors:
            counts["refused"] += 1
            if not errors <= REFUSED:
                found.append(f"refused: {analysis.findings}\n{made.veritas}")
            continue
        result = _result_of_veritas(analysis, made)
        counts[next(iter(result))] += 1
        same = "error" in expected if "error" in result else result == expected
        if not same or expected.get("error") == "SyntaxError":
            found.append(
                f"{made.veritas}\n{made.javascript}\n{made.inputs}\n  Node: {expected}\n  here: {result}"
            )
    return found, counts


def test_expressions_mean_what_they_mean_in_javascript(node: str) -> None:
    generator = Generator(SEED)
    programs = [generator.expression_program() for _ in range(EXPRESSIONS)]
    found, counts = _differences(node, programs)
    assert not found, f"{len(found)} differ:\n" + "\n\n".join(found[:10])
    # The greater part must get as far as a value, or little is compared.
    assert counts["value"] > 0.8 * EXPRESSIONS, counts


def test_statements_do_what_they_do_in_javascript(node: str) -> None:
    generator = Generator(SEED + 1)
    programs = [generator.statement_program() for _ in range(STATEMENTS)]
    found, counts = _differences(node, programs)
    assert not found, f"{len(found)} differ:\n" + "\n\n".join(found[:10])
    assert counts["value"] > 0.5 * STATEMENTS, counts
