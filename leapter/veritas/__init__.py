"""Veritas, the language Blueprints are written in. Standard library only."""

from leapter.veritas.analysis import Analysis, analyze
from leapter.veritas.ast import Document
from leapter.veritas.definitions import NO_TYPES, Alias, Definition, Field, Structure, Types
from leapter.veritas.environment import ALONE, Environment
from leapter.veritas.errors import (
    BlueprintThrown,
    Fault,
    InputError,
    LimitExceeded,
    Node,
    OperationFailed,
    RunError,
    VeritasError,
)
from leapter.veritas.example import example_inputs
from leapter.veritas.findings import Finding
from leapter.veritas.limits import DEFAULT_LIMITS, Limits
from leapter.veritas.numbers import SpelledNumber, number_to_text, spelled
from leapter.veritas.program import Outcome, Program, compile_program
from leapter.veritas.schema import input_schema, output_schema
from leapter.veritas.signature import Parameter, Signature, call_identifier
from leapter.veritas.suite_runs import (
    LEFT_OUT,
    SUITES_WALL_TIME_S,
    CaseResult,
    Difference,
    SuiteResult,
    run_suites,
)
from leapter.veritas.suites import MAX_SUITE_BYTES, Case, Suite, read_suite
from leapter.veritas.trace import Trace
from leapter.veritas.tree import syntax_tree
from leapter.veritas.types import Type
from leapter.veritas.types_document import TypesAnalysis, analyze_types

__all__ = [
    "ALONE",
    "DEFAULT_LIMITS",
    "LEFT_OUT",
    "MAX_SUITE_BYTES",
    "NO_TYPES",
    "SUITES_WALL_TIME_S",
    "Alias",
    "Analysis",
    "BlueprintThrown",
    "Case",
    "CaseResult",
    "Definition",
    "Difference",
    "Document",
    "Environment",
    "Fault",
    "Field",
    "Finding",
    "InputError",
    "LimitExceeded",
    "Limits",
    "Node",
    "OperationFailed",
    "Outcome",
    "Parameter",
    "Program",
    "RunError",
    "Signature",
    "SpelledNumber",
    "Structure",
    "Suite",
    "SuiteResult",
    "Trace",
    "Type",
    "Types",
    "TypesAnalysis",
    "VeritasError",
    "analyze",
    "analyze_types",
    "call_identifier",
    "compile_program",
    "example_inputs",
    "input_schema",
    "number_to_text",
    "output_schema",
    "read_suite",
    "run_suites",
    "spelled",
    "syntax_tree",
]
