"""How messages about sources and runs are shown."""

import pytest

from leapter.web.messages import shown_fix, with_code


def test_what_stands_between_backticks_is_code_and_the_rest_is_escaped() -> None:
    shown = with_code("`lenght_cm` is <b>not</b> declared; `a < b` is, ` is not.")
    assert shown == (
        "<code>lenght_cm</code> is &lt;b&gt;not&lt;/b&gt; declared; <code>a &lt; b</code> is, ` is not."
    )
    assert with_code(shown) == shown


@pytest.mark.parametrize(
    ("fix", "shown"),
    [
        ("services_eur += 1", "Write: <code>services_eur += 1</code>"),
        ("Math.floor(a / b)", "Write: <code>Math.floor(a / b)</code>"),
        ("x = a < b", "Write: <code>x = a &lt; b</code>"),
        ("Write a + 1", "Write a + 1"),
        ("Did you mean `length_cm`?", "Did you mean <code>length_cm</code>?"),
        ("Delete it, or write this place anew.", "Delete it, or write this place anew."),
        ("`f` is a function; call it: f(…)", "<code>f</code> is a function; call it: f(…)"),
    ],
)
def test_a_fix_that_is_code_says_that_it_is_to_be_written(fix: str, shown: str) -> None:
    assert shown_fix(fix) == shown
