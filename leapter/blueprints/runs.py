"""Records of runs, and runs of people in the console."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from leapter import veritas
from leapter.accounts.access import Actor
from leapter.blueprints import programs
from leapter.blueprints.models import Run
from leapter.blueprints.run_errors import recorded_message, storable
from leapter.blueprints.service import ShownBlueprint
from leapter.clock import now
from leapter.db import db, new_id, transaction
from leapter.errors import LeapterError, NotFoundError

LATEST_RUNS = 50


class NotInForceError(LeapterError):
    """The Blueprint has no revision that can run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsoleRun:
    """What came of a run in the console: either `outcome` or `error` is there.

    `trace` is the run's, where one was asked for and the inputs let it begin.
    """

    run_id: str
    revision_number: int
    duration_us: int
    outcome: veritas.Outcome | None
    error: veritas.RunError | None

    @property
    def trace(self) -> veritas.Trace | None:
        ended = self.outcome or self.error
        return None if ended is None else ended.trace


def run_in_console(
    actor: Actor,
    shown: ShownBlueprint,
    inputs: dict[str, Any],
    *,
    client_address: str | None = None,
    client_agent: str | None = None,
    trace: bool = False,
) -> ConsoleRun:
    """Run the revision in force of a Blueprint as a person, and record it. A trace is not recorded.

    Raises:
        NotInForceError: none can run.
        NotFoundError: the project was deleted while the Blueprint ran.
    """
    revision = shown.in_force
    if revision is None:
        raise NotInForceError
    try:
        program = programs.get(revision.id, project_id=shown.project.id, release=shown.project.release)
    except programs.CannotRunError:
        raise NotInForceError from None
    # No transaction stays open while the Blueprint runs: it may take seconds.
    db.session.commit()
    outcome, error = None, None
    started_at = now()
    started = time.perf_counter_ns()
    try:
        outcome = program.run(inputs, ignore_unknown_inputs=shown.project.ignores_unknown_inputs, trace=trace)
    except veritas.RunError as failed:
        error = failed
    duration_us = (time.perf_counter_ns() - started) // 1000
    run_id = new_id()
    keeps_data = shown.project.keeps_run_data
    _record(
        Run(
            id=run_id,
            project_id=shown.project.id,
            blueprint_id=shown.blueprint.id,
            revision_number=revision.number,
            key_id=None,
            caller=actor.name,
            via="console",
            started_at=started_at,
            duration_us=duration_us,
            status=422 if error else 200,
            error_code=error and error.code,
            error_message=recorded_message(error, program.signature, keeps_data=keeps_data)
            if error
            else None,
            client_address=client_address,
            client_agent=storable(client_agent)[:200] if client_agent is not None else None,
            input_data=inputs if keeps_data else None,
            output_data=outcome.outputs if outcome and keeps_data else None,
        )
    )
    return ConsoleRun(
        run_id=run_id,
        revision_number=revision.number,
        duration_us=duration_us,
        outcome=outcome,
        error=error,
    )


def _record(run: Run) -> None:
    try:
        with transaction() as session:
            session.add(run)
    except IntegrityError:
        raise NotFoundError("project") from None


def latest_runs(shown: ShownBlueprint, *, limit: int = LATEST_RUNS) -> list[Run]:
    """The latest runs of a Blueprint, the newest first."""
    return list(
        db.session.scalars(
            select(Run)
            .where(Run.project_id == shown.project.id, Run.blueprint_id == shown.blueprint.id)
            .order_by(Run.started_at.desc(), Run.id)
            .limit(limit)
        )
    )
