"""Test suites: how they are read, what is wrong with them, and what their cases say of a Blueprint."""

import json
import re
from typing import Any

import pytest

from leapter.veritas import LEFT_OUT, CaseResult, Limits, Suite, read_suite, run_suites
from leapter.veritas.json_text import MAX_DEPTH
from leapter.veritas.suite_runs import MAX_DIFFERENCES
from leapter.veritas.suites import MAX_SUITE_BYTES
from tests.veritas.programs import program

PRICE = """
//* Price
function price(
    //* Kilograms
    kg: number,
    //* Zone
    zone: type text = "home"
) ->
    //* Euros
    euros: type number = 0,
    //* Parts
    parts: list of number,
    //* Remark
    remark: text
{
    choose {
        //* Too heavy
        if (kg > 30) {
            //* Refuse
            throw "At most 30 kg, not " + kg + ".";
        }
    }
    euros = kg * 2.5;
    parts.push(kg);
    parts.push(1);
}
"""


def suite_of(*cases: dict[str, Any], **members: Any) -> Suite:
    data = {
        "id": "s",
        "label": "Suite",
        "modelType": "testSuite",
        "contentType": "application/json",
        "testCases": [
            {"id": f"c{number}", "label": f"Case {number}", **case} for number, case in enumerate(cases)
        ],
        **members,
    }
    return read_suite(json.dumps(data).encode())


def result_of(case: dict[str, Any], source: str = PRICE, **options: Any) -> CaseResult:
    suite = suite_of(case)
    assert not suite.has_errors
    (found,) = run_suites(program(source), [suite], **options)
    (result,) = found.results
    return result


def told(content: str | bytes) -> list[tuple[str, int, int, str]]:
    """Severity, line, column and message of each finding."""
    suite = read_suite(content if isinstance(content, bytes) else content.encode())
    return [(found.severity, found.line, found.column, found.message) for found in suite.findings]


# ---- reading ----


def test_a_suite_is_read_with_its_cases_in_their_order() -> None:
    suite = suite_of(
        {"group": "Weights", "input": {"kg": 2}, "expectedOutput": {"euros": 5}},
        {"input": {"kg": 31}, "expectsError": True, "expectedOutput": {"detail": "No."}},
    )
    assert (suite.id, suite.label, suite.findings) == ("s", "Suite", ())
    first, second = suite.cases
    assert (first.id, first.label, first.group) == ("c0", "Case 0", "Weights")
    assert (first.inputs, first.expected, first.expects_error) == ({"kg": 2}, {"euros": 5}, False)
    assert (second.group, second.expects_error) == ("", True)


def test_a_suite_may_leave_out_what_has_a_plain_meaning() -> None:
    suite = read_suite(
        b'\xef\xbb\xbf{"id": "x", "testCases": [{"expectedOutput": {"a": 1}, "note": "kept"}]}'
    )
    (case,) = suite.cases
    assert (suite.label, case.id, case.label, case.inputs) == ("x", "case-1", "case-1", {})
    assert [(found.severity, found.code) for found in suite.findings] == [("warning", "case_without_id")]


@pytest.mark.parametrize("content", ['{"id": "x"}', '{"testCases": null}'])
def test_a_suite_without_cases_is_one_all_the_same(content: str) -> None:
    suite = read_suite(content.encode())
    assert [(found.severity, found.code) for found in suite.findings] == [("warning", "suite_without_cases")]
    assert suite.cases == ()


def test_a_case_that_expects_nothing_is_warned_of() -> None:
    suite = suite_of({"input": {"kg": 1}})
    assert [found.code for found in suite.findings] == ["case_expects_nothing"]
    assert len(suite.cases) == 1


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ('{"id": "x",\n  "testCases": [}', (2, 17), "not JSON: expecting value"),
        ("[]", (1, 1), "is a JSON object"),
        ('{"testCases": {}}', (1, 15), "testCases must be a list"),
        ('{"testCases": [],\n "label": 7}', (2, 11), "label must be text"),
        ('{"testCases": [], "modelType": "logic"}', (1, 32), "modelType"),
        ('{"testCases": [], "contentType": "text/csv"}', (1, 34), "content type"),
        ('{"testCases": [\n  7]}', (2, 3), "test case is a JSON object"),
        ('{"testCases": [{"id": 7}]}', (1, 23), "id must be text"),
        ('{"testCases": [{"id": "a", "input": []}]}', (1, 37), "input must be an object"),
        ('{"testCases": [{"id": "a", "expectsError": 1}]}', (1, 44), "expectsError must be true or false"),
        (
            '{"testCases": [{"id": "a", "expectsError": true, "expectedOutput": {"detail": 1}}]}',
            (1, 79),
            "detail of expectedOutput is the text",
        ),
        ('{"testCases": [], "label": NaN}', (1, 28), "NaN is not JSON"),
        ('{"testCases": [{"id": "NaN", "input": {"a": NaN}}]}', (1, 45), "NaN is not JSON"),
        ('{"a": 1e999}', (1, 7), "too large"),
        ('{"a": 1' + "0" * 309 + "}", (1, 7), "too large"),
        ('{"a": 1' + "0" * 5000 + "}", (1, 7), "too large"),
        (b'{\n"a": "\xff"}', (2, 7), "not UTF-8"),
        ('{"a": "\\ud83d\\ude00",\n"b": "\\uD83D"}', (1, 8), "half a character"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), (1, 1), "nested too deeply"),
        ("[" * 100_000, (1, 1), "nested too deeply"),
        (b" " * (MAX_SUITE_BYTES + 1), (1, 1), "longer than 1 MiB"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    content: str | bytes, place: tuple[int, int], words: str
) -> None:
    ((severity, line, column, message),) = told(content)
    assert (severity, (line, column)) == ("error", place)
    assert words in message


def test_every_problem_is_told_and_the_sound_cases_stay() -> None:
    content = """{
  "id": "x", "id": "y",
  "testCases": [
    {"id": "a", "expectedOutput": {"b": 1}},
    {"id": "a", "expectedOutput": {"b": 2}},
    {"id": "c", "input": 1, "group": [], "expectedOutput": {"b": [1, [], {}, {"c": "d, e"}]}},
    {"id": "d", "expectedOutput": {"b": 1, "b": 2}}
  ]
}"""
    suite = read_suite(content.encode())
    assert [case.id for case in suite.cases] == ["a", "d"]
    assert suite.cases[1].expected == {"b": 2}
    assert [(found.line, found.column, found.code) for found in suite.findings] == [
        (2, 14, "member_written_twice"),
        (5, 12, "case_id_taken"),
        (6, 26, "wrong_member"),
        (6, 38, "wrong_member"),
        (7, 44, "member_written_twice"),
    ]


def test_a_case_whose_made_up_id_is_taken_is_told_at_the_case() -> None:
    content = b'{"testCases": [{"id": "case-2", "expectedOutput": {"a": 1}}, {"expectedOutput": {"a": 1}}]}'
    suite = read_suite(content)
    assert [(found.column, found.code) for found in suite.findings] == [
        (62, "case_without_id"),
        (62, "case_id_taken"),
    ]


def test_depth_is_allowed_up_to_its_bound() -> None:
    inside = MAX_DEPTH - 4  # suite, cases, case, input
    content = '{"testCases": [{"id": "a", "expectsError": true, "input": {"b": %s}}]}'
    suite = read_suite((content % ("[" * inside + "]" * inside)).encode())
    assert suite.findings == ()
    deeper = read_suite((content % ("[" * (inside + 1) + "]" * (inside + 1))).encode())
    assert [found.code for found in deeper.findings] == ["suite_not_json"]


def test_a_character_written_as_two_escapes_is_one() -> None:
    suite = read_suite(b'{"label": "\\ud83d\\ude00", "testCases": []}')
    assert (suite.label, suite.findings) == ("\N{GRINNING FACE}", ())


# ---- cases ----


@pytest.mark.parametrize(
    "case",
    [
        {"input": {"kg": 2}, "expectedOutput": {"euros": 5}},
        {"input": {"kg": 2}, "expectedOutput": {"euros": 5.0, "parts": [2.0, 1]}},
        {"input": {"kg": 2}, "expectedOutput": {"remark": None}},
        {"input": {"kg": 2}, "expectedOutput": {}},
        {"input": {"kg": 31}, "expectsError": True, "expectedOutput": {"detail": "At most 30 kg, not 31."}},
        {"input": {"kg": 31}, "expectsError": True},
        {"input": {"kg": "2"}, "expectsError": True},
        {"input": {}, "expectsError": True, "expectedOutput": {"detail": "Input `kg` is required."}},
    ],
)
def test_a_case_passes(case: dict[str, Any]) -> None:
    result = result_of(case)
    assert (result.status, result.message, result.differences) == ("passed", "", ())
    assert result.to_json() == {"id": "c0", "label": "Case 0", "group": "", "status": "passed"}


def test_a_limit_is_an_error_that_a_case_can_expect() -> None:
    case = {"input": {"kg": 2}, "expectsError": True}
    assert result_of(case, limits=Limits(statements=1)).status == "passed"


@pytest.mark.parametrize(
    ("expected", "differences"),
    [
        ({"euros": 6, "parts": [2, 1]}, [("euros", 6, 5)]),
        ({"euros": True}, [("euros", True, 5)]),
        ({"euros": "5"}, [("euros", "5", 5)]),
        ({"euros": None}, [("euros", None, 5)]),
        ({"euros": [5]}, [("euros", [5], 5)]),
        ({"remark": ""}, [("remark", "", LEFT_OUT)]),
        ({"parts": [2]}, [("parts[1]", LEFT_OUT, 1)]),
        ({"parts": [2, 2, 3]}, [("parts[1]", 2, 1), ("parts[2]", 3, LEFT_OUT)]),
        ({"parts": {"0": 2}}, [("parts", {"0": 2}, [2, 1])]),
        ({"detail": "x", "euros": 6}, [("detail", "x", LEFT_OUT), ("euros", 6, 5)]),
    ],
)
def test_a_case_that_fails_says_where_it_differs(
    expected: dict[str, Any], differences: list[tuple[str, object, object]]
) -> None:
    result = result_of({"input": {"kg": 2}, "expectedOutput": expected})
    assert result.status == "failed"
    assert [(found.path, found.expected, found.actual) for found in result.differences] == differences
    count = len(differences)
    counted = "1 value differs." if count == 1 else f"{count} values differ."
    unknown = " `detail` is no output of this Blueprint." if "detail" in expected else ""
    assert result.message == counted + unknown


def test_objects_are_compared_member_by_member() -> None:
    source = """
    function f(o: any single) -> r: any single { r = o; }
    """
    case = {"input": {"o": {"a": 1, "b c": {"d": 2}}}, "expectedOutput": {"r": {"b c": {"d": 3}, "e": 4}}}
    assert [difference.to_json() for difference in result_of(case, source).differences] == [
        {"path": 'r["b c"].d', "expected": 3, "actual": 2},
        {"path": "r.e", "expected": 4},
        {"path": "r.a", "actual": 1},
    ]
    assert repr(LEFT_OUT) == "left out"


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"input": {"kg": 31}}, "The run ended with an error: At most 30 kg, not 31."),
        ({"input": {}}, "The run ended with an error: Input `kg` is required."),
        ({"input": {"kg": 1}, "expectsError": True}, "The run ended well, where an error is expected."),
        (
            {"input": {"kg": 1}, "expectsError": True, "expectedOutput": {"detail": "Too light."}},
            "The run ended well, where an error is expected: Too light.",
        ),
        (
            {"input": {"kg": 31}, "expectsError": True, "expectedOutput": {"detail": "Too heavy."}},
            "The run ended with another error than the expected one.",
        ),
    ],
)
def test_a_case_is_an_error_where_the_run_ends_in_another_way(case: dict[str, Any], message: str) -> None:
    result = result_of(case)
    assert (result.status, result.message) == ("error", message)


def test_an_error_says_where_the_run_ended_and_how_its_text_differs() -> None:
    result = result_of(
        {"input": {"kg": 31}, "expectsError": True, "expectedOutput": {"detail": "Too heavy."}}
    )
    data = result.to_json()
    assert data["differences"] == [
        {"path": "detail", "expected": "Too heavy.", "actual": "At most 30 kg, not 31."}
    ]
    assert (data["node"]["label"], data["node"]["line"]) == ("Refuse", 20)
    assert re.fullmatch("X-[0-9a-f]+", data["node"]["id"])


def test_an_unknown_input_is_an_error_unless_the_project_ignores_it() -> None:
    case = {"input": {"kg": 2, "color": "red"}, "expectedOutput": {"euros": 5}}
    assert result_of(case).status == "error"
    assert result_of(case, ignore_unknown_inputs=True).status == "passed"


def test_only_the_first_differences_are_told_and_long_values_are_cut() -> None:
    source = """
    function f(items: list of number, note: text) -> out: list of number, said: text {
        out = items;
        said = note;
    }
    """
    inputs = {"items": [1] * 200, "note": "x" * 5000}
    many = result_of({"input": inputs, "expectedOutput": {"out": [2] * 200}}, source)
    assert len(many.differences) == MAX_DIFFERENCES
    assert many.message == f"{MAX_DIFFERENCES} values or more differ."
    long = result_of({"input": inputs, "expectedOutput": {"said": 1}}, source)
    assert long.differences[0].actual == "x" * 2000 + "…"


# ---- suites ----


def test_a_suite_is_green_when_all_of_it_could_be_read_and_passes() -> None:
    price = program(PRICE)
    good = {"input": {"kg": 2}, "expectedOutput": {"euros": 5}}
    bad = {"input": {"kg": 2}, "expectedOutput": {"euros": 6}}
    results = run_suites(
        price, [suite_of(good), suite_of(good, bad), suite_of(good, modelType="logic"), read_suite(b"")]
    )
    assert [result.is_green for result in results] == [True, False, False, False]
    assert [[case.status for case in result.results] for result in results] == [
        ["passed"],
        ["passed", "failed"],
        ["passed"],
        [],
    ]


def test_the_same_suites_say_the_same_again() -> None:
    price = program(PRICE)
    suites = [suite_of({"input": {"kg": 31}}, {"input": {"kg": 3}, "expectedOutput": {"parts": []}})]
    assert run_suites(price, suites) == run_suites(price, suites)


ENDLESS = "function f(n: number) -> out: number { while (true) { out = n; } }"


def test_all_cases_together_are_bounded_in_time() -> None:
    expecting = {"input": {"n": 1}, "expectsError": True}
    endless = Limits(statements=10**12)
    (result,) = run_suites(
        program(ENDLESS), [suite_of(expecting, expecting)], limits=endless, wall_time_s=0.05
    )
    # Also where an error is expected: the clock of the whole is no answer of the Blueprint.
    assert [case.status for case in result.results] == ["error", "error"]
    assert {case.message for case in result.results} == {
        "The tests of this Blueprint may take 0.05 seconds together; this case did not end within them."
    }


def test_the_wall_time_of_one_run_stays_an_error_that_a_case_can_expect() -> None:
    limits = Limits(statements=10**12, wall_time_s=0.05)
    assert result_of({"input": {"n": 1}, "expectsError": True}, ENDLESS, limits=limits).status == "passed"
    assert "0.05" in result_of({"input": {"n": 1}}, ENDLESS, limits=limits).message
