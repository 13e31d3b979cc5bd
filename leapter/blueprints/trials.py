"""What is found out about a revision before it comes into force."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from leapter.blueprints import programs, rechecking
from leapter.blueprints.environments import ProjectEnvironment
from leapter.blueprints.models import Blueprint
from leapter.blueprints.rechecking import Affected
from leapter.blueprints.suite_files import list_suites
from leapter.blueprints.verdicts import Verdict, judge
from leapter.db import db
from leapter.projects.models import Project
from leapter.veritas import Signature


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A revision as if it were in force: what its tests say, and which others would stop running."""

    verdict: Verdict
    breaks: tuple[Affected, ...]

    @property
    def is_clear(self) -> bool:
        """Whether nothing speaks against putting it into force."""
        return self.verdict.is_green and not self.breaks

    @property
    def summary(self) -> str:
        """Half a sentence about what speaks against it."""
        return objections(
            self.verdict.is_green, self.verdict.summary, [affected.label for affected in self.breaks]
        )

    def to_json(self) -> dict[str, Any]:
        """What is kept of it with the revision: the verdict, and the labels of what it `breaks`."""
        return {**self.verdict.to_json(), "breaks": [affected.label for affected in self.breaks]}


def try_out(
    project: Project, blueprint: Blueprint, source: str, signature: Signature, before: ProjectEnvironment
) -> Trial | None:
    """Try a source that may come into force; None where it cannot run after all.

    It may take as long as tests may: no transaction is open meanwhile, and the caller must hold none.
    """
    breaks = broken_by(db.session(), blueprint, signature, before)
    try:
        program = programs.of_draft(source, project_id=project.id, blueprint_id=blueprint.id)
    except programs.CannotRunError:
        return None
    suites, ignores = list_suites(blueprint), project.ignores_unknown_inputs
    db.session.commit()  # no transaction stays open while they run
    return Trial(verdict=judge(program, suites, ignores_unknown_inputs=ignores), breaks=breaks)


def broken_by(
    session: Session, blueprint: Blueprint, signature: Signature, before: ProjectEnvironment
) -> tuple[Affected, ...]:
    """The other Blueprints in force that would have errors with a revision of this signature in force."""
    after = before.with_draft(blueprint.id, signature)
    return rechecking.would_break(session, blueprint.project_id, before, after)


def objections(is_green: bool, summary: str, breaks: list[str]) -> str:
    """What speaks against a revision, as half a sentence: red tests, others that would stop running."""
    said = [] if is_green else [summary]
    if breaks:
        named = breaks[0] if len(breaks) == 1 else f"{', '.join(breaks[:-1])} and {breaks[-1]}"
        said.append(f"{named} could not run any more with it")
    return ", and ".join(said)
