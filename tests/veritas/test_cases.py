"""The language's behaviour, one test for each case of tests/veritas/cases/."""

import json

import pytest

from tests.veritas.runner import MEMBERS, RULES, Case, load_cases, run_case


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in load_cases()])
def test_language(case: Case) -> None:
    run_case(case)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.id for case in load_cases()]
    assert len(names) == len(set(names))


def test_every_case_holds_only_what_the_runner_reads() -> None:
    assert {case.id: case.data.keys() - MEMBERS for case in load_cases() if case.data.keys() - MEMBERS} == {}


def test_every_case_names_the_rule_that_it_shows_and_every_rule_has_a_case() -> None:
    content = json.loads(RULES.read_text(encoding="utf-8"))
    rules = [rule["id"] for rule in content["rules"]]
    assert len(rules) == len(set(rules))
    cases = load_cases()
    assert [case.id for case in cases if "rule" not in case.data] == []
    named = {rule for case in cases for rule in case.rules}
    assert named - set(rules) == set(), "cases name rules that are not in rules.json"
    # Rules of parts that are still being written.
    pending = set(content["pending"])
    assert pending <= set(rules)
    assert [rule for rule in rules if rule not in named | pending] == [], "rules without a case"
