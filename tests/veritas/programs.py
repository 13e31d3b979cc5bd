"""Short ways from a source to a run, for the tests beside the cases."""

from typing import Any

from leapter.veritas import Outcome, Program, analyze, compile_program


def program(source: str) -> Program:
    analysis = analyze(source)
    assert not analysis.has_errors, analysis.findings
    assert analysis.document is not None
    return compile_program(analysis.document)


def program_of(body: str, *, params: str = "", output: str = "out: number") -> Program:
    return program(f"function f({params}) -> {output} {{\n{body}\n}}")


def run(body: str, inputs: dict[str, Any] | None = None, **options: Any) -> Outcome:
    return program_of(body).run(inputs or {}, **options)
