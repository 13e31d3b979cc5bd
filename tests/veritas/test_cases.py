"""The language's behaviour, one test for each case of tests/veritas/cases/."""

import pytest

from tests.veritas.runner import Case, load_cases, run_case


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in load_cases()])
def test_language(case: Case) -> None:
    run_case(case)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.id for case in load_cases()]
    assert len(names) == len(set(names))
