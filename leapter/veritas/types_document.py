"""The text of a types document to everything that is known about it."""

from dataclasses import dataclass

from leapter.veritas.definitions import NO_TYPES, Types
from leapter.veritas.findings import Finding, Findings
from leapter.veritas.source import MAX_SOURCE_BYTES, Source
from leapter.veritas.types_check import check_types
from leapter.veritas.types_parser import parse_types


@dataclass(frozen=True, kw_only=True, slots=True)
class TypesAnalysis:
    """`types` has the definitions without errors; `findings` are in order of place."""

    types: Types
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)


def analyze_types(text: str) -> TypesAnalysis:
    """Parses and checks the text of a types document (at most 1 MiB in UTF-8). A bad one gives findings,
    never an error.
    """
    text = text.removeprefix("\ufeff")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SOURCE_BYTES:
        findings = Findings(Source(""))
        findings.error(0, "source_too_long", "The types document is longer than 1 MiB.", None)
        return TypesAnalysis(types=NO_TYPES, findings=findings.sorted())
    source = Source(text)
    findings = Findings(source)
    try:
        types = check_types(parse_types(source, findings), findings)
    except RecursionError:
        # Nesting is bounded well below Python's stack; this is for a caller that has little of it left.
        findings.error(0, "too_deep", "The types document is nested too deeply.", "Split its definitions.")
        types = NO_TYPES
    return TypesAnalysis(types=types, findings=findings.sorted())
