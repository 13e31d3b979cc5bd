"""What the rest of the product relies on of a project's types."""

import json
import sys
from typing import Any

import pytest

from leapter.veritas import (
    Alias,
    Environment,
    InputError,
    Program,
    Signature,
    Structure,
    Types,
    analyze,
    analyze_types,
    compile_program,
    example_inputs,
    input_schema,
    output_schema,
)

DOCUMENT = '''
// what customers are
//* A customer
"""Longer, over
   two lines"""
define Customer { name: _text "Legal name"
  //* Age
  """In years"""
  age: number?
  tier: Tier //* Band
  $rate: Euro, since: date? "First order" @format: "short"
  friends: list of Customer
}
define Tier "Loyalty band" as _text constrained_to ["basic", "gold"]
@format: "currency" @currency: "EUR" @fractionDigits: 2
//* Money
define Euro as number "In euros"
define Tiers as list of Tier
'''
INPUTS = "customer: Customer, fee: type Euro = 5, tiers: Tiers, by_name: map of Customer"


def types_of(document: str) -> Types:
    analysis = analyze_types(document)
    assert not analysis.has_errors, analysis.findings
    return analysis.types


def signature_of(document: str, parameters: str, output: str = "out: number") -> Signature:
    return program_of(document, parameters, output, "return;").signature


def program_of(
    document: str, parameters: str, output: str = "out: number", body: str = "out = 1;"
) -> Program:
    source = f"function f({parameters}) -> {output} {{ {body} }}"
    analysis = analyze(source, Environment(types=types_of(document)))
    assert not analysis.has_errors, analysis.findings
    assert analysis.document is not None
    return compile_program(analysis.document)


def test_definitions_keep_what_pages_show() -> None:
    types = types_of(DOCUMENT)
    assert list(types.definitions) == ["Customer", "Tier", "Euro", "Tiers"]
    customer, tier, euro, tiers = types.definitions.values()
    assert isinstance(customer, Structure)
    assert (customer.label, customer.description, customer.line) == (
        "A customer",
        "Longer, over\ntwo lines",
        6,
    )
    assert [field.name for field in customer.fields] == ["name", "age", "tier", "$rate", "since", "friends"]
    name, age, band, rate, since, friends = customer.fields
    assert (name.label, name.description, name.is_optional, name.line) == ("", "Legal name", False, 6)
    assert (age.label, age.description, age.is_optional, age.line) == ("Age", "In years", True, 9)
    assert (band.label, str(band.type), rate.line) == ("Band", "Tier", 11)
    assert (since.description, since.annotations, friends.annotations) == (
        "First order",
        {"format": "short"},
        {},
    )
    assert isinstance(tier, Alias)
    assert (tier.description, tier.choices) == ("Loyalty band", ("basic", "gold"))
    assert isinstance(euro, Alias)
    assert (euro.label, euro.description, str(euro.base)) == ("Money", "In euros", "number")
    assert euro.annotations == {"format": "currency", "currency": "EUR", "fractionDigits": 2}
    assert isinstance(tiers, Alias)
    assert (str(tiers.base), tiers.choices) == ("list of Tier", ("basic", "gold"))


def test_labels_before_an_annotation_are_those_of_the_definition() -> None:
    types = types_of('//* Money\n"""Of all kinds"""\n@format: "currency"\ndefine Euro as number')
    assert (types.definitions["Euro"].label, types.definitions["Euro"].description) == (
        "Money",
        "Of all kinds",
    )


def test_annotations_belong_to_the_definition_that_no_empty_line_parts_them_from() -> None:
    document = "\n".join(
        ["define A as number", "@a: 1", "@b: 2", "", "@c: 3", "define B as number", "", "@d: 4", "", "@e: 5"]
    )
    types = types_of(document + "\ndefine C { @x: 1 a: number @y: 2\n @z: 3\n\n b: number\n @u: 4\n}\n@f: 6")
    annotations = {name: dict(definition.annotations) for name, definition in types.definitions.items()}
    assert annotations == {"A": {"a": 1, "b": 2}, "B": {"c": 3}, "C": {"d": 4, "e": 5, "f": 6}}
    structure = types.definitions["C"]
    assert isinstance(structure, Structure)
    assert [dict(field.annotations) for field in structure.fields] == [{"x": 1, "y": 2, "z": 3}, {"u": 4}]


def test_parameters_know_what_their_aliases_stand_for() -> None:
    customer, fee, tiers, by_name = signature_of(DOCUMENT, INPUTS).inputs
    assert [str(parameter.type) for parameter in (fee, tiers)] == ["Euro", "Tiers"]
    assert [str(parameter.base) for parameter in (customer, fee)] == ["Customer", "number"]
    assert [str(parameter.base) for parameter in (tiers, by_name)] == ["list of _text", "map of Customer"]
    assert (customer.choices, fee.choices, tiers.choices) == (None, None, ("basic", "gold"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("function f(a: number) -> out: number { out = 1; }", False),
        ("function f(a: list of A) -> out: number { out = 1; }", True),
        ("function f() -> out: map of A { }", True),
        ("function f() -> out: number { var a: A; out = 1; }", True),
        ("function f() -> out: number { for (var a: A in [1]) { out = 1; } }", True),
        ("function h(a: A) -> r: number { r = 1; } function f() -> out: number { out = 1; }", True),
        ("function f(a: Missing) -> out: number { out = 1; }", True),
    ],
)
def test_an_analysis_says_whether_it_depends_on_the_types(source: str, expected: bool) -> None:
    analysis = analyze(source, Environment(types=types_of("define A { x: number }")))
    assert analysis.uses_types is expected


def test_a_signature_with_errors_can_be_described_all_the_same() -> None:
    analysis = analyze("function f(a: Missing, b: list of Missing) -> out: Missing { out = a; }")
    assert analysis.has_errors
    assert analysis.signature is not None
    assert input_schema(analysis.signature)["properties"] == {"a": {}, "b": {"type": "array", "items": {}}}
    assert output_schema(analysis.signature)["properties"] == {"out": {}}
    assert example_inputs(analysis.signature) == {"a": "a", "b": ["b"]}


# Schemas


def test_a_schema_alone_has_the_structures_in_its_definitions() -> None:
    signature = signature_of(DOCUMENT, INPUTS, "best: Customer")
    assert input_schema(signature) == {
        "type": "object",
        "properties": {
            "customer": {"$ref": "#/$defs/Customer"},
            "fee": {"type": "number", "description": "Money. In euros", "default": 5},
            "tiers": {
                "type": "array",
                "items": {"type": "string", "enum": ["basic", "gold"]},
            },
            "by_name": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Customer"}},
        },
        "additionalProperties": False,
        "required": ["customer", "tiers", "by_name"],
        "$defs": {
            "Customer": {
                "type": "object",
                "description": "A customer. Longer, over\ntwo lines",
                "properties": {
                    "name": {"type": "string", "description": "Legal name"},
                    "age": {"type": "number", "description": "Age. In years"},
                    "tier": {"type": "string", "enum": ["basic", "gold"], "description": "Band"},
                    "$rate": {"type": "number", "description": "Money. In euros"},
                    "since": {
                        "type": "string",
                        "format": "date",
                        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                        "description": "First order",
                    },
                    "friends": {"type": "array", "items": {"$ref": "#/$defs/Customer"}},
                },
                "additionalProperties": False,
                "required": ["name", "tier", "$rate", "friends"],
            }
        },
    }
    outputs = output_schema(signature)
    assert outputs["properties"] == {"best": {"$ref": "#/$defs/Customer"}}
    assert list(outputs["$defs"]) == ["Customer"]
    assert "required" not in outputs


def test_schemas_for_openapi_share_the_components() -> None:
    document = 'define A$B "Both" { x: C }\ndefine C { y: number }'
    signature = signature_of(document, 'a: type A$B = {x: {y: 1}}, "" b: A$B'.replace('"" ', ""), "out: C")
    components: dict[str, Any] = {}
    schema = input_schema(signature, components)
    assert "$defs" not in schema
    assert schema["properties"]["a"] == {
        "allOf": [{"$ref": "#/components/schemas/A.B"}],
        "default": {"x": {"y": 1}},
    }
    assert schema["properties"]["b"] == {"$ref": "#/components/schemas/A.B"}
    assert list(components) == ["A.B", "C"]
    assert components["A.B"]["description"] == "Both"
    assert components["A.B"]["properties"] == {"x": {"$ref": "#/components/schemas/C"}}
    described = dict(components)
    # A Blueprint may assign null to any output.
    out = {"allOf": [{"$ref": "#/components/schemas/C"}], "nullable": True}
    assert output_schema(signature, components)["properties"] == {"out": out}
    assert components == described


def test_a_schema_for_openapi_tells_where_null_is_taken() -> None:
    document = "define S { a: number b: number? c: S? }"
    plain = "n: number, d: date, s: S, l: list of number"
    inputs = f'{plain}, t: type text choice ["x"], o: type text choice ["", "x"]'
    signature = signature_of(document, inputs, 'out: list of number, kind: type text choice ["x"]')
    components: dict[str, Any] = {}
    taken = input_schema(signature, components)["properties"]
    assert {name for name, schema in taken.items() if schema.get("nullable")} == {"n", "d", "o"}
    assert taken["o"]["enum"] == ["", "x", None]
    assert components["S"]["properties"] == {
        "a": {"type": "number"},
        "b": {"type": "number", "nullable": True},
        "c": {"allOf": [{"$ref": "#/components/schemas/S"}], "nullable": True},
    }
    given = output_schema(signature, components)["properties"]
    assert given["out"] == {"type": "array", "items": {"type": "number"}, "nullable": True}
    assert given["kind"] == {"type": "string", "enum": ["x", None], "nullable": True}
    assert "nullable" not in json.dumps(input_schema(signature))


def test_a_description_beside_a_reference_stands_around_it() -> None:
    schema = input_schema(signature_of("define A { x: number }", "\n//* The A\na: A\n"))
    assert schema["properties"]["a"] == {"allOf": [{"$ref": "#/$defs/A"}], "description": "The A"}


def test_an_alias_with_a_long_list_of_values_is_written_once() -> None:
    values = json.dumps([f"value {number}" for number in range(300)])
    fields = " ".join(f"f{number}: Long" for number in range(99))
    long_text = "x" * 3000
    document = f"""define Long as _text constrained_to {values}
        define A {{ {fields} }}
        define Wordy "{long_text}" as number"""
    signature = signature_of(document, "a: A, l: Long, m: type Long choice ['value 1'], w: Wordy")
    schema = input_schema(signature)
    assert schema["properties"]["l"] == {"$ref": "#/$defs/Long"}
    assert schema["properties"]["m"] == {"type": "string", "enum": ["value 1"]}
    assert len(schema["$defs"]["Long"]["enum"]) == 300
    assert schema["$defs"]["Wordy"] == {"type": "number", "description": long_text}
    assert len(json.dumps(schema)) < 20_000


# Examples


def test_examples_show_optional_fields_and_end_where_types_contain_themselves() -> None:
    example = example_inputs(signature_of(DOCUMENT, INPUTS))
    customer = {"name": "name", "age": 1, "tier": "basic", "$rate": 1, "since": "2026-03-31", "friends": []}
    customer |= {"age": 1, "tier": "basic"}
    assert example == {
        "customer": customer,
        "fee": 5,
        "tiers": ["basic"],
        "by_name": {"example": customer},
    }


def test_examples_of_large_types_stay_small_and_pass_the_boundary() -> None:
    levels = [
        f"define A{n} {{ a: A{n + 1}? l: list of A{n + 1} m: map of list of A{n + 1} }}" for n in range(40)
    ]
    document = "\n".join([*levels, "define A40 { x: number }"])
    program = program_of(document, "a: A0, b: list of list of A0")
    example = example_inputs(program.signature)
    assert len(json.dumps(example)) < 10_000
    assert program.run(example).outputs == {"out": 1}


# Bounds


def test_a_document_at_the_limit_is_read_and_a_longer_one_is_not() -> None:
    text = "define A as number".ljust(1024 * 1024)
    assert not analyze_types(text).findings
    findings = analyze_types(text + " ").findings
    assert [finding.code for finding in findings] == ["source_too_long"]
    assert analyze_types("\ufeffdefine A as number").types.definitions.keys() == {"A"}


def nested(levels: int, inner: dict[str, Any]) -> dict[str, Any]:
    for _ in range(levels):
        inner = {"a": inner}
    return inner


@pytest.mark.parametrize(
    ("inner", "levels"),
    [({}, 1), ({"l": []}, 2), ({"l": [[]]}, 3), ({"s": {"x": {}}}, 3), ({"m": {"x": {}}}, 3), ({"m": {}}, 2)],
)
def test_values_are_taken_64_levels_deep(inner: dict[str, Any], levels: int) -> None:
    program = program_of("define A { a: A? l: list of list of A? s: any single? m: map of A? }", "a: A")
    assert program.run({"a": nested(64 - levels, inner)}).outputs == {"out": 1}
    for value in (nested(65 - levels, inner), nested(10**4, inner)):
        with pytest.raises(InputError) as caught:
            program.run({"a": value})
        assert [fault.message for fault in caught.value.faults] == ["is nested more than 64 deep"]


def test_structures_may_have_to_contain_each_other_32_times() -> None:
    levels = [f"define A{n} {{ a: A{n + 1} }}" for n in range(1, 32)]
    document = "\n".join([*levels, "define A32 { x: number }"])
    program = program_of(document, "a: A1")
    assert program.run(example_inputs(program.signature)).outputs == {"out": 1}
    findings = analyze_types(f"define A0 {{ a: A1 }}\n{document}\ndefine B {{ a: A0 }}").findings
    assert [(finding.code, finding.line) for finding in findings] == [("structure_too_large", 1)]


def test_what_every_call_has_to_send_is_bounded() -> None:
    fields = " ".join(f"f{number}: number" for number in range(99))
    document = (
        f"define A {{ {fields} }}\ndefine B {{ {fields.replace('number', 'A')} }}\ndefine C {{ x: number }}"
    )
    program = program_of(document, "b: B, n: number" + "".join(f", c{n}: C" for n in range(49)))
    assert program.run(example_inputs(program.signature)).outputs == {"out": 1}
    source = "function f(b: B, a: A) -> out: number { out = 1; }"
    findings = analyze(source, Environment(types=types_of(document))).findings
    assert "inputs_too_large" in [finding.code for finding in findings]
    too_wide = f"define D {{ b: B a: A }}\n{document}\ndefine E {{ d: D }}"
    findings = analyze_types(too_wide).findings
    assert [(finding.code, finding.line) for finding in findings] == [("structure_too_large", 1)]


def test_lists_are_nested_16_deep_through_aliases() -> None:
    levels = [f"define A{n} as list of A{n + 1}" for n in range(1, 16)]
    document = "\n".join([*levels, "define A16 as map of number"])
    program = program_of(document, "a: A1")
    assert program.run(example_inputs(program.signature)).outputs == {"out": 1}
    findings = analyze_types(f"define A0 as list of A1\n{document}\ndefine B as A0").findings
    assert [(finding.code, finding.line) for finding in findings] == [("too_deep", 1)]
    findings = analyze_types(
        f"define A as {'list of ' * 17} number\ndefine B {{ x: {'list of ' * 17} _text }}"
    ).findings
    assert [finding.code for finding in findings] == ["too_deep", "too_deep"]


@pytest.mark.parametrize(
    "document",
    [
        "\n".join(f"define A{n} as A{n + 1}" for n in range(5000)),
        "\n".join(f"define A{n} {{ a: A{n + 1} }}" for n in range(5000)),
        "\n".join(f"define A{n} {{ a: A{(n + 1) % 5000} }}" for n in range(5000)),
        "\n".join(f"define A{n} {{ a: A{n + 1} b: A{n + 1} }}" for n in range(5000)),
        "define A { " + " ".join(f"a{n}: Nowhere{n}" for n in range(5000)) + " }",
        "define A { x: " + "{" * 5000,
        "define A as number constrained_to " + "[" * 5000,
        "@a:" * 5000,
        "define " * 5000,
        "define\n" * 5000,
        "}" * 5000,
    ],
)
def test_hostile_documents_end_in_findings(document: str) -> None:
    analysis = analyze_types(document)
    assert analysis.has_errors
    assert len(analysis.findings) <= 501


def test_a_caller_with_little_stack_left_is_told() -> None:
    text = "define A as number constrained_to " + "[" * 40 + "]" * 40

    def at_depth(left: int) -> list[str]:
        if left:
            return at_depth(left - 1)
        return [finding.code for finding in analyze_types(text).findings]

    frames = 0
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        frames += 1
    assert at_depth(sys.getrecursionlimit() - frames - 60) == ["too_deep"]


def test_faults_of_a_value_full_of_mistakes_are_counted() -> None:
    fields = " ".join(f"f{number}: number" for number in range(150))
    program = program_of(f"define A {{ {fields} }}", "a: A, l: list of A")
    with pytest.raises(InputError) as caught:
        program.run({"a": {}, "l": [{}] * 10 + [{"x": 1}]})
    assert len(caught.value.faults) == 100
    assert f"and {150 * 12 + 1 - 10} more" in str(caught.value)


def test_many_optional_fields_cost_nothing_to_leave_out() -> None:
    fields = " ".join(f"f{number}: number?" for number in range(20_000))
    program = program_of(f"define A {{ {fields} }}", "l: list of A", body="out = l.length;")
    assert program.run({"l": [{}] * 20_000}).outputs == {"out": 20_000}
