"""API keys as pages and commands see them: everything but the secret, which nobody sees twice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Status = Literal["active", "expired", "revoked"]
SortColumn = Literal["name", "permissions", "key", "status", "used", "created"]
EventKind = Literal["created", "scope_changed", "project_deleted", "revoked"]

PAGE_SIZE = 50

# Where an application holds what finds the calls of a key for its page: who knows runs says so.
KEY_CALLS = "leapter_key_calls"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectName:
    """A project that a key may call, or could call once: the name is the one it had then.

    `short_id` is the beginning of the id where another project that can be shown or chosen has the same name,
    else empty.
    """

    id: str
    name: str
    short_id: str = ""

    def __str__(self) -> str:
        return f"{self.name} [{self.short_id}]" if self.short_id else self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """Calls of one sort: how many, and the latest of them. Without any, all but the count are None."""

    count: int
    last_at: datetime | None
    last_address: str | None
    last_agent: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusals:
    """Calls of a key that were refused before there was a run, and the latest of them.

    `what` is the part of the API; `status` and `code` are those of its problem, `agent` is what the client
    calls itself. `project_name` is the project it was for, "" where there was none, or none that the reader
    may see.
    """

    count: int
    last_at: datetime
    what: str
    status: int
    code: str
    agent: str
    project_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRecord:
    """A key's present state. `projects` are sorted by name; `refusals` are there where a listing says so."""

    id: str
    appspace_id: str
    name: str
    prefix: str
    status: Status
    projects: tuple[ProjectName, ...]
    scope_version: int
    created_at: datetime
    created_by_name: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by_name: str | None
    used: Traffic
    refused: Traffic
    refusals: Refusals | None = None

    @property
    def refused_count(self) -> int:
        """How many refused calls its row tells of: those since its end; of a key in use, the recent ones."""
        if self.status != "active":
            return self.refused.count
        return self.refusals.count if self.refusals else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyQuery:
    """What part of the keys a page shows. `page` counts from 1."""

    search: str = ""
    sort: SortColumn = "created"
    descending: bool = True
    show_revoked: bool = False
    page: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyPage:
    """One page of the keys that `query` asks for; `query.page` is a page that exists.

    `matching` counts what is shown on all pages together, `revoked` the revoked keys that match the search
    (shown or not), `existing` every key there is.
    """

    query: KeyQuery
    rows: tuple[KeyRecord, ...]
    matching: int
    revoked: int
    existing: int
    pages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryEntry:
    """A change of what a key may do, with the projects it could call from then on."""

    kind: EventKind
    at: datetime
    actor_name: str
    added: tuple[ProjectName, ...]
    removed: tuple[ProjectName, ...]
    projects: tuple[ProjectName, ...]
