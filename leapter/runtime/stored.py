"""Reads what callers ask about beside runs: Blueprints, stored runs."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from leapter import veritas
from leapter.blueprints import programs
from leapter.blueprints.models import Blueprint, BlueprintRevision, Run
from leapter.db import db
from leapter.projects.models import Project
from leapter.runtime.problems import NoSuchRunError
from leapter.runtime.run_ids import age_s
from leapter.web.urls import splittable_label

# A record is written within half a second; a run in another worker cannot be hurried.
_ON_ITS_WAY_S = 1.5
_LOOK_AGAIN_S = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Runnable:
    """A Blueprint that can run, under the names that callers use; `revision_id` is what is in force."""

    id: str
    revision_id: str
    slug: str
    label: str
    call_identifier: str
    description: str
    signature: veritas.Signature
    is_main: bool


def runnable(project_id: str, release: str) -> list[Runnable]:
    """Return the Blueprints of a project that can run, the main one first, then by label.

    `release` is the release of the project that the caller read.
    """
    statement = (
        select(
            Blueprint.id,
            Blueprint.slug,
            Blueprint.call_identifier,
            Blueprint.revision_in_force_id,
            Blueprint.slug == Project.main_slug,
        )
        .join(Project, Project.id == Blueprint.project_id)
        .where(Blueprint.project_id == project_id, Blueprint.revision_in_force_id.is_not(None))
    )
    found = []
    for blueprint_id, slug, call_identifier, revision_id, is_main in db.session.execute(statement).all():
        try:
            signature = programs.get(str(revision_id), project_id=project_id, release=release).signature
        except programs.CannotRunError:
            continue
        found.append(
            Runnable(
                id=blueprint_id,
                revision_id=str(revision_id),
                slug=slug,
                label=signature.label,
                call_identifier=call_identifier,
                description=signature.description,
                signature=signature,
                is_main=bool(is_main),
            )
        )
    return sorted(found, key=lambda one: (not one.is_main, one.label, one.slug))


def project_words(project_id: str) -> tuple[str, str]:
    """Return the name and the description of a project; the latter may be empty."""
    row = db.session.execute(select(Project.name, Project.description).where(Project.id == project_id)).one()
    return row[0], row[1]


def models(project_id: str, release: str) -> list[dict[str, Any]]:
    """Describe the Blueprints of a project that can run, the main one first, then by label."""
    return [_summary(one.id, one.signature) for one in runnable(project_id, release)]


def model(project_id: str, release: str, blueprint_id: str, revision_id: str) -> dict[str, Any]:
    """Describe a Blueprint whole, with its syntax tree.

    Raises:
        CannotRunError: the revision has errors.
    """
    program = programs.get(revision_id, project_id=project_id, release=release)
    environment = veritas.Environment(types=program.signature.types)
    # That it has no errors is known; whom it calls changes nothing in the tree.
    analysis = veritas.analyze(programs.load_source(revision_id), environment)
    if analysis.document is None:
        raise programs.CannotRunError(analysis.findings)
    return {
        **_summary(blueprint_id, program.signature),
        "logicFlow": veritas.syntax_tree(analysis.document),
        "settings": {},
    }


def newest_findings(blueprint_id: str) -> tuple[veritas.Finding, ...]:
    """What the checker said of the newest revision of a Blueprint, in the order of the source."""
    statement = (
        select(BlueprintRevision.findings)
        .where(BlueprintRevision.blueprint_id == blueprint_id)
        .order_by(BlueprintRevision.number.desc())
        .limit(1)
    )
    return tuple(veritas.Finding.from_json(finding) for finding in db.session.scalar(statement) or ())


def _summary(blueprint_id: str, signature: veritas.Signature) -> dict[str, Any]:
    return {
        "id": blueprint_id,
        "label": splittable_label(signature.label),
        "modelType": "logicFlow",
        "contentType": "text/x-veritas",
        "expressionLanguage": "veritas",
        "callIdentifier": signature.call_identifier,
        "description": signature.description,
        "inputSchema": veritas.input_schema(signature),
        "outputSchema": veritas.output_schema(signature),
    }


def run(project_id: str, run_id: str) -> dict[str, Any]:
    """Describe a stored run; one that has only just ended is waited for, a second or so.

    Raises:
        NoSuchRunError: the project has no such run.
    """
    run_id = run_id.lower()
    age = age_s(run_id)
    statement = select(Run).where(Run.id == run_id, Run.project_id == project_id)
    while True:
        row = None if age is None else db.session.scalar(statement)
        if row is not None:
            return _described(row)
        age = age_s(run_id)
        if age is None or not 0 <= age < _ON_ITS_WAY_S:
            raise NoSuchRunError
        db.session.rollback()  # the next look must not see the state of this one
        time.sleep(_LOOK_AGAIN_S)  # another worker may be the one that writes it: no event tells


def _described(row: Run) -> dict[str, Any]:
    document: dict[str, Any] = {
        "runId": row.id,
        "blueprintId": row.blueprint_id,
        "revision": row.revision_number,
        "startedAt": row.started_at.isoformat().replace("+00:00", "Z"),
        "durationMs": row.duration_us / 1000,
        "status": row.status,
    }
    if row.correlation_id is not None:
        document["correlationId"] = row.correlation_id
    if row.error_code is not None:
        document["error"] = {"code": row.error_code, "detail": row.error_message}
    if row.input_data is not None:
        document["inputData"] = row.input_data
    if row.output_data is not None:
        document["outputData"] = veritas.spelled(row.output_data)
    return document
