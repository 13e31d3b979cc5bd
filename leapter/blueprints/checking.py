"""What a source says about itself once the language has read it; what this server adds to the findings."""

import re
import uuid
from dataclasses import dataclass, replace
from typing import Literal

from leapter import veritas

MAX_LABEL_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedSource:
    """A source with its findings. Where it cannot be read far enough, label and identifier are empty.

    `blueprint_id` is the UUID of its `//#id` line in the usual spelling; `calls` and `uses_types` are as in
    `veritas.Analysis`.
    """

    source: str
    blueprint_id: str | None
    label: str
    call_identifier: str
    description: str
    findings: tuple[veritas.Finding, ...]
    signature: veritas.Signature | None
    calls: frozenset[str]
    uses_types: bool
    has_helpers: bool

    @property
    def has_errors(self) -> bool:
        """Whether the source cannot run."""
        return any(finding.severity == "error" for finding in self.findings)

    def with_findings(self, *added: veritas.Finding) -> "CheckedSource":
        """The same source with more findings, all of them in the order of lines."""
        findings = sorted([*self.findings, *added], key=lambda finding: (finding.line, finding.column))
        return replace(self, findings=tuple(findings))


def check(source: str, environment: veritas.Environment = veritas.ALONE) -> CheckedSource:
    """Read and check a source, whatever it holds, as a Blueprint of a project."""
    analysis = veritas.analyze(source, environment)
    signature = analysis.signature
    if signature is None:
        return CheckedSource(
            source=source,
            blueprint_id=None,
            label="",
            call_identifier="",
            description="",
            findings=analysis.findings,
            signature=None,
            calls=analysis.calls,
            uses_types=analysis.uses_types,
            has_helpers=False,
        )
    added = []
    blueprint_id = None
    if signature.id is not None:
        try:
            blueprint_id = str(uuid.UUID(signature.id))
        except ValueError:
            added.append(
                finding_at(
                    source,
                    r"//#id",
                    severity="warning",
                    code="id_is_no_uuid",
                    message="The id is not a UUID, so it is not used.",
                    fix="Remove the line; the Blueprint has an id of its own.",
                )
            )
    if len(signature.label) > MAX_LABEL_CHARACTERS or len(signature.call_identifier) > MAX_LABEL_CHARACTERS:
        added.append(
            _label_error(
                source,
                signature,
                code="label_too_long",
                message=f"The label has {len(signature.label)} characters; "
                f"{MAX_LABEL_CHARACTERS} are the most.",
                fix="Give the Blueprint a shorter label, and say the rest in its description.",
            )
        )
    if not veritas.call_identifier(signature.call_identifier) and not analysis.has_errors:
        added.append(
            _label_error(
                source,
                signature,
                code="label_without_letters",
                message="A Blueprint is called by letters (a to z) and digits of its label; there are none.",
                fix="Give it a label with letters or digits.",
            )
        )
    return CheckedSource(
        source=source,
        blueprint_id=blueprint_id,
        label=signature.label[:MAX_LABEL_CHARACTERS],
        call_identifier=signature.call_identifier[:MAX_LABEL_CHARACTERS],
        description=signature.description,
        findings=analysis.findings,
        signature=signature,
        calls=analysis.calls,
        uses_types=analysis.uses_types,
        has_helpers=analysis.document is not None and len(analysis.document.functions) > 1,
    ).with_findings(*added)


def duplicate_identifier(checked: CheckedSource, other_label: str) -> veritas.Finding:
    """The error on a Blueprint whose call identifier another one of the project has."""
    return finding_at(
        checked.source,
        _label_pattern(checked.label),
        severity="error",
        code="duplicate_call_identifier",
        message=f"The Blueprint “{other_label}” of this project is called {checked.call_identifier} too.",
        fix="Give one of the two another label, then save this one.",
    )


def other_id(checked: CheckedSource, *, taken: bool) -> veritas.Finding:
    """The warning on a Blueprint whose `//#id` line is not the id it has here."""
    message = (
        "Another Blueprint of this project has this id, so this one got a new id."
        if taken
        else "This is not the id that the Blueprint has here; it keeps the one it has."
    )
    return finding_at(
        checked.source,
        r"//#id",
        severity="warning",
        code="id_not_used",
        message=message,
        fix="Remove the line, or write the Blueprint’s own id.",
    )


def finding_at(
    source: str, pattern: str, *, severity: Literal["error", "warning"], code: str, message: str, fix: str
) -> veritas.Finding:
    """A finding at the first match of `pattern`, or at the beginning of the source."""
    match = re.search(pattern, source)
    offset = match.start() if match else 0
    lines = lines_of(source)
    before = lines_of(source[:offset])
    column = len(before[-1]) + 1
    text = lines[len(before) - 1]
    return veritas.Finding(
        severity=severity,
        code=code,
        line=len(before),
        column=column,
        message=message,
        fix=fix,
        excerpt=f"{text}\n{' ' * (column - 1)}^",
    )


def lines_of(source: str) -> list[str]:
    """The lines of a source as the language counts them: CR LF, LF and CR each end one."""
    return re.split(r"\r\n|\r|\n", source)


def _label_error(
    source: str, signature: veritas.Signature, *, code: str, message: str, fix: str
) -> veritas.Finding:
    return finding_at(
        source, _label_pattern(signature.label), severity="error", code=code, message=message, fix=fix
    )


def _label_pattern(label: str) -> str:
    return rf"//\*[ \t]*{re.escape(label)}|function\b"
