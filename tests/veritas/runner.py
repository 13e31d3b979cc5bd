"""Runs the cases of tests/veritas/cases/*.json, the language's behaviour as data.

A file is `{"about": …, "sources": {name: source}, "cases": [case, …]}`; a source is a text or a list of
lines. A case has a `name`, a program and what is expected of it.

`blueprints` are the other Blueprints of the project, {call identifier: source}; those that are named in
`gone`, or have errors, are known to the checker but not there when the case runs.

The program: `source`, or `shared` (a name of `sources`), or `body` (statements) or `result` (an expression,
assigned to `out`), which are put into `function f(PARAMS) -> out: TYPE {`; its first line is line 2.
`params` is empty and `type` is `number` unless given. `padded_to` fills the source with blanks up to so many
bytes. `types` is the project's types document; it has no errors, or `types_findings` names them all. Without
a program, the case is about the types document alone. `rule` is the id of a rule of rules.json that the case
shows, or a list of them.

Expected: `outputs` (compared as JSON text, so 1 is not 1.0), or `out` for the one output of that name, or
`error` (`code`, and any of `message`, which must be contained, `line`, `node`, `label`, `blueprint`, `calls`
as ["blueprint:line"], `faults` as {path: contained message}), or `findings`: each has a `code` and any of
`line`, `column`, `severity`, `excerpt`, and `message` and `fix`, which must be contained. All errors of the
source must be listed there; of warnings, those that matter. `clean` expects no finding but missing labels.
`tree` expects members of the syntax tree by their path (`body.0.label`), `signature` attributes of the
signature. `trace` expects the events of a traced run, each with any of their members, and `context` for the
`dataContext`. `suite` is a test suite; `suite_findings` are as `findings`, and `results` expects of its cases
`status` and any of `message`, which must be contained, and `differences` as [path, expected, actual].
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapter.veritas import (
    Environment,
    Finding,
    InputError,
    Limits,
    Program,
    RunError,
    Types,
    analyze,
    analyze_types,
    compile_program,
    read_suite,
    run_suites,
    syntax_tree,
)

CASES = Path(__file__).parent / "cases"
RULES = Path(__file__).parent / "rules.json"

# What a case may hold; anything else is a slip that would expect nothing.
MEMBERS = frozenset(
    [
        "name",
        "rule",
        "source",
        "shared",
        "types",
        "types_findings",
        "blueprints",
        "gone",
        "body",
        "result",
        "params",
        "type",
        "padded_to",
        "inputs",
        "limits",
        "ignore_unknown",
        "outputs",
        "out",
        "error",
        "findings",
        "clean",
        "warnings",
        "tree",
        "signature",
        "trace",
        "suite",
        "suite_findings",
        "results",
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    file: str
    data: dict[str, Any]
    source: str

    @property
    def id(self) -> str:
        return f"{self.file}: {self.data['name']}"

    @property
    def rules(self) -> list[str]:
        named = self.data["rule"]
        return [named] if isinstance(named, str) else named


def load_cases() -> list[Case]:
    cases = []
    for path in sorted(CASES.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for data in content["cases"]:
            source = _source(data, content.get("sources", {}))
            source += " " * (data.get("padded_to", 0) - len(source.encode()))
            cases.append(Case(file=path.stem, data=data, source=source))
    return cases


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "\n".join(lines)


def _source(data: dict[str, Any], shared: dict[str, str | list[str]]) -> str:
    if "source" in data:
        return _text(data["source"])
    if "shared" in data:
        return _text(shared[data["shared"]])
    if not {"body", "result"} & data.keys():
        return "function f() -> out: number { out = 1; }"
    body = _text(data["body"]) if "body" in data else f"out = {data['result']};"
    return f"function f({data.get('params', '')}) -> out: {data.get('type', 'number')} {{\n{body}\n}}"


def run_case(case: Case) -> None:
    data = case.data
    types = analyze_types(_text(data.get("types", "")))
    _check_findings(types.findings, data.get("types_findings", []))
    environment, library = _project(case, types.types)
    analysis = analyze(case.source, environment)
    if "findings" in data:
        _check_findings(analysis.findings, data["findings"])
        return
    errors = [finding for finding in analysis.findings if finding.severity == "error"]
    assert not errors, errors
    if data.get("clean"):
        unexpected = [finding for finding in analysis.findings if finding.code != "missing_label"]
        assert not unexpected, unexpected
    assert analysis.document is not None
    for path, expected in data.get("tree", {}).items():
        found: Any = syntax_tree(analysis.document)
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        assert found == expected, path
    for name, expected in data.get("signature", {}).items():
        assert getattr(analysis.signature, name) == expected, name
    if "suite" in data:
        _check_suite(compile_program(analysis.document), data)
    if not {"outputs", "out", "error", "trace"} & data.keys():
        return
    program = compile_program(analysis.document, model_id="the model")
    library |= {program.signature.call_identifier: program} if library else {}
    limits = Limits(**data.get("limits", {}))
    inputs = data.get("inputs", {})
    before = json.dumps(inputs)
    if "trace" in data:
        _check_trace(program, library, data)
        return
    try:
        outcome = program.run(
            inputs, limits=limits, ignore_unknown_inputs=data.get("ignore_unknown", False), library=library
        )
    except RunError as error:
        if "error" not in data:
            raise
        _check_error(error, data["error"])
    else:
        assert "error" not in data, outcome
        expected = {"out": data["out"]} if "out" in data else data["outputs"]
        assert json.dumps(outcome.outputs, sort_keys=True) == json.dumps(expected, sort_keys=True)
        assert len(outcome.warnings) == data.get("warnings", 0)
    assert json.dumps(inputs) == before, "the caller's inputs were changed"


def _project(case: Case, types: Types) -> tuple[Environment, dict[str, Program]]:
    """The other Blueprints of the case's project, as the checker and as the run see them."""
    alone = Environment(types=types)
    own = analyze(case.source, alone).signature
    sources = {identifier: _text(source) for identifier, source in case.data.get("blueprints", {}).items()}
    signatures = {
        identifier: signature
        for identifier, source in sources.items()
        if (signature := analyze(source, alone).signature) is not None
    }
    seen_by_others = signatures | ({own.call_identifier: own} if own is not None else {})
    library = {}
    for identifier, source in sources.items():
        analysis = analyze(source, Environment(types=types, blueprints=seen_by_others))
        if identifier not in case.data.get("gone", ()) and not analysis.has_errors:
            assert analysis.document is not None
            library[identifier] = compile_program(analysis.document)
    return Environment(types=types, blueprints=signatures), library


_EVENT = {"id", "modelId", "callDepth", "nodeId", "event", "timestamp", "duration", "dataContext"}


def _check_trace(program: Program, library: dict[str, Program], data: dict[str, Any]) -> None:
    try:
        trace = program.run(data.get("inputs", {}), library=library, trace=True).trace
    except RunError as error:
        trace = error.trace
    assert trace is not None
    document = trace.to_json()
    assert document.keys() == {"trace", "totalDuration"}
    assert document["totalDuration"] >= sum(event["duration"] for event in document["trace"])
    assert len(document["trace"]) == len(data["trace"]), document["trace"]
    for event, expected in zip(document["trace"], data["trace"], strict=True):
        assert event.keys() == _EVENT
        found = event | {"context": event["dataContext"]}
        assert {name: found[name] for name in expected} == expected


def _check_suite(program: Program, data: dict[str, Any]) -> None:
    suite = read_suite(json.dumps(data["suite"]).encode())
    _check_findings(suite.findings, data.get("suite_findings", []))
    if "results" not in data:
        return
    (ran,) = run_suites(program, [suite])
    assert len(ran.results) == len(data["results"])
    for result, expected in zip(ran.results, data["results"], strict=True):
        found = result.to_json()
        assert found["status"] == expected["status"], found
        assert expected.get("message", "") in found.get("message", "")
        if "differences" in expected:
            differences = [
                [one["path"], one.get("expected"), one.get("actual")] for one in found["differences"]
            ]
            assert differences == expected["differences"]


def _check_error(error: RunError, expected: dict[str, Any]) -> None:
    assert error.code == expected["code"], error
    assert expected.get("message", "") in str(error)
    if "line" in expected:
        assert error.node is not None
        assert error.node.line == expected["line"]
    if "node" in expected:
        assert error.node is not None
        assert error.node.id == expected["node"]
    if "blueprint" in expected:
        assert error.node is not None
        assert error.node.blueprint == expected["blueprint"]
    if "calls" in expected:
        assert [f"{node.blueprint}:{node.line}" for node in error.calls] == expected["calls"]
    if "label" in expected:
        assert error.node is not None
        assert error.node.label == expected["label"]
    if "faults" in expected:
        assert isinstance(error, InputError)
        found = {fault.path: fault.message for fault in error.faults}
        assert found.keys() == expected["faults"].keys()
        for path, message in expected["faults"].items():
            assert message in found[path]


def _check_findings(findings: tuple[Finding, ...], expected: list[dict[str, Any]]) -> None:
    for wanted in expected:
        assert any(_matches(finding, wanted) for finding in findings), (wanted, findings)
    for finding in findings:
        if finding.severity == "error":
            assert any(_matches(finding, wanted) for wanted in expected), finding


def _matches(finding: Finding, wanted: dict[str, Any]) -> bool:
    return (
        finding.code == wanted["code"]
        and finding.severity == wanted.get("severity", finding.severity)
        and finding.line == wanted.get("line", finding.line)
        and finding.column == wanted.get("column", finding.column)
        and finding.excerpt == wanted.get("excerpt", finding.excerpt)
        and wanted.get("message", "") in finding.message
        and wanted.get("fix", "") in (finding.fix or "")
    )
