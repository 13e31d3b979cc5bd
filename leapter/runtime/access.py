"""Who may call what: the decision on every call, made from the database alone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, ScalarSelect, Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from leapter import clock
from leapter.accounts.models import Appspace
from leapter.api_keys import keys
from leapter.api_keys.models import ApiKey, ApiKeyProject
from leapter.blueprints.models import Blueprint, BlueprintRevision
from leapter.errors import LeapterError
from leapter.projects.models import Project
from leapter.runtime.connections import HeldConnections, Query


class MissingApiKeyError(LeapterError):
    """The call carries no key."""


class ApiKeyInUrlError(LeapterError):
    """The call carries a key in its address, where logs and histories keep it.

    Args:
        prefix: the display prefix of that key, "" where what stands there does not even begin like one.
    """

    def __init__(self, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix


class MalformedApiKeyError(LeapterError):
    """What the call carries is no key: its form or its checksum is wrong.

    Args:
        prefix: the display prefix that stands in it, "" where nothing in it begins like a key.
        fault: what is wrong with it.
        length: how many characters it has.
    """

    def __init__(self, prefix: str = "", fault: keys.Fault = "other", length: int = 0) -> None:
        super().__init__()
        self.prefix = prefix
        self.fault = fault
        self.length = length


class UnknownApiKeyError(LeapterError):
    """The key is well-formed, and no such key exists."""


class RevokedApiKeyError(LeapterError):
    """The key was revoked."""

    def __init__(self, key_id: str, prefix: str, revoked_at: datetime) -> None:
        super().__init__(key_id)
        self.key_id = key_id
        self.prefix = prefix
        self.revoked_at = revoked_at


class ExpiredApiKeyError(LeapterError):
    """The key's time is over."""

    def __init__(self, key_id: str, prefix: str, expired_at: datetime) -> None:
        super().__init__(key_id)
        self.key_id = key_id
        self.prefix = prefix
        self.expired_at = expired_at


class ProjectNotPermittedError(LeapterError):
    """The key is valid, but not for this project: not in its scope, not there, or of another appspace.

    Args:
        key_id: the key that was used.
        project_names: the projects that it may call, by name.
    """

    def __init__(self, key_id: str, project_names: tuple[str, ...]) -> None:
        super().__init__(key_id)
        self.key_id = key_id
        self.project_names = project_names


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """What a valid key is and may call. `projects` are (id, name) pairs, sorted by name."""

    key_id: str
    key_prefix: str
    key_name: str
    appspace_id: str
    appspace_name: str
    expires_at: datetime | None
    projects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantedBlueprint:
    """The Blueprint that a call names; without a revision in force it cannot run."""

    id: str
    label: str
    revision_id: str | None
    revision_number: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a valid key may do in this call.

    `release` changes with everything that runs in the project. `blueprint` is None where the call names none,
    or none that exists.
    """

    key_id: str
    key_prefix: str
    project_id: str
    release: str
    ignores_unknown_inputs: bool
    keeps_run_data: bool
    blueprint: GrantedBlueprint | None


class Access:
    """Decides on calls.

    Nothing is remembered from one to the next, so a revocation holds from the moment it is committed.
    """

    def __init__(self, engine: Engine) -> None:
        self.connections = HeldConnections(engine)
        self._decision = Query(engine, _decision(_BY_ANY_NAME))
        self._decision_on_tool = Query(engine, _decision(_BY_CALL_IDENTIFIER))
        self._holder = Query(engine, _HOLDER)
        self._projects = Query(engine, _PROJECTS)
        self._digest = Query(engine, _DIGEST)

    def authorize(self, secret: str | None, *, appspace: str, project: str, blueprint: str = "") -> Grant:
        """Decide whether the key `secret` may call `project`, and find the Blueprint it names.

        `blueprint` is an id, a slug or a call identifier; where one text fits several Blueprints, they come
        in this order. Permission is decided before existence.

        Raises:
            MissingApiKeyError, MalformedApiKeyError: without a look-up.
            UnknownApiKeyError, RevokedApiKeyError, ExpiredApiKeyError, ProjectNotPermittedError: as they say.
            DatabaseUnavailableError: no decision can be made.
        """
        return self._decide(self._decision, _digest(secret), appspace, project, blueprint)

    def authorize_tool(self, secret: str | None, *, appspace: str, project: str, tool: str) -> Grant:
        """Like `authorize`, but `tool` is a call identifier and nothing else.

        Raises:
            LeapterError: as `authorize` does.
        """
        return self._decide(self._decision_on_tool, _digest(secret), appspace, project, tool)

    def explain(self, key_id: str, *, appspace: str, project: str, blueprint: str = "") -> Grant:
        """Decide as `authorize` would if the key of this id called now.

        Raises:
            LeapterError: as `authorize` does for a key that is well-formed.
        """
        rows = self.connections.fetch_all(self._digest, {"key": key_id})
        if not rows:
            raise UnknownApiKeyError
        return self._decide(self._decision, rows[0][0], appspace, project, blueprint)

    def identify(self, secret: str | None) -> Holder:
        """Find the valid key `secret`, with the projects that it may call.

        Raises:
            MissingApiKeyError, MalformedApiKeyError: without a look-up.
            UnknownApiKeyError, RevokedApiKeyError, ExpiredApiKeyError: as they say.
            DatabaseUnavailableError: no decision can be made.
        """
        rows = self.connections.fetch_all(self._holder, {"digest": _digest(secret)})
        if not rows:
            raise UnknownApiKeyError
        ((key_id, prefix, revoked_at, expires_at, name, appspace_id, appspace_name),) = rows
        check_key_state(key_id, prefix, revoked_at, expires_at)
        return Holder(
            key_id=key_id,
            key_prefix=prefix,
            key_name=name,
            appspace_id=appspace_id,
            appspace_name=appspace_name,
            expires_at=None if expires_at is None else _moment(expires_at),
            projects=self._projects_of(key_id),
        )

    def _decide(self, decision: Query, digest: str, appspace: str, project: str, blueprint: str) -> Grant:
        rows = self.connections.fetch_all(
            decision,
            {
                "digest": digest,
                "appspace": _comparable(appspace),
                "project": _comparable(project),
                "blueprint": _storable(blueprint),
            },
        )
        if not rows:
            raise UnknownApiKeyError
        (
            (
                key_id,
                prefix,
                revoked_at,
                expires_at,
                project_id,
                release,
                ignores_unknown,
                keeps_data,
                *found,
            ),
        ) = rows
        check_key_state(key_id, prefix, revoked_at, expires_at)
        if project_id is None:
            names = tuple(name for _, name in self._projects_of(key_id))
            raise ProjectNotPermittedError(key_id, names)
        return Grant(
            key_id=key_id,
            key_prefix=prefix,
            project_id=project_id,
            release=release,
            ignores_unknown_inputs=bool(ignores_unknown),
            keeps_run_data=bool(keeps_data),
            blueprint=_blueprint(*found),
        )

    def _projects_of(self, key_id: str) -> tuple[tuple[str, str], ...]:
        rows = self.connections.fetch_all(self._projects, {"key": key_id})
        return tuple((project_id, name) for project_id, name in rows)


_Named = aliased(Blueprint)


def _named(condition: ColumnElement[bool]) -> ScalarSelect[str]:
    return select(_Named.id).where(_Named.project_id == Project.id, condition).scalar_subquery()


_BY_CALL_IDENTIFIER = _named(_Named.call_identifier == bindparam("blueprint"))

# An OR over a Blueprint's three names would look at all of the project's.
_BY_ANY_NAME = func.coalesce(
    _named(_Named.id == func.lower(bindparam("blueprint"))),
    _named(_Named.slug == bindparam("blueprint")),
    _BY_CALL_IDENTIFIER,
)


def _decision(blueprint_id: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    # One SELECT brings everything, by unique indexes only: the key by its digest, its scope, the project, the
    # Blueprint, the revision in force.
    return (
        select(
            ApiKey.id,
            ApiKey.prefix,
            ApiKey.revoked_at,
            ApiKey.expires_at,
            Project.id,
            Project.release,
            Project.ignores_unknown_inputs,
            Project.keeps_run_data,
            Blueprint.id,
            Blueprint.label,
            BlueprintRevision.id,
            BlueprintRevision.number,
        )
        .select_from(ApiKey)
        .outerjoin(
            ApiKeyProject,
            and_(ApiKeyProject.key_id == ApiKey.id, ApiKeyProject.project_id == bindparam("project")),
        )
        .outerjoin(
            Project,
            and_(
                Project.id == ApiKeyProject.project_id,
                Project.appspace_id == ApiKey.appspace_id,
                Project.appspace_id == bindparam("appspace"),
            ),
        )
        .outerjoin(Blueprint, and_(Blueprint.project_id == Project.id, Blueprint.id == blueprint_id))
        .outerjoin(BlueprintRevision, BlueprintRevision.id == Blueprint.revision_in_force_id)
        .where(ApiKey.digest == bindparam("digest"))
    )


_HOLDER = (
    select(
        ApiKey.id,
        ApiKey.prefix,
        ApiKey.revoked_at,
        ApiKey.expires_at,
        ApiKey.name,
        Appspace.id,
        Appspace.name,
    )
    .join(Appspace, Appspace.id == ApiKey.appspace_id)
    .where(ApiKey.digest == bindparam("digest"))
)

_PROJECTS = (
    select(Project.id, Project.name)
    .join(ApiKeyProject, ApiKeyProject.project_id == Project.id)
    .where(ApiKeyProject.key_id == bindparam("key"))
    .order_by(Project.name, Project.id)
)

_DIGEST = select(ApiKey.digest).where(ApiKey.id == bindparam("key"))


def _digest(secret: str | None) -> str:
    if not secret:
        raise MissingApiKeyError
    if not keys.is_well_formed(secret):
        # A WSGI server hands headers over as Latin-1, whatever the client meant: “ is three letters there.
        text = (
            secret.encode("latin-1", "replace").decode("utf-8", "replace") if not secret.isascii() else secret
        )
        raise MalformedApiKeyError(keys.find_prefix(secret), keys.find_fault(text), len(text))
    return keys.digest(secret)


def check_key_state(
    key_id: str, prefix: str, revoked_at: str | datetime | None, expires_at: str | datetime | None
) -> None:
    """Check that a key is in force; moments are as the driver gives them.

    Raises:
        RevokedApiKeyError, ExpiredApiKeyError: it is not.
    """
    if revoked_at is not None:
        raise RevokedApiKeyError(key_id, prefix, _moment(revoked_at))
    if expires_at is not None and _moment(expires_at) <= clock.now():
        raise ExpiredApiKeyError(key_id, prefix, _moment(expires_at))


def _blueprint(
    blueprint_id: str | None, label: str, revision_id: str | None, number: int | None
) -> GrantedBlueprint | None:
    if blueprint_id is None:
        return None
    return GrantedBlueprint(id=blueprint_id, label=label, revision_id=revision_id, revision_number=number)


def _comparable(text: str) -> str:
    # UUIDs are the same in capital letters (RFC 9562, §4).
    return _storable(text).lower()


def _storable(text: str) -> str:
    # PostgreSQL refuses a text with a NUL, which therefore names nothing.
    return "" if "\0" in text else text


def _moment(value: str | datetime) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
