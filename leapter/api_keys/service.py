"""Verbs on API keys; each is one transaction and writes down who did what."""

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from structlog import get_logger

from leapter.accounts.access import Actor, visible_appspaces
from leapter.api_keys import keys, listing
from leapter.api_keys.errors import AlreadyCreatedError, KeyChangedError
from leapter.api_keys.models import ApiKey, ApiKeyEvent, ApiKeyProject, ApiKeyUsage
from leapter.api_keys.records import KeyRecord, ProjectName
from leapter.clock import now
from leapter.db import db, new_id, transaction
from leapter.errors import InvalidInputError, NotFoundError
from leapter.projects.models import Project

LONGEST_NAME = 100
MOST_PROJECTS = 1_000

_DAMAGED_FORM = "This form is damaged. Reload the page and fill it in again."

log = get_logger("leapter.api_keys")


def create_key(
    actor: Actor,
    *,
    name: str,
    project_ids: Iterable[str],
    creation_token: str,
    expires_at: datetime | None = None,
) -> tuple[KeyRecord, str]:
    """Create a key for some projects of one appspace; return it with its secret, which is kept nowhere.

    `creation_token` is a UUID that the form carried: however often it is sent, it makes one key.

    Raises:
        InvalidInputError: the name or the projects are not acceptable.
        AlreadyCreatedError: this form made its key before.
    """
    name = unicodedata.normalize("NFC", name).strip()
    token = _clean_token(creation_token)
    wanted_ids = set(project_ids)
    secret = keys.mint()
    try:
        with transaction() as session:
            earlier = _find_by_token(actor, token)
            if earlier is not None:
                raise AlreadyCreatedError(earlier)
            projects = _lock_projects(session, actor, wanted_ids)
            appspaces = {project.appspace_id for project in projects}
            _refuse(name=_name_faults(name), projects=_project_faults(actor, wanted_ids, projects))
            key = ApiKey(
                id=new_id(),
                appspace_id=appspaces.pop(),
                name=name,
                digest=keys.digest(secret),
                prefix=keys.display_prefix(secret),
                creation_token=token,
                created_by_id=actor.user_id,
                created_by_name=actor.name,
                expires_at=expires_at,
            )
            session.add(key)
            session.flush()
            session.add_all(ApiKeyProject(key_id=key.id, project_id=project.id) for project in projects)
            session.add_all(
                [
                    ApiKeyUsage(key_id=key.id),
                    ApiKeyEvent(
                        key_id=key.id,
                        kind="created",
                        actor_name=actor.name,
                        detail={"projects": _named(projects)},
                    ),
                ]
            )
    except IntegrityError:
        # PostgreSQL lets two transactions look for the token at once; the second meets the unique constraint.
        earlier = _find_by_token(actor, token)
        if earlier is None:
            # The token made a key in an appspace that this person may not enter: tell nothing of it.
            raise InvalidInputError({"": [_DAMAGED_FORM]}) from None
        raise AlreadyCreatedError(earlier) from None
    log.info("api_key_created", key_id=key.id, actor=actor.user_id)
    return listing.get_key(actor, key.id), secret


def set_projects(
    actor: Actor, key_id: str, project_ids: Iterable[str], *, expected_scope_version: int | None = None
) -> KeyRecord:
    """Let a key call these projects and no others, from the next request on.

    Raises:
        NotFoundError: there is no such key, or not for `actor`.
        KeyChangedError: it is revoked, or its projects are no longer those of `expected_scope_version`.
        InvalidInputError: no project, or one that the key cannot be given.
    """
    wanted_ids = set(project_ids)
    with transaction() as session:
        # Projects are locked before keys, everywhere: their deletion does so too.
        projects = _lock_projects(session, actor, wanted_ids)
        key = _lock(session, actor, key_id)
        present = set(session.scalars(select(ApiKeyProject.project_id).where(ApiKeyProject.key_id == key.id)))
        if key.revoked_at is not None:
            raise KeyChangedError(listing.get_key(actor, key.id))
        # The same edit sent twice finds its own work done; that is no conflict.
        if expected_scope_version not in (None, key.scope_version) and wanted_ids != present:
            raise KeyChangedError(listing.get_key(actor, key.id))
        projects = [project for project in projects if project.appspace_id == key.appspace_id]
        _refuse(projects=_project_faults(actor, wanted_ids, projects))
        added = [project for project in projects if project.id not in present]
        removed_ids = present - wanted_ids
        if added or removed_ids:
            removed = list(session.scalars(select(Project).where(Project.id.in_(removed_ids))))
            for link in session.scalars(
                select(ApiKeyProject).where(
                    ApiKeyProject.key_id == key.id, ApiKeyProject.project_id.in_(removed_ids)
                )
            ):
                session.delete(link)
            session.add_all(ApiKeyProject(key_id=key.id, project_id=project.id) for project in added)
            key.scope_version += 1
            session.add(
                ApiKeyEvent(
                    key_id=key.id,
                    kind="scope_changed",
                    actor_name=actor.name,
                    detail={"added": _named(added), "removed": _named(removed)},
                )
            )
    if added or removed_ids:
        log.info("api_key_scope_changed", key_id=key_id, actor=actor.user_id)
    return listing.get_key(actor, key_id)


def revoke_key(actor: Actor, key_id: str) -> tuple[KeyRecord, bool]:
    """Revoke a key for good; return it, and whether it was this call that did it.

    A key that was revoked before stays as it is: its record says by whom and when.

    Raises:
        NotFoundError: there is no such key, or not for `actor`.
    """
    with transaction() as session:
        key = _lock(session, actor, key_id)
        revoked_now = key.revoked_at is None
        if revoked_now:
            key.revoked_at = now()
            key.revoked_by_name = actor.name
            session.add(ApiKeyEvent(key_id=key.id, kind="revoked", actor_name=actor.name))
    if revoked_now:
        log.info("api_key_revoked", key_id=key_id, actor=actor.user_id)
    return listing.get_key(actor, key_id), revoked_now


class ProjectDependents:
    """What keys lose when a project is deleted (see `leapter.projects.dependents`)."""

    def losing(self, project_id: str) -> list[str]:
        """The keys in use that may call the project, as "name (prefix)", sorted by name."""
        found = db.session.execute(
            select(ApiKey.name, ApiKey.prefix)
            .join(ApiKeyProject, ApiKeyProject.key_id == ApiKey.id)
            .where(ApiKeyProject.project_id == project_id, ApiKey.revoked_at.is_(None))
        )
        return [f"{name} ({prefix})" for name, prefix in sorted(found, key=lambda key: key[0].casefold())]

    def before_delete(self, session: Session, project: Project, actor_name: str) -> None:
        """Write the loss into the history of every key of the project, and make edits of them start anew."""
        affected = list(
            session.scalars(
                select(ApiKey)
                .join(ApiKeyProject, ApiKeyProject.key_id == ApiKey.id)
                .where(ApiKeyProject.project_id == project.id)
                .order_by(ApiKey.id)
                .with_for_update(of=ApiKey)
            )
        )
        for key in affected:
            key.scope_version += 1
            session.add(
                ApiKeyEvent(
                    key_id=key.id,
                    kind="project_deleted",
                    actor_name=actor_name,
                    detail={"removed": _named([project])},
                )
            )


def _refuse(**faults: list[str]) -> None:
    errors = {field: sentences for field, sentences in faults.items() if sentences}
    if errors:
        raise InvalidInputError(errors)


def _name_faults(name: str) -> list[str]:
    if not any(unicodedata.category(character)[0] not in "ZC" for character in name):
        return ["Give the key a name that says who will use it."]
    if len(name) > LONGEST_NAME:
        return [f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}."]
    if keys.contains_key(name):
        # Pasted into the wrong field. A name is stored, listed and logged by clients; a key must not be.
        return ["This holds an API key itself. Give a name that says who will use the new one."]
    if any(_is_control(character) for character in name):
        return ["A name is one line of text, without control characters."]
    return []


def _is_control(character: str) -> bool:
    # Line and paragraph separators break the row; marks that turn the writing direction let one name look
    # like another. Joiners stay: several scripts and emoji need them.
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(
        character
    ) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def _clean_token(token: str) -> str:
    try:
        return str(uuid.UUID(token))
    except ValueError:
        raise InvalidInputError(
            {"": ["This form is damaged. Reload the page and fill it in again."]}
        ) from None


def _find_by_token(actor: Actor, token: str) -> KeyRecord | None:
    key_id = db.session.scalar(
        select(ApiKey.id).where(
            ApiKey.creation_token == token, ApiKey.appspace_id.in_(visible_appspaces(actor))
        )
    )
    return None if key_id is None else listing.get_key(actor, key_id)


def _lock(session: Session, actor: Actor, key_id: str) -> ApiKey:
    key = session.scalar(
        select(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.appspace_id.in_(visible_appspaces(actor)))
        .with_for_update()
    )
    if key is None:
        raise NotFoundError("API key")
    return key


def _lock_projects(session: Session, actor: Actor, project_ids: set[str]) -> list[Project]:
    if len(project_ids) > MOST_PROJECTS:
        return []
    # Held until commit, so that none is deleted between this look and the new row that names it.
    return list(
        session.scalars(
            select(Project)
            .where(Project.id.in_(project_ids), Project.appspace_id.in_(visible_appspaces(actor)))
            .order_by(Project.id)
            .with_for_update(read=True, key_share=True)
        )
    )


def _project_faults(actor: Actor, wanted_ids: set[str], found: list[Project]) -> list[str]:
    if not wanted_ids:
        return ["Choose at least one project."]
    if len(wanted_ids) > MOST_PROJECTS:
        return [f"A key has at most {MOST_PROJECTS:,} projects; these are {len(wanted_ids):,}."]
    missing = wanted_ids - {project.id for project in found}
    if missing:
        return _missing_faults(len(wanted_ids), missing, listing.names_of_deleted(actor, missing))
    if len({project.appspace_id for project in found}) > 1:
        return ["A key works in one appspace; these projects are of different ones."]
    return []


def _missing_faults(wanted: int, missing: set[str], deleted: Sequence[ProjectName]) -> list[str]:
    faults = [f"The project “{project}” was deleted meanwhile." for project in deleted]
    unknown = len(missing) - len(deleted)
    if unknown:
        which = "The chosen project" if wanted == 1 else f"{unknown} of the {wanted} chosen projects"
        verb = "is" if unknown == 1 else "are"
        faults.append(f"{which} {verb} no longer there, or in another appspace.")
    return faults


def _named(projects: Iterable[Project]) -> list[dict[str, str]]:
    ordered = sorted(projects, key=lambda project: (project.name.casefold(), project.id))
    return [{"id": project.id, "name": project.name} for project in ordered]
