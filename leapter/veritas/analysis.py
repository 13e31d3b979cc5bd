"""Source text to everything that is known about it before a run."""

from dataclasses import dataclass

from leapter.veritas import ast
from leapter.veritas.check import check
from leapter.veritas.environment import ALONE, Environment
from leapter.veritas.findings import Finding, Findings
from leapter.veritas.parser import parse
from leapter.veritas.signature import Signature
from leapter.veritas.source import MAX_SOURCE_BYTES, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """`document` and `signature` are None where no function could be read; `findings` are in order of
    place.

    `calls` are the call identifiers of the other Blueprints that are called, whether or not they exist;
    `uses_types` says whether a type of the types document is named. The findings hold as long as what these
    stand for does not change.
    """

    document: ast.Document | None
    signature: Signature | None
    findings: tuple[Finding, ...]

    @property
    def calls(self) -> frozenset[str]:
        return self.document.calls if self.document is not None else frozenset()

    @property
    def uses_types(self) -> bool:
        return self.document is not None and self.document.uses_types

    @property
    def has_errors(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)


def analyze(source: str, environment: Environment = ALONE) -> Analysis:
    """Parses and checks the text of a logic file (at most 1 MiB in UTF-8) of a project. Bad source gives
    findings, never an error.
    """
    text = source.removeprefix("\ufeff")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SOURCE_BYTES:
        findings = Findings(Source(""))
        findings.error(
            0, "source_too_long", "The source is longer than 1 MiB.", "Split it into several Blueprints."
        )
        return Analysis(document=None, signature=None, findings=findings.sorted())
    read = Source(text)
    findings = Findings(read)
    document: ast.Document | None = None
    signature: Signature | None = None
    try:
        document = parse(read, findings)
        signature = check(document, environment, findings)
        document.signature, document.is_sound = signature, not findings.has_errors
        called = {name: environment.blueprints.get(name) for name in document.calls}
        document.environment = Environment(
            types=environment.types, blueprints={name: found for name, found in called.items() if found}
        )
    except RecursionError:
        # Nesting is bounded well below Python's stack; this is for a caller that has little of it left.
        findings.error(0, "too_deep", "The source is nested too deeply.", "Split it with locals or helpers.")
        signature = None
    if document is not None and not document.functions:
        document = None
    return Analysis(document=document, signature=signature, findings=findings.sorted())
