"""The speed of the language: against Python by hand, of parsing and checking, and of tracing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leapter.veritas import Program, analyze, compile_program
from tests.bench import pricing
from tests.bench.measure import Spread, rounds, spread

ROUNDS = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """What was measured. It is to stay at or below `bound`, where there is one, in the middle of rounds."""

    name: str
    unit: str
    spread: Spread
    bound: float | None = None

    @property
    def is_kept(self) -> bool:
        return self.bound is None or self.spread.middle <= self.bound


def measure(count: int = ROUNDS) -> list[Figure]:
    """All figures of this part, in some 20 seconds."""
    program = pricing_program()
    by_hand, plain, traced, told = (
        _each(work)
        for work in (
            pricing.by_hand,
            program.run,
            lambda inputs: program.run(inputs, trace=True),
            lambda inputs: _told(program, inputs),
        )
    )
    checked = source_of_150_lines()
    taken = rounds([by_hand, plain, traced, told], count=count, milliseconds=25)
    checks = rounds([lambda: analyze(checked)], count=count, milliseconds=50)
    cases = len(pricing.CASES)
    return [
        Figure(
            name="A pricing Blueprint of 40 statements, limits on, against the same by hand in Python",
            unit="times as long",
            spread=spread([run / hand for hand, run, _, _ in taken]),
            bound=3.0,
        ),
        Figure(name="… one run", unit="µs", spread=spread([run / cases * 1e6 for _, run, _, _ in taken])),
        Figure(
            name="… by hand, no checks, no limits",
            unit="µs",
            spread=spread([hand / cases * 1e6 for hand, _, _, _ in taken]),
        ),
        Figure(
            name="The same run with a trace, against without",
            unit="times as long",
            spread=spread([recorded / run for _, run, recorded, _ in taken]),
            bound=2.0,
        ),
        Figure(
            name="… with the events of the trace made ready for JSON, which only who asks for them waits for",
            unit="times as long",
            spread=spread([whole / run for _, run, _, whole in taken]),
        ),
        Figure(
            name="… to make one event of a trace ready for JSON",
            unit="µs",
            spread=spread([(whole - recorded) / _events(program) * 1e6 for _, _, recorded, whole in taken]),
        ),
        Figure(
            name="To parse and check a source of 150 lines",
            unit="ms",
            spread=spread([one * 1e3 for (one,) in checks]),
            bound=10.0,
        ),
    ]


def pricing_program() -> Program:
    """The compiled pricing Blueprint. Its outputs are those of the code by hand, to the byte."""
    analysis = analyze(pricing.SOURCE)
    assert analysis.document is not None
    assert not analysis.findings
    program = compile_program(analysis.document)
    for inputs in pricing.CASES:
        outputs = program.run(inputs).outputs
        assert json.dumps(outputs) == json.dumps(pricing.by_hand(inputs)), outputs
    return program


def source_of_150_lines() -> str:
    """The pricing Blueprint, cut or filled to 150 lines with more steps of its own kind."""
    lines = pricing.SOURCE.rstrip().removesuffix("}").splitlines()
    assert len(lines) > 100
    head, tail = lines[:150], "}"
    depth = sum(line.count("{") - line.count("}") for line in head)
    while depth > 1:
        head.pop()
        depth = sum(line.count("{") - line.count("}") for line in head)
    step = 0
    while len(head) < 149:
        step += 1
        head += [
            f"    //* Adjust the total, step {step}",
            f"    total = round(total * 1.0{step} + delivery, 2);",
        ]
    source = "\n".join([*head[:149], tail])
    assert not analyze(source).has_errors
    return source


def _each(work: Callable[[dict[str, Any]], object]) -> Callable[[], None]:
    def run() -> None:
        for inputs in pricing.CASES:
            work(inputs)

    return run


def _told(program: Program, inputs: dict[str, Any]) -> object:
    trace = program.run(inputs, trace=True).trace
    assert trace is not None
    return trace.to_json()


def _events(program: Program) -> int:
    """Events of all cases together."""
    counts = []
    for inputs in pricing.CASES:
        trace = program.run(inputs, trace=True).trace
        assert trace is not None
        counts.append(len(trace.to_json()["trace"]))
    return sum(counts)
