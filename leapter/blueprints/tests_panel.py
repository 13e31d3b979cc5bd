"""What the Tests panel shows: suites with their cases, and what they said when they were run."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from leapter import veritas
from leapter.blueprints import panel, programs
from leapter.blueprints.models import BlueprintRevision
from leapter.blueprints.programs import CannotRunError, LinkedProgram
from leapter.blueprints.sample_inputs import sample_inputs
from leapter.blueprints.service import ShownBlueprint
from leapter.blueprints.suite_texts import StoredSuite, pretty
from leapter.blueprints.trials import objections
from leapter.blueprints.verdicts import SuiteVerdict, Verdict, is_report_red, judge, summary
from leapter.db import db

# Larger ones make no test that anybody would read, and the page would carry them twice.
_MAX_OFFERED_CHARACTERS = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One difference. The values are texts of JSON, so that "5" is not 5; None stands for none at all."""

    path: str
    expected: str | None
    actual: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseView:
    """A case, with what it said where it was run. `key` is its name in addresses and ids of the page."""

    key: str
    case: veritas.Case
    result: veritas.CaseResult | None

    @property
    def rows(self) -> list[Row]:
        """Where it differs."""
        return rows([one.to_json() for one in self.result.differences]) if self.result else []


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteView:
    """A suite with its cases by group, in the order of the file; "" is the group of those that have none.

    `verdict` is there where all of the suite was run.
    """

    stored: StoredSuite
    groups: tuple[tuple[str, tuple[CaseView, ...]], ...]
    verdict: SuiteVerdict | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What was run: all suites, one, or a single case of it."""

    revision: BlueprintRevision
    verdict: Verdict
    is_single: bool

    @property
    def summary(self) -> str:
        """A sentence for everybody who waits for it, a screen reader too."""
        if self.is_single:
            (result,) = (result for suite in self.verdict.suites for result in suite.results)
            words = {"passed": "passes", "failed": "fails", "error": "ends in an error"}
            return f"{result.case.label}: {words[result.status]}, with revision {self.revision.number}."
        return f"{_capitalised(self.verdict.summary)}, with revision {self.revision.number}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A run as a test case would have it: JSON texts of its inputs and of what is expected."""

    inputs: str
    expected: str
    expects_error: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldCase:
    """A case that did not pass."""

    suite: str
    label: str
    message: str
    rows: list[Row]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Why a revision is not in force. `objections` is half a sentence, "" where nothing spoke against it;
    `cases` are the first that did not pass, `more` counts the others. `is_red` says that tests failed.
    """

    objections: str
    is_red: bool
    cases: tuple[HeldCase, ...]
    more: int


@dataclass(frozen=True, kw_only=True, slots=True)
class InForceRed:
    """What tests last said of a revision that is in force although some fail.

    `summary` is half a sentence. `by` and `at` say who put it into force, or with `through_types` who saved
    the types that turned them red; "" and None where nobody did.
    """

    summary: str
    by: str
    at: datetime | None
    through_types: bool


def run(
    shown: ShownBlueprint,
    tested: BlueprintRevision,
    suites: Sequence[StoredSuite],
    *,
    suite: str | None = None,
    case_key: str | None = None,
) -> Ran | None:
    """Run all suites, the one called `suite`, or the one case of it; None where there is nothing to run."""
    chosen = [stored for stored in suites if suite is None or stored.name == suite]
    if case_key is not None:
        chosen = [only for stored in chosen for only in _only(stored, case_key)]
    if not chosen:
        return None
    try:
        program = _program(shown, tested)
    except CannotRunError:
        return None
    ignores = shown.project.ignores_unknown_inputs
    db.session.commit()  # no transaction stays open while they run
    verdict = judge(program, chosen, ignores_unknown_inputs=ignores)
    return Ran(revision=tested, verdict=verdict, is_single=case_key is not None)


def views(suites: Sequence[StoredSuite], ran: Ran | None) -> list[SuiteView]:
    """All suites as the panel shows them, also those that were not run."""
    verdicts = {suite.stored.name: suite for suite in ran.verdict.suites} if ran else {}
    return [_view(stored, verdicts.get(stored.name), ran) for stored in suites]


def case_key(stored: StoredSuite, case: veritas.Case) -> str:
    """A name for a case that an address can hold, whatever its id is."""
    return hashlib.sha256(f"{stored.name}\0{case.id}".encode()).hexdigest()[:16]


def offer(inputs: object, outcome: veritas.Outcome | None, error: veritas.RunError | None) -> Offer | None:
    """A run as a test case; None where it is too large to be one."""
    expected = outcome.outputs if outcome else {"detail": error.message if error else ""}
    made = Offer(inputs=pretty(inputs), expected=pretty(expected), expects_error=outcome is None)
    return made if len(made.inputs) + len(made.expected) <= _MAX_OFFERED_CHARACTERS else None


def example(shown: ShownBlueprint) -> str:
    """Inputs to begin a new case with."""
    return pretty(sample_inputs(shown.blueprint))


def line_shown(node: veritas.Node, shown: ShownBlueprint, tested: BlueprintRevision) -> str | None:
    """The revision ("newest" or "in-force") in which the Blueprint's page shows where a run ended; None where
    it shows neither the tested one nor, for a run that ended in another Blueprint, any.
    """
    if node.blueprint not in ("", shown.blueprint.call_identifier):
        return None
    if tested.id == shown.newest.id:
        return "newest"
    return "in-force" if tested.id == shown.blueprint.revision_in_force_id else None


def rows(differences: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Differences, as `Difference.to_json` gives them, as a table shows them."""
    return [
        Row(path=one["path"], expected=_plain(one, "expected"), actual=_plain(one, "actual"))
        for one in differences
    ]


def held(shown: ShownBlueprint) -> Held | None:
    """What the tests said of the newest revision when it was saved; None where nothing holds it back."""
    if not shown.is_held:
        return None
    report = shown.newest.test_report or {"total": 0, "passed": 0, "broken": 0, "cases": [], "breaks": []}
    cases = tuple(
        HeldCase(
            suite=case["suite"], label=case["label"], message=case["message"], rows=rows(case["differences"])
        )
        for case in report["cases"]
    )
    is_red = is_report_red(report)
    said = summary(total=report["total"], passed=report["passed"], broken=report["broken"])
    return Held(
        objections=objections(not is_red, said, report["breaks"]),
        is_red=is_red,
        cases=cases,
        more=report["total"] - report["passed"] - len(cases),
    )


def in_force_red(shown: ShownBlueprint) -> InForceRed | None:
    """What is to be said of a revision in force whose tests do not all pass; None where they do."""
    if not shown.is_red or shown.in_force is None:
        return None
    report = shown.in_force.test_report or {}
    through = "types" if "types_by" in report else "put"
    at = report.get(f"{through}_at")
    return InForceRed(
        summary=summary(total=report["total"], passed=report["passed"], broken=report["broken"]),
        by=report.get(f"{through}_by", ""),
        at=datetime.fromisoformat(at) if at else None,
        through_types=through == "types",
    )


def _plain(difference: Mapping[str, Any], side: str) -> str | None:
    return panel.pretty(difference[side]) if side in difference else None


def _program(shown: ShownBlueprint, tested: BlueprintRevision) -> LinkedProgram:
    if tested.id == shown.blueprint.revision_in_force_id:
        return programs.get(tested.id, project_id=shown.project.id)
    return programs.of_draft(tested.source, project_id=shown.project.id, blueprint_id=shown.blueprint.id)


def _only(stored: StoredSuite, key: str) -> Iterator[StoredSuite]:
    for case in stored.suite.cases:
        if case_key(stored, case) == key:
            yield replace(stored, suite=replace(stored.suite, cases=(case,), findings=()))


def _view(stored: StoredSuite, verdict: SuiteVerdict | None, ran: Ran | None) -> SuiteView:
    results = {result.case.id: result for result in verdict.results} if verdict else {}
    groups: dict[str, list[CaseView]] = {}
    for case in stored.suite.cases:
        view = CaseView(key=case_key(stored, case), case=case, result=results.get(case.id))
        groups.setdefault(case.group, []).append(view)
    return SuiteView(
        stored=stored,
        groups=tuple((name, tuple(cases)) for name, cases in groups.items()),
        verdict=None if ran is None or ran.is_single else verdict,
    )


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
