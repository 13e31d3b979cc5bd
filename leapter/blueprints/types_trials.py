"""What is found out about a types document before it is saved."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from leapter import veritas
from leapter.blueprints import programs, rechecking
from leapter.blueprints.environments import ProjectEnvironment
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.blueprints.programs import CannotRunError, Programs
from leapter.blueprints.rechecking import Affected
from leapter.blueprints.suite_files import list_suites
from leapter.blueprints.suite_texts import StoredSuite
from leapter.blueprints.verdicts import WALL_TIME_S, Verdict, judge
from leapter.db import db, new_id
from leapter.projects.models import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class Reddened:
    """A Blueprint in force with tests that pass now and would not with the new types.

    `cases` are those, each with the name of its suite; `verdict` is what all of its tests would say.
    """

    blueprint_id: str
    label: str
    verdict: Verdict
    cases: tuple[tuple[str, veritas.CaseResult], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TypesTrial:
    """A types document as if it were saved: which Blueprints in force would stop, and whose tests turn red.

    It was tried in the project's `release`, and there may be another one by now. `verdicts` are those of all
    Blueprints whose tests were run, by revision id.
    """

    text: str
    release: str
    stops: tuple[Affected, ...]
    reddened: tuple[Reddened, ...]
    verdicts: dict[str, Verdict]

    @property
    def is_clear(self) -> bool:
        """Whether nothing speaks against saving it."""
        return not self.stops and not self.reddened


def try_out(project: Project, text: str) -> TypesTrial:
    """Try a document without errors that may be saved.

    It may take as long as tests may, twice: what fails is run with the present types too. All Blueprints
    share that time. No transaction is open meanwhile, and the caller must hold none.
    """
    session = db.session()
    project_id, ignores = project.id, project.ignores_unknown_inputs
    before = programs.load_project(project_id)
    after = before.with_types(text)
    stops = broken_by(session, project_id, before, text)
    stopped = {affected.blueprint_id for affected in stops}
    tested = [
        (blueprint, revision, list_suites(blueprint))
        for blueprint, revision in _users_of_types(session, project_id)
        if blueprint.id not in stopped
    ]
    tested = [one for one in tested if any(suite.suite.cases for suite in one[2])]
    session.commit()  # no transaction stays open while they run
    new, old = _Runs(after, ignores=ignores), _Runs(before, ignores=ignores)
    verdicts: dict[str, Verdict] = {}
    reddened = []
    for blueprint, revision, suites in tested if text != before.types_text else ():
        verdict = new.judge(blueprint, revision, suites)
        if verdict is None:
            continue
        verdicts[revision.id] = verdict
        cases = tuple(_turned(verdict, old.judge(blueprint, revision, _failing(verdict)), old))
        if cases:
            reddened.append(
                Reddened(blueprint_id=blueprint.id, label=blueprint.label, verdict=verdict, cases=cases)
            )
    return TypesTrial(
        text=text,
        release=before.release,
        stops=stops,
        reddened=tuple(sorted(reddened, key=lambda one: one.label.lower())),
        verdicts=verdicts,
    )


def broken_by(
    session: Session, project_id: str, before: ProjectEnvironment, text: str
) -> tuple[Affected, ...]:
    """The Blueprints in force that would have errors with this document, with all findings."""
    return rechecking.would_break(session, project_id, before, before.with_types(text))


class _Runs:
    """Runs of the project's tests with one types document, in one stretch of time for all of them."""

    def __init__(self, project: ProjectEnvironment, *, ignores: bool) -> None:
        # What is compiled for a trial is kept apart from what callers run, and under a release of its own.
        self._project = replace(project, release=new_id(), load_source=programs.load_source)
        self._programs = Programs(programs.load_source, programs.load_project)
        self._ignores = ignores
        self._left_s = WALL_TIME_S

    @property
    def is_over(self) -> bool:
        """Whether the time is up: what a case says then is nothing about the Blueprint."""
        return self._left_s <= 0

    def judge(
        self, blueprint: Blueprint, revision: BlueprintRevision, suites: list[StoredSuite]
    ) -> Verdict | None:
        try:
            program = self._programs.of_draft(revision.source, blueprint.id, self._project)
        except CannotRunError:
            return None
        started = time.monotonic()
        verdict = judge(
            program, suites, ignores_unknown_inputs=self._ignores, wall_time_s=max(self._left_s, 0.0)
        )
        self._left_s -= time.monotonic() - started
        return verdict


def _users_of_types(session: Session, project_id: str) -> list[tuple[Blueprint, BlueprintRevision]]:
    """The Blueprints in force, with their revisions, that use types, themselves or through what they call."""
    rows = session.execute(
        select(Blueprint, BlueprintRevision)
        .join(BlueprintRevision, BlueprintRevision.id == Blueprint.revision_in_force_id)
        .where(Blueprint.project_id == project_id)
        .options(defer(BlueprintRevision.findings))
    ).all()
    found = {
        blueprint.call_identifier
        for blueprint, revision in rows
        # Of an old revision it is not known whom it calls.
        if revision.uses_types or revision.calls is None
    }
    grows = True
    while grows:
        callers = {
            blueprint.call_identifier
            for blueprint, revision in rows
            if not found.isdisjoint(revision.calls or ())
        }
        grows = not callers <= found
        found |= callers
    return [(blueprint, revision) for blueprint, revision in rows if blueprint.call_identifier in found]


def _failing(verdict: Verdict) -> list[StoredSuite]:
    """The suites with the cases alone that did not pass."""
    return [
        replace(
            suite.stored,
            suite=replace(
                suite.stored.suite,
                cases=tuple(result.case for result in suite.results if result.status != "passed"),
            ),
        )
        for suite in verdict.suites
    ]


def _turned(
    verdict: Verdict, present: Verdict | None, old: _Runs
) -> Iterator[tuple[str, veritas.CaseResult]]:
    """The cases of a verdict that did not pass, and do with the present types, or for all that is known."""
    if present is None:
        return  # it does not run now, so nothing of it turns red
    passes = {
        (suite.stored.name, result.case.id)
        for suite in present.suites
        for result in suite.results
        if result.status == "passed" or old.is_over
    }
    for suite in verdict.suites:
        for result in suite.results:
            if result.status != "passed" and (suite.stored.name, result.case.id) in passes:
                yield suite.stored.name, result
