"""What the rest of the product relies on."""

import ast
import copy
import json
import pickle
import sys
import threading
from pathlib import Path

import pytest

import leapter.veritas
from leapter.veritas import (
    Finding,
    InputError,
    LimitExceeded,
    Limits,
    analyze,
    call_identifier,
    compile_program,
    example_inputs,
    input_schema,
    output_schema,
    syntax_tree,
)
from tests.veritas.programs import program, program_of, run

SOURCE = '''
//#id 7f1d0000-0000-4000-8000-000000000001
//* Late Fee (EU)
"""Why it exists."""
function fee(
    //* Amount
    """In euros"""
    @V-00aa amount: number,
    tier: type _text choice ["basic", "gold"] = "gold",
    items: list of list of number,
    flags: map of boolean,
    anything: any single,
    rate: percent,
) ->
    //* Fee
    out: type number = 0.5,
    notes: list of _text
{
    //* Set
    out = amount * rate;
}
'''


def test_signature_tells_what_a_caller_needs() -> None:
    signature = analyze(SOURCE).signature
    assert signature is not None
    assert signature.id == "7f1d0000-0000-4000-8000-000000000001"
    assert (signature.function_name, signature.label) == ("fee", "Late Fee (EU)")
    assert (signature.call_identifier, signature.description) == ("late_fee_eu", "Why it exists.")
    amount, tier, items, *_ = signature.inputs
    assert (amount.name, amount.label, amount.description, amount.node_id) == (
        "amount",
        "Amount",
        "In euros",
        "V-00aa",
    )
    assert (amount.required, amount.has_default, amount.choices) == (True, False, None)
    assert (tier.required, tier.has_default, tier.default) == (False, True, "gold")
    assert tier.choices == ("basic", "gold")
    assert [str(parameter.type) for parameter in (amount, tier, items)] == [
        "number",
        "_text",
        "list of list of number",
    ]
    assert [output.default for output in signature.outputs] == [0.5, None]


def test_label_falls_back_to_the_name_of_the_function() -> None:
    signature = analyze("function parkingFee() -> out: number { out = 1; }").signature
    assert signature is not None
    assert (signature.label, signature.call_identifier, signature.id) == ("parkingFee", "parkingfee", None)


@pytest.mark.parametrize(
    ("label", "identifier"),
    [
        ("Late Fee (EU)", "late_fee_eu"),
        ("  Ä-Zone__2 ", "zone_2"),
        ("already_there", "already_there"),
        ("A::B", "a_b"),
        ("料金", ""),
    ],
)
def test_call_identifier_of_a_label(label: str, identifier: str) -> None:
    assert call_identifier(label) == identifier


def test_a_label_without_ascii_is_called_by_the_function_name() -> None:
    signature = analyze("//* 料金\nfunction fee() -> out: number { out = 1; }").signature
    assert signature is not None
    assert signature.call_identifier == "fee"


def test_signature_is_there_although_the_body_has_errors() -> None:
    analysis = analyze("function f(a: number) -> out: number { out = nope; }")
    assert analysis.has_errors
    assert analysis.signature is not None
    assert analysis.document is not None
    with pytest.raises(ValueError, match="errors"):
        compile_program(analysis.document)


def test_findings_go_through_json() -> None:
    for finding in analyze("function f() -> out: number {\n\tout = nope;\n}").findings:
        assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


def test_excerpt_shows_the_line_and_a_caret_under_the_column() -> None:
    finding = next(f for f in analyze("function f() -> out: number {\n\tout = nope;\n}").findings if f.fix)
    assert finding.excerpt.split("\n") in (
        ["\tout = nope;".replace("\t", " "), " ^"],
        [" out = nope;", "       ^"],
    )


def test_findings_are_in_order_of_place() -> None:
    findings = analyze("function f() -> out: number {\n a = 1;\n b = 2;\n c = ;\n}").findings
    places = [(finding.line, finding.column) for finding in findings]
    assert places == sorted(places)
    assert len({finding.line for finding in findings if finding.severity == "error"}) == 3


def test_schema_of_inputs_and_outputs() -> None:
    signature = analyze(SOURCE).signature
    assert signature is not None
    assert input_schema(signature) == {
        "type": "object",
        "properties": {
            "amount": {"type": "number", "description": "Amount. In euros"},
            "tier": {"type": "string", "enum": ["basic", "gold"], "default": "gold"},
            "items": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            "flags": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "anything": {"type": "object"},
            "rate": {"type": "number"},
        },
        "additionalProperties": False,
        "required": ["amount", "items", "flags", "anything", "rate"],
    }
    assert output_schema(signature) == {
        "type": "object",
        "properties": {
            "out": {"type": "number", "description": "Fee", "default": 0.5},
            "notes": {"type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": False,
    }


def test_example_inputs_pass_the_run_boundary() -> None:
    signature = analyze(SOURCE).signature
    assert signature is not None
    outcome = program(SOURCE).run(example_inputs(signature))
    assert outcome.outputs == {"out": 0.1, "notes": []}


def test_syntax_tree_is_json_with_ids_labels_and_lines() -> None:
    document = analyze(SOURCE).document
    assert document is not None
    tree = json.loads(json.dumps(syntax_tree(document)))
    assert (tree["id"], tree["label"]) == ("7f1d0000-0000-4000-8000-000000000001", "Late Fee (EU)")
    assert tree["inputs"][0]["nodeId"] == "V-00aa"
    statement = tree["body"][0]
    assert (statement["kind"], statement["label"], statement["line"]) == ("assign", "Set", 20)
    assert (statement["target"], statement["value"]) == ("out", "amount * rate")


def test_syntax_tree_has_every_statement() -> None:
    source = """function helper(a: number) -> b: number { b = a; }
    function f(l: list of number) -> out: number {
      var i: number = 0, o: any = {"a": 1};
      section "S" { \"\"\"Prose\"\"\" out = 1; }
      choose { if (i > 1) { out = 2; } else { out = 3; } }
      decide first
      | i | -> out |
      |---|---|
      | any | (1 + 2) * 3 |
      for (i = 0; i < 2; i += 1) { continue; }
      for (var x in l) { break; }
      while (false) { l.push(1); }
      choose { if (out < 0) { throw "no"; } }
      return;
    }"""
    document = analyze(source).document
    assert document is not None
    tree = syntax_tree(document)
    kinds = [statement["kind"] for statement in tree["body"]]
    assert kinds == ["var", "section", "choose", "decide", "for", "forIn", "while", "choose", "return"]
    assert tree["body"][1]["description"] == "Prose"
    assert tree["body"][3]["rows"][0]["values"] == ["(1 + 2) * 3"]
    assert tree["helpers"][0]["name"] == "helper"


def test_derived_node_ids_are_stable_and_different() -> None:
    ids: list[str] = []

    def collect(node: object) -> None:
        if isinstance(node, dict):
            if "nodeId" in node:
                ids.append(node["nodeId"])
            for member in node.values():
                collect(member)
        elif isinstance(node, list):
            for member in node:
                collect(member)

    for _ in range(2):
        document = analyze(SOURCE).document
        assert document is not None
        collect(syntax_tree(document))
    half = len(ids) // 2
    assert ids[:half] == ids[half:]
    assert len(set(ids)) == half


def test_errors_of_runs_can_be_copied_and_pickled() -> None:
    with pytest.raises(InputError) as caught:
        program_of("out = a;", params="a: number").run({})
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults
    with pytest.raises(LimitExceeded) as exceeded:
        run("while (true) { }", limits=Limits(statements=10))
    assert copy.copy(exceeded.value).limit == "statements"


def test_many_faults_are_counted_not_listed() -> None:
    made = program_of("out = 1;", params="a: list of number")
    with pytest.raises(InputError) as caught:
        made.run({"a": ["x"] * 5000})
    assert len(caught.value.faults) == 100
    assert "and 4990 more" in str(caught.value)


def test_what_python_callers_hand_over_is_taken_as_json_or_refused() -> None:
    made = program_of("out = a + l[0];", params="a: number, l: list of number, s: any single")
    whole = type("Whole", (int,), {})
    assert made.run({"a": whole(2), "l": (1,), "s": {"x": (1, whole(3))}}).outputs == {"out": 3}
    with pytest.raises(InputError) as caught:
        made.run({"a": b"2", "l": [10**400], "s": {"x": b""}})
    assert {fault.path: fault.message for fault in caught.value.faults} == {
        "a": "must be a number, not an object",
        "l[0]": "is too large for a number",
        "s.x": "is not a JSON value",
    }


def test_one_program_runs_in_many_threads_at_once() -> None:
    made = program_of(
        "var i: number, l: list of number = []; for (i = 0; i < a; i += 1) { l.push(i); } out = sum(l);",
        params="a: number",
    )
    wrong: list[object] = []
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work(count: int) -> None:
        for _ in range(30):
            outcome = made.run({"a": count})
            if outcome.outputs != {"out": count * (count - 1) // 2} or outcome.statements != 3 + 2 * count:
                wrong.append(outcome)

    threads = [threading.Thread(target=work, args=(count,)) for count in range(100, 108)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(switch_interval)
    assert not wrong


def test_the_package_needs_the_standard_library_only() -> None:
    folder = Path(leapter.veritas.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                inside = name == "leapter.veritas" or name.startswith("leapter.veritas.")
                assert inside or name.split(".")[0] in sys.stdlib_module_names, (path.name, name)


def test_faults_are_told_without_a_run() -> None:
    half = program_of("while (true) {}", params="a: number, b: number")
    assert [fault.path for fault in half.faults({"a": "x"})] == ["a", "b"]
    assert half.faults({"a": 1, "b": 2}) == ()
