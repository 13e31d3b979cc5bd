"""What the test suites of a Blueprint say of one of its revisions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leapter import veritas
from leapter.blueprints.suite_texts import StoredSuite
from leapter.veritas.suite_runs import Runnable

WALL_TIME_S = veritas.SUITES_WALL_TIME_S
# What is kept with a revision is for a page to show; the suites can be run again at any time.
_MAX_KEPT_CASES = 10
_MAX_KEPT_DIFFERENCES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteVerdict:
    """A stored suite with what its cases said."""

    stored: StoredSuite
    results: tuple[veritas.CaseResult, ...]

    @property
    def is_green(self) -> bool:
        """Whether it could be read, and every case passed."""
        return not self.stored.suite.has_errors and self.passed == len(self.results)

    @property
    def passed(self) -> int:
        """How many cases passed."""
        return sum(result.status == "passed" for result in self.results)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What all suites of a Blueprint said."""

    suites: tuple[SuiteVerdict, ...]

    @property
    def is_green(self) -> bool:
        """Whether nothing failed. A Blueprint without tests is green."""
        return all(suite.is_green for suite in self.suites)

    @property
    def total(self) -> int:
        """How many cases were run."""
        return sum(len(suite.results) for suite in self.suites)

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(suite.passed for suite in self.suites)

    @property
    def broken(self) -> int:
        """How many suites have errors of their own."""
        return sum(suite.stored.suite.has_errors for suite in self.suites)

    @property
    def summary(self) -> str:
        """Half a sentence: "12 tests pass", "2 of 12 tests fail", "it has no tests"."""
        return summary(total=self.total, passed=self.passed, broken=self.broken)

    def to_json(self) -> dict[str, Any]:
        """What is kept of it with the revision: the counts, and the first cases that did not pass."""
        cases = [
            {"suite": suite.stored.name, **_kept(result)}
            for suite in self.suites
            for result in suite.results
            if result.status != "passed"
        ]
        return {
            "total": self.total,
            "passed": self.passed,
            "broken": self.broken,
            "cases": cases[:_MAX_KEPT_CASES],
        }


def summary(*, total: int, passed: int, broken: int) -> str:
    """What so many cases and broken suites come to, as half a sentence."""
    unread = "1 test suite has errors" if broken == 1 else f"{broken} test suites have errors"
    if not total:
        return unread if broken else "it has no tests"
    if passed < total:
        failing = total - passed
        said = f"{failing} of {total} tests {'fails' if failing == 1 else 'fail'}"
    else:
        said = "1 test passes" if total == 1 else f"{total} tests pass"
    return f"{said}, and {unread}" if broken else said


def is_report_red(report: Mapping[str, Any] | None) -> bool:
    """Whether what was kept of a verdict, by its `to_json`, says that something failed."""
    return report is not None and bool(report["passed"] < report["total"] or report["broken"])


def judge(
    program: Runnable,
    suites: Iterable[StoredSuite],
    *,
    ignores_unknown_inputs: bool,
    wall_time_s: float | None = None,
) -> Verdict:
    """Run suites, for WALL_TIME_S at most unless told otherwise. No transaction may be open meanwhile."""
    stored = list(suites)
    found = veritas.run_suites(
        program,
        [one.suite for one in stored],
        ignore_unknown_inputs=ignores_unknown_inputs,
        wall_time_s=WALL_TIME_S if wall_time_s is None else wall_time_s,
    )
    return Verdict(
        suites=tuple(
            SuiteVerdict(stored=one, results=result.results)
            for one, result in zip(stored, found, strict=True)
        )
    )


def _kept(result: veritas.CaseResult) -> Mapping[str, Any]:
    data = result.to_json()
    return data | {"differences": data["differences"][:_MAX_KEPT_DIFFERENCES]}
