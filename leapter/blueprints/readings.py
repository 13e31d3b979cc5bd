"""What the pages need to show a revision as a document or a diagram."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sqlalchemy import select

from leapter import veritas
from leapter.blueprints import environments
from leapter.blueprints.flow import Diagram, diagrams_of
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.blueprints.service import ShownBlueprint, findings_of
from leapter.blueprints.specification import Specification, specification_of
from leapter.db import db

# What a page can show within a moment, and a person can read at all.
MAX_CHARACTERS = 250_000
MAX_NODES = 1_500

Wanted = Literal["in-force", "newest"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One revision to read. It is read only once a page asks for the document or the diagram."""

    shown: ShownBlueprint
    revision: BlueprintRevision

    @property
    def is_in_force(self) -> bool:
        """Whether this revision is the one that runs."""
        return self.shown.in_force is not None and self.revision.id == self.shown.in_force.id

    @property
    def is_newest(self) -> bool:
        """Whether no later revision was saved."""
        return self.revision.id == self.shown.newest.id

    @cached_property
    def _document(self) -> veritas.Document | None:
        # What is wrong with it was found when it was saved; here only its parts are asked for.
        return veritas.analyze(self.revision.source).document

    @cached_property
    def specification(self) -> Specification | None:
        """The document; None where `trouble` says why there is none."""
        if len(self.revision.source) > MAX_CHARACTERS or self._document is None:
            return None
        types = environments.load(db.session(), self.shown.project.id).types
        specification = specification_of(self._document, findings_of(self.revision), types)
        return specification if specification.size <= MAX_NODES else None

    @property
    def trouble(self) -> str:
        """Why there is neither document nor diagram; empty where they are there."""
        if self.specification is not None:
            return ""
        if len(self.revision.source) > MAX_CHARACTERS:
            return f"Its source has more than {MAX_CHARACTERS:,} characters, too many to show as a document."
        if self._document is None:
            return "The source cannot be read far enough. Mend its errors, then come back."
        return f"It has more than {MAX_NODES:,} steps, too many to show as a document."

    @cached_property
    def diagrams(self) -> tuple[Diagram, ...]:
        """The flow of the Blueprint, then that of each helper."""
        return () if self.specification is None else diagrams_of(self.specification)

    @cached_property
    def callees(self) -> Mapping[str, Blueprint]:
        """The Blueprints of the project that this one calls, by call identifier."""
        if self.specification is None or not self.specification.called:
            return {}
        found = db.session.scalars(
            select(Blueprint).where(
                Blueprint.project_id == self.shown.project.id,
                Blueprint.call_identifier.in_(self.specification.called),
            )
        )
        return {callee.call_identifier: callee for callee in found}


def read_revision(shown: ShownBlueprint, wanted: Wanted) -> Reading:
    """A revision of a Blueprint: the one in force, if there is one and it is wanted, or the newest."""
    in_force = shown.in_force
    revision = in_force if in_force is not None and wanted == "in-force" else shown.newest
    return Reading(shown=shown, revision=revision)
