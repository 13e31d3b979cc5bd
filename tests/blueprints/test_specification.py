from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from leapter import veritas
from leapter.blueprints.expression_text import Fragments, plain_text
from leapter.blueprints.notation import BUILT_INS, explained
from leapter.blueprints.specification import Node, Specification, Step, specification_of
from leapter.blueprints.type_words import type_words
from leapter.veritas.builtins import FUNCTIONS, MATH, METHODS
from leapter.veritas.findings import Findings
from leapter.veritas.lexer import tokenize
from leapter.veritas.source import Source
from tests.blueprints.generated_sources import EXAMPLES, sources
from tests.blueprints.sources import INPUTS

WITH_HELPER = """\
//* Rate
function rate(code: _text) -> value: number
{
    //* Set it
    value = 2;
}
//* Total
\"\"\"What is due.

In a second paragraph,
over two lines.\"\"\"
function total(amounts: list of number) -> sum_eur: number
{
    section "Sum" {
        \"\"\"All of them.\"\"\"
        //* Any?
        choose {
            //* None
            if (amounts.length === 0) { return; }
            if (amounts[0] < 0 && !(amounts[0] >= -1)) {
                //* Refuse it
                throw "No";
            }
        }
        //* Take the first
        sum_eur = amounts[0] % 7 * rate(code: "a").value + tax_rate(year: 2026).value;
    }
    sum_eur += 1;
}
"""


def document_of(source: str) -> veritas.Document:
    document = veritas.analyze(source).document
    assert document is not None
    return document


def read(source: str) -> Specification:
    analysis = veritas.analyze(source)
    assert analysis.document is not None
    return specification_of(analysis.document, analysis.findings)


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from all_steps(step.steps)
        for branch in step.branches:
            yield from all_steps(branch.steps)


def all_nodes(specification: Specification) -> Iterator[Node]:
    for chapter in (specification.main, *specification.appendices):
        yield chapter
        yield from chapter.inputs
        yield from chapter.outputs
        for step in all_steps(chapter.steps):
            yield step
            yield from step.locals
            yield from step.branches
            yield from step.table.rows if step.table else ()


def all_code(specification: Specification) -> Iterator[Fragments]:
    for node in all_nodes(specification):
        if isinstance(node, Step):
            yield from node.code
            yield from (branch.condition for branch in node.branches if branch.condition)
            if node.table:
                yield from (*node.table.inputs, *node.table.targets)
                for row in node.table.rows:
                    yield from (*(cell for cell in row.cells if cell), *row.results)


def ids_in_the_tree(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if "nodeId" in tree:
            yield tree["nodeId"]
        for value in tree.values():
            yield from ids_in_the_tree(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from ids_in_the_tree(value)


def assert_holds_every_node_once(source: str) -> None:
    document = document_of(source)
    shown = [node.node_id for node in all_nodes(specification_of(document))]
    assert len(set(shown)) == len(shown)
    assert set(shown) == set(ids_in_the_tree(veritas.syntax_tree(document)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_node_of_an_example_is_in_the_document_once(path: Path) -> None:
    assert_holds_every_node_once(path.read_text())


@given(sources)
@settings(max_examples=60, deadline=None)
def test_every_node_of_any_source_is_in_the_document_once(source: str) -> None:
    assert_holds_every_node_once(source)


def meant(text: str) -> list[str]:
    """The tokens of an expression, the two spellings of an operator taken for one."""
    same = {"&&": "and", "||": "or", "===": "is", "!==": "isnt", "!": "not"}
    source = Source(text.replace("≤", "<=").replace("≥", ">=").replace("×", "*"))
    return [same.get(token.text, token.text) for token in tokenize(source, Findings(source))]


def expressions(tree: Any) -> Iterator[str]:
    """The texts of all expressions of the syntax tree but those of inputs and outputs."""
    if isinstance(tree, list):
        for value in tree:
            yield from expressions(value)
    elif isinstance(tree, dict):
        if "operator" in tree:
            yield f"{tree['target']} {tree['operator']} {tree['value']}"
            return
        if tree.get("kind") == "forIn":
            yield tree["variable"]
        if tree.get("kind") == "decide":
            yield from (*tree["inputs"], *tree["outputs"])
            for row in tree["rows"]:
                yield from (*(cell for cell in row["conditions"] if cell != "any"), *row["values"])
            return
        for name in ("value", "values", "condition", "expression"):
            if isinstance(tree.get(name), str):
                prefix = f"{tree['name']} = " if "name" in tree else ""
                yield prefix + tree[name]
        if "name" in tree and "type" in tree and "value" not in tree:
            yield tree["name"]
        for name in ("body", "branches", "variables", "initial", "update", "helpers"):
            yield from expressions(tree.get(name) or [])


def assert_means_the_same(source: str) -> None:
    document = document_of(source)
    written = sorted(meant(text) for text in expressions(veritas.syntax_tree(document)))
    shown = sorted(meant(plain_text(code)) for code in all_code(specification_of(document)))
    assert shown == written


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_expressions_of_an_example_mean_what_the_source_says(path: Path) -> None:
    assert_means_the_same(path.read_text())


@given(sources)
@settings(max_examples=60, deadline=None)
def test_the_expressions_of_any_source_mean_what_it_says(source: str) -> None:
    assert_means_the_same(source)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a&&b||!c", "a and b or not c"),
        ("a===1?-b:+c", "a is 1 ? -b : +c"),
        ("a !== b", "a isnt b"),
        ("(a+b)*-c/ d", "(a + b) × -c / d"),
        ("a<=b", "a ≤ b"),
        ("not(a>=b)", "not (a ≥ b)"),
        ("d [ 0 ] . length", "d[0].length"),
        ("round( a ,2)", "round(a, 2)"),
        ("f(code:a,second : b?c:d)", "f(code: a, second: b ? c : d)"),
        ('{"k":a, k2:b}', '{"k": a, k2: b}'),
        ("[a , b,[c]]", "[a, b, [c]]"),
        ("a // why\n + b /* because */", "a + b"),
        ("a - -b", "a - -b"),
        ("a ? b ? 1 : 2 : 3", "a ? b ? 1 : 2 : 3"),
        ("\"a  <= b\" + 'c && d'", "\"a  <= b\" + 'c && d'"),
    ],
)
def test_an_expression_is_set_for_reading(written: str, shown: str) -> None:
    document = document_of(
        f"function f(a: number, b: number, c: number, d: any) -> x: any {{ x = {written}; }}"
    )
    (step,) = specification_of(document).main.steps
    assert plain_text(step.code[0]) == f"x = {shown}"


def test_the_elements_of_a_long_list_stand_below_each_other() -> None:
    long = "a" * 40
    shown = (
        f'x = contains([\n  "{long}",\n  [1, 2],\n  sum([1, 2])\n], ["{long}", 2])',
        'x = ["short", 1]',
    )
    for text in shown:
        written = " ".join(text.replace("[\n", "[").replace("\n]", "]").split())
        (step,) = read(f"function f() -> x: any {{ {written}; }}").main.steps
        assert plain_text(step.code[0]) == text


def test_steps_are_numbered_like_the_clauses_of_a_contract() -> None:
    document = read(WITH_HELPER)
    numbers = [(step.number, step.kind, step.label) for step in all_steps(document.main.steps)]
    assert numbers == [
        ("1", "section", "Sum"),
        ("1.1", "choose", "Any?"),
        ("1.1.1", "finish", ""),
        ("1.1.2", "refuse", "Refuse it"),
        ("1.2", "set", "Take the first"),
        ("2", "set", ""),
    ]
    assert [step.number for step in document.appendices[0].steps] == ["A.1"]


def test_a_description_keeps_its_paragraphs() -> None:
    assert read(WITH_HELPER).main.paragraphs == ("What is due.", "In a second paragraph, over two lines.")


def test_a_decision_says_whether_it_covers_all_cases() -> None:
    choose = read(WITH_HELPER).main.steps[0].steps[0]
    assert not choose.has_else
    assert [branch.label for branch in choose.branches] == ["None", ""]
    assert plain_text(choose.branches[1].condition or ()) == "amounts[0] < 0 and not (amounts[0] ≥ -1)"


def test_names_carry_the_labels_of_what_they_stand_for() -> None:
    step = read(INPUTS).main.steps[0]
    hints = {fragment.text: fragment.hint for fragment in step.code[0] if fragment.kind == "name"}
    assert hints == {"total": "Total", "weight": "Weight (kg)", "prices": "Prices", "level": "Level"}


def test_calls_of_helpers_and_of_other_blueprints_are_told_apart() -> None:
    document = read(WITH_HELPER)
    assert set(document.helpers) == {"rate"}
    assert document.called == {"tax_rate"}
    step = document.main.steps[0].steps[1]
    assert step.called == ("tax_rate",)
    assert [fragment.helper for fragment in step.code[0] if fragment.helper] == ["rate"]


def test_what_was_met_is_explained_and_nothing_else() -> None:
    assert [written for written, _ in read(WITH_HELPER).notation] == [
        '"a"', "a is b", "a % b", "a += b", "a[i]", "a.length",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "explained_forms"),
    [
        ("min([a, 1])", ["min(list)"]),
        ("max(sort([a, 1]), 0)", ["max(list, b)", "sort(list, order)"]),
        ("a + 1", []),
        ('a + "!"', ['"a"', '"a" + b']),
        ('"P18Y"', ['"a"', '"P1Y6M"']),
        ('"PAY"', ['"a"']),
        ("a !== 1 || false", ["true, false", "a isnt b"]),
        ("Math.min(a, 1)", ["Math.min(a, b, …)"]),
    ],
)
def test_how_to_read_explains_the_forms_that_occur(expression: str, explained_forms: list[str]) -> None:
    document = read(f"function f(a: number) -> x: any {{ x = {expression}; }}")
    assert [written for written, _ in document.notation] == explained_forms


def test_a_table_says_whether_a_row_always_fits() -> None:
    for cell, always in (("any", True), ("2", False)):
        rows = f"| a | -> b |\n|---|---|\n| 1 | 1 |\n| {cell} | 0 |"
        (step,) = read(f"function f(a: number) -> b: number {{\ndecide first\n{rows}\n}}").main.steps
        assert step.table is not None
        assert step.table.always_fits == always


def test_a_value_says_its_type_only_where_it_begins_without_one() -> None:
    step, other = read("function f() -> b: number { var c: number; var d: number = 2; }").main.steps
    assert [plain_text(local.type_words) for local in (*step.locals, *other.locals)] == ["number", ""]


def test_a_short_list_stays_on_its_line() -> None:
    long = "a_long_name_of_a_value_that_goes_on_and_on.other_instalments_of_the_applicant"
    (step,) = read(f"function f() -> x: any {{ x = if_absent({long}, []); }}").main.steps
    assert plain_text(step.code[0]) == f"x = if_absent({long}, [])"


def test_every_built_in_of_the_language_has_its_words() -> None:
    met = {f"{name}()" for name in FUNCTIONS} | {f".{name}" for name in (*MATH, *METHODS)}
    assert len(explained(met)) == len(met)
    assert set(FUNCTIONS) <= BUILT_INS


def test_findings_stand_beside_the_innermost_node_of_their_place() -> None:
    source = WITH_HELPER.replace("amounts[0] % 7", "amount[0] % 7").replace("value = 2;", "value = 2 + ;")
    document = read(source)
    found = {(node.label, finding.code) for node in all_nodes(document) for finding in node.findings}
    assert ("Take the first", "unknown_name") in found
    assert not document.findings
    branch = document.main.steps[0].steps[0].branches[1]
    assert [finding.code for finding in branch.findings] == ["missing_label"]


def test_a_finding_outside_of_every_function_is_kept() -> None:
    document = read("nonsense\n" + WITH_HELPER)
    assert [finding.line for finding in document.findings] == [1]


def test_a_node_id_used_twice_is_there_once() -> None:
    document = read("function f() -> a: number {\n@V-1a a = 1;\n@V-1a a = 2;\n}")
    assert [step.node_id for step in document.main.steps] == ["V-1a", "V-1a-again"]


def test_inputs_and_outputs_say_what_they_take_and_begin_as() -> None:
    main = read(INPUTS).main
    items = {item.name: item for item in (*main.inputs, *main.outputs)}
    assert items["weight"].label == "Weight (kg)"
    assert items["weight"].paragraphs == ("On the scale.",)
    assert items["weight"].default is None
    assert [plain_text(choice) for choice in items["zone"].choices or ()] == ['"eu"', '"world"']
    assert plain_text(items["names"].default or ()) == '["a", "b"]'
    assert plain_text(items["level"].default or ()) == "2.5"
    assert read(WITH_HELPER).main.inputs[0].begins_empty


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("number", "number"),
        ("_text", "text"),
        ("boolean", "yes or no"),
        ("list of number", "list of numbers"),
        ("list of list of date", "list of lists of dates"),
        ("map of percent", "percentages by name"),
        ("list of map of boolean", "list of yes-or-no values by name"),
        ("any single", "record"),
        ("any multiple", "list of records"),
        ("Customer", "Customer"),
        ("list of Customer", "list of Customer"),
    ],
)
def test_types_are_said_in_words(written: str, words: str) -> None:
    document = document_of(f"function f(a: {written}) -> b: number {{ b = 1; }}")
    assert plain_text(type_words(document.main.inputs[0].type)) == words


TYPES = """\
define Customer "A buyer" { name: _text "Legal name"  tier: Tier  orders: list of Order ? }
define Tier "Loyalty band" as _text constrained_to ["basic", "gold"]
@format: "currency" @currency: "EUR"
define Euro "Money" as number
define Order "What was bought" { total: Euro  by: Customer ? }
define Unused "Of no use here" { a: number }
"""


def test_the_types_that_a_document_names_are_part_of_it() -> None:
    types = veritas.analyze_types(TYPES).types
    source = "function f(buyers: list of Customer) -> b: number { var tier: Tier; }"
    document = veritas.analyze(source, veritas.Environment(types=types)).document
    assert document is not None
    specification = specification_of(document, types=types)
    entries = {entry.name: entry for entry in specification.types}
    assert list(entries) == ["Customer", "Tier", "Euro", "Order"]
    assert [plain_text(field.type_words) for field in entries["Customer"].fields] == [
        "text",
        "Tier",
        "list of Order",
    ]
    assert [field.is_optional for field in entries["Customer"].fields] == [False, False, True]
    assert entries["Tier"].choices == ('"basic"', '"gold"')
    assert entries["Euro"].display == "money in EUR"
    assert specification.main.inputs[0].type_words[-1].type_name == "Customer"
    assert specification_of(document).types == ()
