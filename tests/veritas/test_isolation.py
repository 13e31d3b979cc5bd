"""In a process of its own: what a run takes is bounded, what it took comes back, and it reaches nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 0.15
# Lower than the default, so that it is reached sooner.
LIMIT_MIB = 32
# What one operation needs while it works.
WORKING_MIB = 32

INPUTS = {
    "t": "text \U0001f600",
    "m": {"k" * 5000: 1, "__class__": {"__builtins__": [1, 2]}, "constructor": "x", "__proto__": None},
}


def _source(body: str) -> str:
    return (
        "function f(t: _text, m: any single) -> o: any single {\n"
        "var a: any, b: any, c: any, i: number = 0, s: text = '', l: list of number = [], k: any = [];\n"
        f"{body}\n}}"
    )


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")

DOUBLE = "for (i = 0; i < 16; i += 1) { s += s; }"
LONG = "for (i = 0; i < 18; i += 1) { s += s; }"
MANY = "while (a.length < 9999) { a = a.concat(a); }"
# Each makes as much as it can of one thing, and keeps it.
GREEDY = {
    "texts": f"s = 'x'; {DOUBLE} while (true) {{ k.push(s + k.length); }}",
    "letters that take two bytes": f"s = '\\u0149'; {DOUBLE} while (true) {{ k.push(s.toUpperCase()); }}",
    "numbers": (
        "while (true) { c = []; c[9999] = 0; for (i = 0; i < 9999; i += 1) { c[i] = i * 1.5; } k.push(c); }"
    ),
    "single letters": (
        f"s = '\\u4e00\\u4e01'; {DOUBLE} while (true) {{ c = []; c[99999] = 0; "
        "for (i = 0; i < 99999; i += 1) { c[i] = s[i]; } k.push(c); }"
    ),
    "empty lists": "while (true) { c = []; k = [k, c, c]; }",
    "objects in lists": (
        'while (true) { c = []; for (i = 0; i < 999; i += 1) { c.push({"a": i * 1.5}); } k.push(c); }'
    ),
    "objects inside each other": 'while (true) { k = {"a": k, "b": 1}; }',
    "parts of a text": (
        "s = 'abc,'; for (i = 0; i < 14; i += 1) { s += s; } while (true) { k.push(s.split(',')); }"
    ),
    "sorted lists": "l[99999] = 1; while (true) { k.push(sort(l)); }",
    "texts of numbers": "l[99999] = 1.5; while (true) { k.push(l.join('a')); }",
    "one long text in many places": (f"s = 'é'; {LONG} a = [s]; {MANY} o = {{\"a\": a}};"),
    "one long name in many places": 'a = [m]; while (a.length < 9999) { a = a.concat(a); } o = {"a": a};',
    "a thrown text": f"s = 'é'; {LONG} throw s;",
}
# These end well, with outputs near the bound.
LARGE = {
    "control characters in outputs": (
        f"s = '\\u0001'; {LONG} a = [s]; while (a.length < 16) {{ a = a.concat(a); }} o = {{\"a\": a}};"
    ),
    "numbers in outputs": (
        'l[99999] = 1; for (i = 0; i < 99999; i += 1) { l[i] = i * 1.1e-7; } a = [l, l]; o = {"a": a};'
    ),
}
# What reaches for more than there is gets nothing, or an error of the language.
CURIOUS = {
    "names of Python as fields": (
        'a = m.__class__; b = m[\'__class__\'].__builtins__; c = k.__class__; o = {"a": a, "b": b, "c": c};'
    ),
    "names of JavaScript as fields": 'o = {"a": m.constructor, "b": m.__proto__, "c": m["hasOwnProperty"]};',
    "names of Python as locals": (
        "var __builtins__: any = 1, __import__: any = 2, __class__: any = 3, self: any = 4, None: any = 5, "
        "exec: any = 6, lambda: any = 7, s0: any = 8, ABSENT: any = 9, nodes: any = 10, own: any = 11; "
        'o = {"a": __builtins__ + __import__ + __class__ + self + exec + lambda + s0 + ABSENT + nodes + own};'
    ),
    "names of Python as keys": 'o = {"__class__": 1, "__dict__": {"__init__": 2}, "": 3}; o.__class__ = 4;',
    "a field that is not there": "m.__dict__ = 1;",
    "a format that is not one": "o = {\"a\": '%s {0.__class__} ${t}'.replace('%s', '{m.__init__}') + m};",
    "a pattern that is not one": "o = {\"a\": 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.indexOf('(a+)+$')};",
    "half characters": 'o = {"a": \'\\ud800\', "b": t.split(\'\'), "c": t.slice(0, 6)};',
    "an endless loop": "while (true) { }",
    "an endless loop over a list": "l = [1]; for (var x in l) { l.push(x); }",
}


LONG_NAME = "x" * 300_000
NUMBERS = "[" + ",".join("1" * 8_000) + "]"
VARIABLES = ", ".join(f"v{number}: boolean = false" for number in range(1_500))
SWITCHES = ", ".join(f"p{number}: type boolean = false" for number in range(1_500))
ITSELF = "function bb(x: type any single = {}) -> y: any single"
FAN = f"{ITSELF} {{ var i: number; for (i = 0; i < 100; i += 1) {{ bb(x: x); }} }}"
# Each calls Blueprints of the project, `bb` and `cc`.
CALLING: dict[str, tuple[str, dict[str, str]]] = {
    "itself, without end": ("bb();", {"bb": f"{ITSELF} {{ bb(); }}"}),
    "each other, without end": (
        "bb();",
        {"bb": f"{ITSELF} {{ cc(); }}", "cc": "function cc() -> y: text { bb(); }"},
    ),
    "itself, a hundred times each time": ("bb();", {"bb": FAN}),
    "with large arguments and results": (
        "l[99999] = 1; a = {'l': l}; while (true) { a = bb(x: a).y; }",
        {"bb": f"{ITSELF} {{ y = x; }}"},
    ),
    "with results that double": (
        "a = {'a': 1}; while (true) { a = bb(x: a).y; }",
        {"bb": f'{ITSELF} {{ y = {{"a": [x, x]}}; }}'},
    ),
    "with a list that is in itself": ("k.push(k); bb(x: {'k': k});", {"bb": f"{ITSELF} {{ }}"}),
    "with lists that share their parts": (
        "for (i = 0; i < 60; i += 1) { k = [k, k]; } bb(x: {'k': k});",
        {"bb": f"{ITSELF} {{ }}"},
    ),
    "with keys of a giant's length, deep inside": (
        f"a = {{}}; for (i = 0; i < 58; i += 1) {{ a = {{'{LONG_NAME}': a}}; }} bb(x: a);",
        {"bb": f"{ITSELF} {{ }}"},
    ),
    "with a hundred thousand faults": (
        "l[99999] = 1; bb(x: l);",
        {"bb": "function bb(x: list of boolean) -> y: number { }"},
    ),
    "with long defaults, deep inside each other": (
        "bb();",
        {"bb": f"function bb(x: type list of number = {NUMBERS}) -> y: number {{ bb(); }}"},
    ),
    "with long defaults, again and again": (
        "while (true) { bb(); }",
        {"bb": f"function bb(x: type any single = {{'a': {NUMBERS}}}) -> y: number {{ }}"},
    ),
    "with many inputs": ("while (true) { bb(); }", {"bb": f"function bb({SWITCHES}) -> y: number {{ }}"}),
    "by the names of Python and JavaScript": (
        "class(); constructor(); self(); import(); exec(); o = {'a': lambda(s: 1).s2};",
        {
            name: f"//* __{name}__\nfunction f(s: type number = 1) -> s2: number, e: number {{ s2 = s; }}"
            for name in ("class", "constructor", "self", "import", "exec", "lambda")
        },
    ),
    "a helper and a Blueprint of one name": (
        "bb();",
        {"bb": f"function cc() -> o: text {{ }} {ITSELF} {{ }}"},
    ),
    "one that is gone": ("bb();", {"bb": f"{ITSELF} {{ }}"}),
}
ENDING_WELL = ("by the names of Python and JavaScript", "a helper and a Blueprint of one name")
# Each is run with its trace.
TRACED = {
    "a long loop": "while (true) { i += 1; }",
    "a list that grows": "while (true) { l.push(1); }",
    "a list in many places that grows": (
        "k = l; for (i = 0; i < 60; i += 1) { k = [k, k]; } while (true) { l.push(1); }"
    ),
    "a list among many lists": (
        "for (i = 0; i < 9999; i += 1) { k.push([]); } while (true) { k[i % 9].push(1); }"
    ),
    "a list deep inside names of a giant's length": (
        f"k = l; for (i = 0; i < 50; i += 1) {{ k = {{'{LONG_NAME}': k, 'z': k}}; }} "
        "while (true) { l.push(1); }"
    ),
    "a giant text in each step": f"s = '\\u0001'; {LONG} while (true) {{ s = s.slice(1) + i; i += 1; }}",
    "a long list in each step": "l[99999] = 1; while (true) { k = l.slice(); }",
    "a list that is emptied and filled": "l[9999] = 1; while (true) { k = l.splice(0); l = k; }",
    "a list that is turned": "l[9999] = 1; while (true) { l.reverse(); }",
    "objects inside each other": 'while (true) { k = {"a": k, "b": 1}; }',
    "node ids of a giant's length": f"while (true) {{ @V-{'a' * 300_000} i += 1; }}",
    "many variables around calls": (
        "var "
        + ", ".join(f"v{number}: boolean = false" for number in range(1_500))
        + "; while (true) { bb(); }"
    ),
    "many variables around a list that grows": (
        "var "
        + ", ".join(f"v{number}: boolean = false" for number in range(1_500))
        + "; while (true) { l.push(1); }"
    ),
    "many inputs": "while (true) { cc(); }",
}
TRACED_LIBRARY = {"bb": "function bb() -> y: number { }", "cc": f"function cc({SWITCHES}) -> y: number {{ }}"}
ALL = [*GREEDY, *LARGE, *CURIOUS, *CALLING, *(f"traced: {name}" for name in TRACED)]


def _asked() -> list[dict[str, Any]]:
    common: dict[str, Any] = {
        "inputs": INPUTS,
        "seconds": SECONDS,
        "mib": LIMIT_MIB,
        "trace": False,
        "library": {},
        "gone": [],
    }
    return [
        *(common | {"source": _source(body)} for body in GREEDY.values()),
        # These end by themselves, on a busy machine as well.
        *(common | {"source": _source(body), "seconds": 20} for body in LARGE.values()),
        *(common | {"source": _source(body)} for body in CURIOUS.values()),
        *(
            common
            | {
                "source": _source(body).replace("function f", "function bb() -> x: text { }\nfunction f")
                if name == "a helper and a Blueprint of one name"
                else _source(body),
                "library": library,
                "gone": ["bb"] if name == "one that is gone" else [],
            }
            for name, (body, library) in CALLING.items()
        ),
        *(
            common | {"source": _source(body), "library": TRACED_LIBRARY, "trace": True}
            for body in TRACED.values()
        ),
    ]


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, Any]]:
    """What each program did, by its name."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.veritas.isolated"],
        input=json.dumps(_asked()),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(ALL, map(json.loads, run.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", ALL)
def test_a_run_keeps_to_its_memory_and_gives_it_back(measured: dict[str, dict[str, Any]], name: str) -> None:
    found = measured[name]
    assert found["peak_mib"] < LIMIT_MIB + WORKING_MIB, found
    assert found["left_blocks"] < 100, found
    assert found["json_mib"] <= LIMIT_MIB, found


@pytest.mark.parametrize("name", ALL)
def test_a_run_ends_in_time(measured: dict[str, dict[str, Any]], name: str) -> None:
    # Of the processor's time: the machine may have other things to do.
    assert measured[name]["cpu_s"] < SECONDS + 1, measured[name]


@pytest.mark.parametrize("name", TRACED)
def test_the_json_of_a_trace_is_bounded(measured: dict[str, dict[str, Any]], name: str) -> None:
    found = measured[f"traced: {name}"]
    assert found["trace_cpu_s"] < 3, found
    assert found["trace_mib"] <= 32, found


@pytest.mark.parametrize("name", ALL)
def test_a_run_reaches_nothing(measured: dict[str, dict[str, Any]], name: str) -> None:
    assert measured[name]["events"] == []


def test_who_takes_too_much_is_told_in_few_words(measured: dict[str, dict[str, Any]]) -> None:
    for name in GREEDY:
        expected = "blueprint_error" if name == "a thrown text" else "limit_exceeded"
        assert measured[name]["error"] == expected, name
        assert measured[name]["message_length"] <= 10_001
    assert {name: measured[name]["error"] for name in LARGE} == dict.fromkeys(LARGE)
    assert {name for name in CALLING if not measured[name]["error"]} == set(ENDING_WELL)
    assert all(measured[name]["message_length"] <= 10_001 for name in CALLING)
    assert {name for name in CURIOUS if measured[name]["error"]} == {
        "a field that is not there",
        "an endless loop",
        "an endless loop over a list",
    }
