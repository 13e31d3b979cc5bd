import pytest

from leapter import veritas
from leapter.veritas.spelling import nearest

ONE_INPUT = """\
//* Twice
function twice(n: number) ->
    result: type number = 0
{{
    //* Set it
    result = {name};
}}
"""


@pytest.mark.parametrize(
    ("name", "meant"),
    [("m", None), ("nn", None), ("N", "n"), ("reslt", "result"), ("rseult", "result"), ("other", None)],
)
def test_only_a_likely_slip_is_taken_for_another_name(name: str, meant: str | None) -> None:
    (found,) = veritas.analyze(ONE_INPUT.format(name=name)).findings
    assert found.code == "unknown_name"
    assert (found.fix or "").startswith("Did you mean") is bool(meant)
    if meant:
        assert found.fix == f"Did you mean `{meant}`?"


def test_three_letters_may_have_one_wrong() -> None:
    assert nearest("tex", ["tax"]) == "tax"
    assert nearest("ta", ["tax", "to"]) is None
