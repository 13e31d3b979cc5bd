"""Who is called what in a project: labels, call identifiers, slugs."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from leapter import veritas
from leapter.blueprints.checking import CheckedSource, duplicate_identifier
from leapter.blueprints.models import Blueprint
from leapter.projects.slugs import MAX_SLUG_CHARACTERS, title_of


def refuse_taken(checked: CheckedSource, others: Iterable[Blueprint]) -> CheckedSource:
    """The source with an error if a Blueprint that can be called has its call identifier already."""
    for other in others:
        if other.revision_in_force_id and other.call_identifier == checked.call_identifier:
            return checked.with_findings(duplicate_identifier(checked, other.label))
    return checked


def describe(
    session: Session,
    blueprint: Blueprint,
    checked: CheckedSource,
    others: Iterable[Blueprint],
    *,
    is_held: bool = False,
) -> None:
    """Write what the revision says about the Blueprint, unless an older revision stays in force.

    `is_held` says that it does not come into force, though it has no errors.
    """
    stays_out = checked.has_errors or is_held
    if stays_out and blueprint.revision_in_force_id:
        return
    blueprint.label = checked.label or title_of(blueprint.slug)
    blueprint.description = checked.description
    taken = {other.call_identifier for other in others}
    if stays_out:
        # Nobody can call it, so it must not keep an identifier from one that can be called.
        blueprint.call_identifier = free(
            checked.call_identifier or veritas.call_identifier(blueprint.slug), "_", taken
        )
        return
    for other in others:
        if other.call_identifier == checked.call_identifier:
            other.call_identifier = free(checked.call_identifier, "_", taken)
            session.flush()
    blueprint.call_identifier = checked.call_identifier


def free(wanted: str, joint: str, taken: set[str]) -> str:
    """`wanted`, or with the first number behind it that makes it differ from all that are taken."""
    number = 1
    name = wanted
    while name in taken:
        number += 1
        ending = f"{joint}{number}"
        # A slug cut behind a hyphen would not be one.
        name = wanted[: MAX_SLUG_CHARACTERS - len(ending)].rstrip(joint) + ending
    return name
