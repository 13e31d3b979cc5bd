import pytest

from leapter import veritas
from leapter.blueprints import panel
from tests.blueprints.sources import INPUTS


@pytest.fixture(scope="module")
def signature() -> veritas.Signature:
    analysis = veritas.analyze(INPUTS)
    assert not analysis.has_errors, analysis.findings
    assert analysis.signature is not None
    return analysis.signature


def read(signature: veritas.Signature, **typed: str) -> tuple[dict[str, object], dict[str, str]]:
    inputs, faults = panel.read(signature, {panel.PREFIX + name: text for name, text in typed.items()})
    return inputs, {fault.path: fault.message for fault in faults}


def test_each_type_gets_its_field(signature: veritas.Signature) -> None:
    kinds = {field.name: field.kind for field in panel.fields(signature)}
    assert kinds == {
        "weight": "number",
        "note": "text",
        "remote": "boolean",
        "zone": "choice",
        "level": "choice",
        "prices": "list",
        "names": "list",
        "greeting": "text",
    }


def test_labels_descriptions_and_what_is_required_are_shown(signature: veritas.Signature) -> None:
    fields = {field.name: field for field in panel.fields(signature)}
    assert (fields["weight"].label, fields["weight"].description) == ("Weight (kg)", "On the scale.")
    assert [name for name, field in fields.items() if not field.required] == ["level", "names", "greeting"]


def test_defaults_stand_in_the_fields(signature: veritas.Signature) -> None:
    values = {field.name: field.value for field in panel.fields(signature) if field.value}
    assert values == {"level": "2.5", "names": "a\nb", "greeting": "hello"}


def test_a_choice_without_a_default_asks_for_one(signature: veritas.Signature) -> None:
    fields = {field.name: field for field in panel.fields(signature)}
    assert fields["zone"].options == (("", "Choose …"), ('"eu"', "eu"), ('"world"', "world"))
    assert fields["level"].options == (("1", "1"), ("2.5", "2.5"))


def test_the_example_is_read_back_as_the_inputs_it_stands_for(signature: veritas.Signature) -> None:
    inputs, faults = panel.read(signature, panel.values_of(signature, veritas.example_inputs(signature)))
    assert faults == ()
    assert inputs == veritas.example_inputs(signature)


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" -1.5 ", -1.5), (".5", 0.5), ("1e3", 1000.0), ("9007199254740993", 9007199254740993)],
)
def test_numbers_are_read(signature: veritas.Signature, text: str, number: float) -> None:
    assert read(signature, weight=text)[0] == {"weight": number}


@pytest.mark.parametrize("text", ["1,5", "abc", "NaN", "Infinity", "1e9999", "1e309", "0x10", "1" * 401])
def test_what_is_no_number_is_said_beside_the_field(signature: veritas.Signature, text: str) -> None:
    inputs, faults = read(signature, weight=text)
    assert "weight" not in inputs
    assert faults["weight"].startswith("must be")


def test_empty_fields_are_left_out_but_a_list_is_empty(signature: veritas.Signature) -> None:
    inputs, faults = read(
        signature, weight="", note="", remote="", zone="", level="", prices="", names="", greeting=""
    )
    assert faults == {}
    assert inputs == {"prices": [], "names": [], "greeting": ""}


@pytest.mark.parametrize("text", ["1\r\n2.5\r\n", "[1, 2.5]", " 1 \n\n 2.5"])
def test_a_list_is_one_a_line_or_json(signature: veritas.Signature, text: str) -> None:
    assert read(signature, prices=text)[0] == {"prices": [1, 2.5]}


def test_a_list_of_texts_takes_lines_as_they_are(signature: veritas.Signature) -> None:
    assert read(signature, names='anna\n"bob"\n7')[0] == {"names": ["anna", '"bob"', "7"]}


@pytest.mark.parametrize("text", ["[1, ", "[NaN]", "[" * 100_000, "1\ntwo"])
def test_a_list_that_cannot_be_read_is_said(signature: veritas.Signature, text: str) -> None:
    assert read(signature, prices=text)[1]["prices"].startswith("must be")


def test_texts_that_lines_cannot_hold_are_shown_as_json() -> None:
    source = INPUTS.replace('["a", "b"]', '["a b", " c", ""]')
    signature = veritas.analyze(source).signature
    assert signature is not None
    (field,) = (field for field in panel.fields(signature) if field.name == "names")
    assert read(signature, names=field.value)[0] == {"names": ["a b", " c", ""]}


def test_faults_stand_beside_the_input_that_their_path_begins_with(signature: veritas.Signature) -> None:
    faults = [
        veritas.Fault(path="prices[3]", message="must be a number"),
        veritas.Fault(path="weight", message="is required"),
        veritas.Fault(path="unknown", message="is not an input"),
    ]
    errors = {field.name: field.errors for field in panel.fields(signature, {}, faults) if field.errors}
    assert errors == {"prices": ("prices[3] must be a number.",), "weight": ("This is required.",)}
    assert panel.without_field(signature, faults) == [faults[2]]


def test_whole_numbers_are_written_as_such() -> None:
    assert panel.plain(5.0) == "5"
    assert panel.plain("5") == "5"
    assert panel.plain([1.0, {"a": 2.5}]) == '[1, {"a": 2.5}]'
    assert panel.plain(True) == "true"


DATES = """\
function dates(
    day: date,
    at: time,
    moment: type datetime = "2026-03-31T14:30:00",
    span: type duration = null,
    period: range,
    days: type list of date = ["2026-01-01"],
    quarter: type date choice ["2026-01-01", "2026-04-01"]
) -> out: date { out = day; }
"""


@pytest.fixture(scope="module")
def dates() -> veritas.Signature:
    signature = veritas.analyze(DATES).signature
    assert signature is not None
    return signature


def test_dates_have_fields_of_text_that_say_how_they_are_written(dates: veritas.Signature) -> None:
    shown = {field.name: (field.kind, field.value, field.hint) for field in panel.fields(dates)}
    assert shown == {
        "day": ("date or time", "", "Such as 2026-03-31."),
        "at": ("date or time", "", "Such as 14:30."),
        "moment": ("date or time", "2026-03-31T14:30:00", "Such as 2026-03-31T14:30:00."),
        "span": ("date or time", "", "Such as P1M or P10D."),
        "period": ("json", "", 'As JSON, such as {"from": 1, "to": 10}.'),
        "days": ("list", "2026-01-01", "One a line, or a JSON list."),
        "quarter": ("choice", "", ""),
    }


def test_a_half_typed_date_is_sent_and_refused_not_left_out(dates: veritas.Signature) -> None:
    inputs, faults = read(dates, day="2026-03-", moment=" 2026-03-31 ", span="")
    assert faults == {}
    assert inputs == {"day": "2026-03-", "moment": "2026-03-31"}
    document = veritas.analyze(DATES).document
    assert document is not None
    with pytest.raises(veritas.InputError) as refused:
        veritas.compile_program(document).run(inputs)
    assert {"day", "moment"} <= {fault.path for fault in refused.value.faults}


def test_dates_are_read_back_as_the_inputs_they_stand_for(dates: veritas.Signature) -> None:
    for inputs in (
        veritas.example_inputs(dates),
        veritas.example_inputs(dates) | {"days": [None, "2026-01-01"], "period": {"min": None, "max": 5}},
    ):
        assert panel.read(dates, panel.values_of(dates, inputs)) == (inputs, ())


def test_no_date_is_an_empty_field(dates: veritas.Signature) -> None:
    assert panel.values_of(dates, {"day": None})["input.day"] == ""


STRUCTURES = """
define Level as number constrained_to [1, 2]
define Many { a: number b: number c: number d: number e: number f: number g: number h: number
    i: number j: number k: number l: number m: number }
define Small { level: Level note: _text? }
define None_ {}
"""


def test_inputs_of_structures_begin_with_an_example_and_say_what_is_in_them() -> None:
    types = veritas.analyze_types(STRUCTURES).types
    source = """
    function f(one: Small, several: list of Small, named: map of Small, many: Many, none: None_,
        levels: list of Level, given: type Small = {"level": 2}) -> x: number { x = 1; }
    """
    signature = veritas.analyze(source, veritas.Environment(types=types)).signature
    assert signature is not None
    fields = {field.name: field for field in panel.fields(signature)}
    assert {name: field.hint for name, field in fields.items()} == {
        "one": "As JSON, with level, note (optional).",
        "several": "As a JSON list, each with level, note (optional).",
        "named": "As a JSON object of names, each with level, note (optional).",
        "many": "As JSON, with a, b, c, d, e, f, g, h, i, j, k, l, 1 more.",
        "none": "As JSON, with no fields.",
        "levels": "One a line, or a JSON list. Allowed: 1, 2.",
        "given": "As JSON, with level, note (optional).",
    }
    assert {name: field.structure for name, field in fields.items()}["several"] == "Small"
    assert (fields["levels"].kind, fields["levels"].structure) == ("list", "")
    assert fields["given"].value == '{\n  "level": 2\n}'
    inputs, faults = panel.read(signature, {field.id: field.value for field in fields.values()})
    assert faults == ()
    assert inputs["several"] == [{"level": 1, "note": "note"}]
    assert (fields["one"].rows, fields["many"].rows, fields["none"].rows) == (4, 15, 3)
