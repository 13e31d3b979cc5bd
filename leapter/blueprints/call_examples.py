"""Ready calls of the Blueprints of some projects, for pages that show how to call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from leapter.blueprints.addresses import run_url
from leapter.blueprints.models import Blueprint
from leapter.blueprints.sample_inputs import sample_inputs
from leapter.db import db
from leapter.projects.models import Project


@dataclass(frozen=True, kw_only=True, slots=True)
class CallExample:
    """One Blueprint that can run: where to POST to, and inputs that pass its checks."""

    project_id: str
    blueprint_label: str
    path: str
    inputs: Mapping[str, Any]


def call_examples(project_ids: Sequence[str], limit: int) -> tuple[list[CallExample], int]:
    """At most `limit` examples of Blueprints in force, and how many such Blueprints there are in all.

    The main Blueprint of each project comes before all others, so that a bound leaves no project out early.
    """
    in_force = (
        Blueprint.project_id.in_(project_ids),
        Blueprint.revision_in_force_id.is_not(None),
    )
    total = db.session.scalar(select(func.count()).select_from(Blueprint).where(*in_force)) or 0
    is_main = case((Blueprint.slug == Project.main_slug, 0), else_=1)
    rows = db.session.execute(
        select(Project.appspace_id, Blueprint)
        .join(Project, Project.id == Blueprint.project_id)
        .where(*in_force)
        .order_by(is_main, func.lower(Project.name), Blueprint.label)
        .limit(limit)
    )
    examples = []
    for appspace_id, blueprint in rows:
        examples.append(
            CallExample(
                project_id=blueprint.project_id,
                blueprint_label=blueprint.label,
                path=run_url(
                    "", appspace_id=appspace_id, project_id=blueprint.project_id, blueprint=blueprint.id
                ),
                inputs=sample_inputs(blueprint),
            )
        )
    return examples, total
