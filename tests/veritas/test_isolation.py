"""In a process of its own: what a run takes is bounded, what it took comes back, and it reaches nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1.0
LIMIT_MIB = 128
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
        f"s = '\\u0001'; {LONG} a = [s]; while (a.length < 64) {{ a = a.concat(a); }} o = {{\"a\": a}};"
    ),
    "numbers in outputs": (
        "l[99999] = 1; for (i = 0; i < 99999; i += 1) { l[i] = i * 1.1e-7; } a = [l, l, l, l, l, l, l, l]; "
        'o = {"a": a};'
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


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, Any]]:
    """What each program did, by its name."""
    programs = GREEDY | LARGE | CURIOUS
    given = [{"source": _source(body), "inputs": INPUTS, "seconds": SECONDS} for body in programs.values()]
    run = subprocess.run(
        [sys.executable, "-m", "tests.veritas.isolated"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(programs, map(json.loads, run.stdout.splitlines()), strict=True))


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")


@needs_linux
@pytest.mark.parametrize("name", [*GREEDY, *LARGE, *CURIOUS])
def test_a_run_keeps_to_its_memory_and_gives_it_back(measured: dict[str, dict[str, Any]], name: str) -> None:
    found = measured[name]
    assert found["peak_mib"] < LIMIT_MIB + WORKING_MIB, found
    assert found["left_blocks"] < 100, found
    assert found["json_mib"] <= LIMIT_MIB, found


@needs_linux
@pytest.mark.parametrize("name", [*GREEDY, *LARGE, *CURIOUS])
def test_a_run_ends_in_time(measured: dict[str, dict[str, Any]], name: str) -> None:
    # Of the processor's time: the machine may have other things to do.
    assert measured[name]["cpu_s"] < SECONDS + 1, measured[name]


@needs_linux
@pytest.mark.parametrize("name", [*GREEDY, *LARGE, *CURIOUS])
def test_a_run_reaches_nothing(measured: dict[str, dict[str, Any]], name: str) -> None:
    assert measured[name]["events"] == []


@needs_linux
def test_who_takes_too_much_is_told_in_few_words(measured: dict[str, dict[str, Any]]) -> None:
    for name in GREEDY:
        expected = "blueprint_error" if name == "a thrown text" else "limit_exceeded"
        assert measured[name]["error"] == expected, name
        assert measured[name]["message_length"] <= 10_001
    assert {name: measured[name]["error"] for name in LARGE} == dict.fromkeys(LARGE)
    assert {name for name in CURIOUS if measured[name]["error"]} == {
        "a field that is not there",
        "an endless loop",
        "an endless loop over a list",
    }
