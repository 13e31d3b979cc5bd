"""What the test suites of projects in files say: what `leapter test` prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapter import veritas
from leapter.blueprints.finding_text import finding_lines
from leapter.blueprints.tests_panel import rows
from leapter.blueprints.verdicts import Verdict, judge, summary
from leapter.blueprints.workspace import Workspace, WorkspaceBlueprint, open_workspace
from leapter.projects.archive import MANIFEST_PATH, TYPES_PATH, ProjectArchive, read_path

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class TestedProject:
    """A project with what its suites said; of a Blueprint with errors none was run, which is a fault too."""

    name: str
    workspace: Workspace
    verdicts: tuple[tuple[WorkspaceBlueprint, Verdict | None], ...]

    @property
    def is_green(self) -> bool:
        """Whether all Blueprints, types and suites are without errors and every case passes."""
        return (
            all(verdict is not None and verdict.is_green for _, verdict in self.verdicts)
            and not self.workspace.strays
            and not any(finding.severity == "error" for finding in self.workspace.types_findings)
        )

    @property
    def total(self) -> int:
        """How many cases were run."""
        return sum(verdict.total for _, verdict in self.verdicts if verdict)

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(verdict.passed for _, verdict in self.verdicts if verdict)

    @property
    def broken(self) -> int:
        """How many suites have errors of their own."""
        return sum(suite.suite.has_errors for one, _ in self.verdicts for suite in one.suites)

    def to_json(self) -> dict[str, Any]:
        """The project with all findings and the result of every case."""
        return {
            "name": self.name,
            "isGreen": self.is_green,
            "findings": [
                {"file": TYPES_PATH, **finding.to_json()} for finding in self.workspace.types_findings
            ],
            "strays": list(self.workspace.strays),
            "blueprints": [_blueprint_json(one, verdict) for one, verdict in self.verdicts],
        }

    def lines(self) -> Iterator[str]:
        """The same for people: one line for what passes, all there is to say of what does not."""
        yield self.name
        yield from _errors(TYPES_PATH, self.workspace.types_findings)
        for one, verdict in self.verdicts:
            yield f"  {one.label}: {'not run, since it has errors' if verdict is None else verdict.summary}"
            yield from _errors(one.source.path, one.checked.findings)
            for suite in one.suites:
                yield from _errors(suite.path, suite.suite.findings)
            for tested in verdict.suites if verdict else ():
                for result in tested.results:
                    if result.status != "passed":
                        yield f"    {tested.stored.path}: {result.case.label}: {result.message}"
                        yield from _details(result)
        for path in self.workspace.strays:
            yield f"  {path}: belongs to no Blueprint, so it is not run"


def run_tests(path: Path) -> list[TestedProject]:
    """Run the suites of the project at `path`, or of all projects that the folder there holds.

    Raises:
        ArchiveError: there is none, or one cannot be read.
    """
    return [_tested(read_path(each)) for each in _projects_at(path)]


def overall(projects: list[TestedProject]) -> str:
    """One sentence about all of them."""
    total = sum(project.total for project in projects)
    broken = sum(project.broken for project in projects)
    if not total and not broken:
        return "There are no tests."
    said = summary(total=total, passed=sum(project.passed for project in projects), broken=broken)
    return f"{said[:1].upper()}{said[1:]}."


def _projects_at(path: Path) -> list[Path]:
    if not path.is_dir() or _is_project(path):
        return [path]
    inside = [
        child
        for child in sorted(path.iterdir())
        if (child.is_dir() and _is_project(child)) or (child.is_file() and child.suffix.lower() == ".zip")
    ]
    return inside or [path]


def _is_project(folder: Path) -> bool:
    return (folder / MANIFEST_PATH).is_file() or (folder / "logic").is_dir() or any(folder.glob("*.vts"))


def _tested(archive: ProjectArchive) -> TestedProject:
    workspace = open_workspace(archive)
    return TestedProject(
        name=(archive.manifest and archive.manifest.label) or archive.name,
        workspace=workspace,
        verdicts=tuple(
            (one, judge(one.program, one.suites, ignores_unknown_inputs=False) if one.program else None)
            for one in workspace.blueprints
        ),
    )


def _blueprint_json(one: WorkspaceBlueprint, verdict: Verdict | None) -> dict[str, Any]:
    results = {suite.stored.path: suite.results for suite in verdict.suites} if verdict else {}
    return {
        "slug": one.source.slug,
        "label": one.label,
        "file": one.source.path,
        "findings": [finding.to_json() for finding in one.checked.findings],
        "suites": [
            {
                "id": suite.suite.id,
                "label": suite.label,
                "file": suite.path,
                "findings": [finding.to_json() for finding in suite.suite.findings],
                "cases": [result.to_json() for result in results.get(suite.path, ())],
            }
            for suite in one.suites
        ],
    }


def _errors(path: str, findings: tuple[veritas.Finding, ...]) -> Iterator[str]:
    for finding in findings:
        if finding.severity == "error":
            yield from (f"    {line}" for line in finding_lines(path, finding))


def _details(result: veritas.CaseResult) -> Iterator[str]:
    node = result.node
    if node is not None:
        where = f"line {node.line} of {node.blueprint}" if node.blueprint else f"line {node.line}"
        yield f"      at {where}{f', “{node.label}”' if node.label else ''} ({node.id})"
    for row in rows([difference.to_json() for difference in result.differences]):
        yield f"      {row.path}: expected {_short(row.expected)}, was {_short(row.actual)}"


def _short(text: str | None) -> str:
    if text is None:
        return "nothing"
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"
