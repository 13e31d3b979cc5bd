"""Types written to take long or much: reading them, and what is made of them, stays within bounds."""

import json
import time
import tracemalloc
from typing import Any

import pytest

from leapter.veritas import Analysis, Environment, InputError, analyze, compile_program
from leapter.veritas.example import example_inputs
from leapter.veritas.schema import input_schema, output_schema
from leapter.veritas.types_document import analyze_types

# Of the processor's time. Most of these take some tenths of a second.
MOST_CPU_S = 1.5
BYTES = 50_000
MOST_FINDINGS_CHARACTERS = 600_000


def _filled(part: str, start: str = "", end: str = "") -> str:
    return start + part * ((BYTES - len(start) - len(end)) // len(part)) + end


def _numbered(form: str, count: int, first: int = 0) -> str:
    """`form` once for each number, with `#` for it and `@` for the next one."""
    return "".join(
        form.replace("#", str(number)).replace("@", str(number + 1)) for number in range(first, first + count)
    )


DOCUMENTS = {
    "aliases": _numbered("define T# as number\n", 1_800),
    "structures": _numbered("define T# { a: number }\n", 1_800),
    "fields": f"define T {{ {_numbered('f#: T?,', 5_000)} }}",
    "fields of one name": _filled("a: T?\n", "define T {", "}"),
    "a chain of aliases": _numbered("define T# as T@\n", 4_000) + "define T4000 as number",
    "a chain of lists": _numbered("define T# as list of T@\n", 4_000) + "define T4000 as number",
    "a ring of aliases": _numbered("define T# as T@\n", 4_000) + "define T4000 as T0",
    "a chain of structures": _numbered("define T# { a: T@ }\n", 1_800) + "define T1800 { a: number }",
    "structures that double": _numbered("define T# { a: T@ b: T@ }\n", 1_800) + "define T1800 { a: number }",
    "a ring of structures": _numbered("define T# { a: T@ }\n", 1_800) + "define T1800 { a: T0 }",
    "unknown names": f"define T {{ {_numbered('f#: Unknown#,', 1_800)} }} "
    + _numbered("define U# as number\n", 1_800),
    "allowed values": f"define T as number constrained_to [{_numbered('#,', 4_000)}]",
    "allowed values of allowed values": (
        f"define T as number constrained_to [{_numbered('#,', 6_000)}]\n"
        + _numbered("define T# as T constrained_to [1]\n", 1_800)
    ),
    "one allowed value again and again": _filled('"a",', "define T as _text constrained_to [", "]"),
    "annotations": _filled("@a: 1\n", "define T as number\n"),
    "annotations of nothing": _filled("@a: 1\n"),
    "an endless annotation": _filled("[", "define T as number @a: "),
    "negations": _filled("-", "define T as number @a: "),
    "lists of lists": _filled("list of ", "define T as "),
    "an endless text": _filled("a", 'define T "'),
    "an endless comment": _filled("/* "),
    "descriptions": _filled('"a" ', "define T "),
    "an endless list": _filled("[", "define T as _text constrained_to "),
    "braces": _filled("define T {\n"),
    "only braces": _filled("{"),
    "only signs": _filled("@"),
    "only the word": _filled("define\n"),
    "question marks": _filled("?", "define T { a: number"),
    "commas": _filled(",", "define T {"),
    "a giant name": f"define {'a' * BYTES} {{ {'b: number ' * 9_000} }}",
    "types of other languages": _filled("interface A\n"),
    "structures inside structures": _filled("a: {", "define T {"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_types_document_written_to_be_slow_is_not(name: str) -> None:
    started = time.process_time()
    analysis = analyze_types(DOCUMENTS[name])
    assert time.process_time() - started < MOST_CPU_S
    assert len(analysis.findings) <= 500
    characters = sum(len(found.message) + len(found.fix or "") for found in analysis.findings)
    assert characters < MOST_FINDINGS_CHARACTERS


def _sound(types: str, inputs: str) -> Analysis:
    read = analyze_types(types)
    assert not read.has_errors, read.findings[:1]
    analysis = analyze(f"function f({inputs}) -> o: number {{}}", Environment(types=read.types))
    assert not analysis.has_errors, analysis.findings[:1]
    return analysis


OPTIONAL = _numbered("f#: number?\n", 4_000)
CODES = f"define Code as number constrained_to [{_numbered('#,', 20_000)}]"
CHOICES = ",".join(str(number) for number in range(300))
RELATED = " ".join(f"f{number}: T{number}?" for number in range(60))
CODED = _numbered("f#: Code?,", 4_000)
GIANT = "G" * 50_000
TREE: dict[str, Any] = {}
for _ in range(70):
    TREE = {"a": TREE}

# Types, inputs, what is sent.
USES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "many wide values": (
        f"define Wide {{ {OPTIONAL} }} define All {{ {_numbered('g#: Wide,', 4_000)} }}",
        "a: All",
        {"a": {f"g{number}": {} for number in range(4_000)}},
    ),
    "a long list of wide values": (f"define Wide {{ {OPTIONAL} }}", "a: list of Wide", {"a": [{}] * 20_000}),
    "wide defaults": (f"define Wide {{ {OPTIONAL} }}", _numbered("a#: type Wide = {},", 1_800), {}),
    "allowed values of many inputs": (CODES, _numbered("a#: type Code = 7,", 1_800), {}),
    "less than those of a type for many inputs": (
        CODES,
        _numbered("a#: type Code choice [7] = 7,", 1_800),
        {},
    ),
    "small allowed values of many fields": (
        f"define Code as number constrained_to [{CHOICES}] define Wide {{ {CODED} }}",
        "a: Wide",
        {"a": {}},
    ),
    "a long description of many fields": (
        f'define Code "{"d" * 1_900}" as number define Wide {{ {_numbered("f#: Code?,", 4_000)} }}',
        "a: Wide",
        {"a": {}},
    ),
    "a giant name behind a short one": (
        f"define {GIANT} {{ a: number? }} define S as {GIANT} define W {{ {_numbered('f#: S?,', 1_800)} }}",
        "a: W",
        {"a": {}},
    ),
    "structures of each other": (
        _numbered(f"define T# {{ {RELATED} }}\n", 60),
        "a: T0",
        {"a": {}},
    ),
    "a value deep inside itself": ("define T { a: T? }", "a: T", {"a": TREE}),
    "ten thousand faults": ("define T { a: number }", "a: list of T", {"a": [{"b": 1, "a": "x"}] * 10_000}),
    "fields nearly right": (
        f"define T {{ {_numbered('a_long_name_number_#: number?,', 500)} }}",
        "a: list of T",
        {"a": [{f"a_long_name_nxmbxr_{number}": 1} for number in range(1_800)]},
    ),
    "faults in a structure with a giant name": (
        f"define {'G' * BYTES} {{ a: number }} define S as {'G' * BYTES}",
        "a: list of S",
        {"a": [{"b": 1}] * 500},
    ),
}
FAULTY = {
    "a value deep inside itself",
    "ten thousand faults",
    "fields nearly right",
    "faults in a structure with a giant name",
}


@pytest.mark.parametrize("name", USES)
def test_what_is_made_of_types_stays_small(name: str) -> None:
    types, inputs, sent = USES[name]
    started = time.process_time()
    analysis = _sound(types, inputs)
    signature, document = analysis.signature, analysis.document
    assert signature is not None
    assert document is not None
    for schema in (input_schema(signature), input_schema(signature, {}), output_schema(signature)):
        assert len(json.dumps(schema)) < 3_000_000
    examples = example_inputs(signature)
    assert len(json.dumps(examples)) < 1_500_000
    program = compile_program(document)
    program.run(examples)
    if name in FAULTY:
        with pytest.raises(InputError) as caught:
            program.run(sent)
        assert len(caught.value.faults) <= 100
        assert len(str(caught.value.faults)) < 1_100_000
        assert len(str(caught.value)) <= 10_001
    else:
        program.run(sent)
    assert time.process_time() - started < MOST_CPU_S


def test_faults_deep_inside_fields_with_giant_names_take_little_memory() -> None:
    name = "n" * 100_000
    document = _sound(f"define T {{ {name}: T? }}", "a: T").document
    assert document is not None
    program = compile_program(document)
    value: dict[str, Any] = {}
    for _ in range(70):
        value = {name: value}
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            program.run({"a": value})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024
