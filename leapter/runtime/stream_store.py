"""What workers and nodes know of each other's streams: the rows of open ones, and the replies to them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    Engine,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from leapter.api_keys.models import ApiKey, ApiKeyProject
from leapter.errors import LeapterError
from leapter.projects.models import Project
from leapter.runtime.access import ExpiredApiKeyError, RevokedApiKeyError, check_key_state
from leapter.runtime.connections import DatabaseUnavailableError, HeldConnections, Query
from leapter.runtime.models import McpReply, McpStream

STREAMS_OF_A_KEY = 20  # over all workers
REPLIES_OF_A_STREAM = 100  # that wait: more means that nobody fetches them
_REPLIES_AT_ONCE = 20


class StreamUnavailableError(LeapterError):
    """No stream can be opened, or written to, at present; `detail` is the sentence for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NoSuchStreamError(LeapterError):
    """No stream is open by this session id, for this key and this project."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamState:
    """Whether a stream may stay open, and whether replies to it wait."""

    is_permitted: bool
    has_replies: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A reply, as JSON, to the stream of this digest."""

    id: int
    digest: str
    body: str


class StreamStore:
    """The tables of streams.

    Every method raises DatabaseUnavailableError where the database cannot be reached or stays locked. What
    only reads does so on the connections that calls are decided on, at 0.1 ms and less.
    """

    def __init__(self, engine: Engine, connections: HeldConnections) -> None:
        self._engine = engine
        self._connections = connections
        self._states = Query(engine, _STATES)
        self._replies = Query(engine, _REPLIES)
        self._beats = Query(engine, _BEATS)
        self._stream = Query(engine, _STREAM)

    def add(self, *, digest: str, keeper: str, key_id: str, project_id: str) -> None:
        """Note that `keeper` has opened a stream.

        Raises:
            StreamUnavailableError: the key has as many as it may have, or is gone, or the project is.
        """
        with self._writing() as connection:
            # Two that open at the same moment count one after the other. The lock leaves room for whoever
            # only refers to the key.
            locked = select(ApiKey.id).where(ApiKey.id == key_id).with_for_update(key_share=True)
            connection.execute(locked).all()
            count = select(func.count()).where(McpStream.key_id == key_id)
            if (connection.scalar(count) or 0) >= STREAMS_OF_A_KEY:
                raise StreamUnavailableError(
                    f"This API key has {STREAMS_OF_A_KEY} open streams, which is the limit. Close one first."
                )
            values = {"digest": digest, "keeper": keeper, "key_id": key_id, "project_id": project_id}
            try:
                connection.execute(insert(McpStream), values)
            except IntegrityError:
                raise StreamUnavailableError("The key or the project was just deleted.") from None

    def check(self, *, digest: str, key_id: str, project_id: str) -> None:
        """Check that this key has opened this stream, for this project, and that it is open.

        Raises:
            NoSuchStreamError: it is not so.
        """
        rows = self._connections.fetch_all(self._stream, {"digest": digest})
        if rows != [(key_id, project_id)]:
            raise NoSuchStreamError

    def add_reply(self, *, digest: str, body: str) -> None:
        """Leave a reply for the worker that holds the stream.

        Raises:
            NoSuchStreamError: it is no longer open.
            StreamUnavailableError: nobody fetches what was left before.
        """
        with self._writing() as connection:
            count = select(func.count()).where(McpReply.stream == digest)
            if (connection.scalar(count) or 0) >= REPLIES_OF_A_STREAM:
                raise StreamUnavailableError("The stream does not take its replies. Open another one.")
            try:
                connection.execute(insert(McpReply), {"stream": digest, "body": body})
            except IntegrityError:
                raise NoSuchStreamError from None

    def states(self, keeper: str) -> dict[str, StreamState]:
        """The state of each stream of `keeper`, by digest."""
        states = {}
        for digest, key_id, revoked_at, expires_at, project_id, has_replies in self._connections.fetch_all(
            self._states, {"keeper": keeper}
        ):
            is_permitted = project_id is not None
            try:
                check_key_state(key_id, "", revoked_at, expires_at)
            except (RevokedApiKeyError, ExpiredApiKeyError):
                is_permitted = False
            states[digest] = StreamState(is_permitted=is_permitted, has_replies=bool(has_replies))
        return states

    def replies(self, keeper: str) -> list[Reply]:
        """The oldest replies to the streams of `keeper`, in the order of the calls; at most 20."""
        rows = self._connections.fetch_all(self._replies, {"keeper": keeper})
        return [Reply(id=number, digest=digest, body=body) for number, digest, body in rows]

    def remove_replies(self, ids: Sequence[int]) -> None:
        """Delete replies that were sent."""
        with self._writing() as connection:
            connection.execute(delete(McpReply).where(McpReply.id.in_(ids)))

    def remove(self, digests: Sequence[str]) -> None:
        """Delete streams that have ended, with what waits for them."""
        with self._writing() as connection:
            connection.execute(delete(McpStream).where(McpStream.digest.in_(digests)))

    def remove_all(self, keeper: str, *, up_to_beat: int | None = None) -> None:
        """Delete the streams of `keeper`; with `up_to_beat` only if it has not counted on since."""
        statement = delete(McpStream).where(McpStream.keeper == keeper)
        if up_to_beat is not None:
            statement = statement.where(McpStream.beat <= up_to_beat)
        with self._writing() as connection:
            connection.execute(statement)

    def beat(self, keeper: str) -> None:
        """Show the others that `keeper` is alive."""
        with self._writing() as connection:
            connection.execute(
                update(McpStream).where(McpStream.keeper == keeper).values(beat=McpStream.beat + 1)
            )

    def beats(self) -> dict[str, int]:
        """How far each keeper with open streams has counted."""
        return dict(self._connections.fetch_all(self._beats, {}))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with (
                self._engine.connect().execution_options(leapter_write=True) as connection,
                connection.begin(),
            ):
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise DatabaseUnavailableError from error


# What decides on a call decides here: the key's state, its scope, and that the project is the key's
# appspace's (`access._decision`). The streams of a deleted key or project are deleted with it.
_STATES = (
    select(
        McpStream.digest,
        ApiKey.id,
        ApiKey.revoked_at,
        ApiKey.expires_at,
        Project.id,
        exists().where(McpReply.stream == McpStream.digest),
    )
    .join(ApiKey, ApiKey.id == McpStream.key_id)
    .outerjoin(
        ApiKeyProject,
        and_(ApiKeyProject.key_id == ApiKey.id, ApiKeyProject.project_id == McpStream.project_id),
    )
    .outerjoin(
        Project, and_(Project.id == ApiKeyProject.project_id, Project.appspace_id == ApiKey.appspace_id)
    )
    .where(McpStream.keeper == bindparam("keeper"))
)

_REPLIES = (
    select(McpReply.id, McpReply.stream, McpReply.body)
    .join(McpStream, McpStream.digest == McpReply.stream)
    .where(McpStream.keeper == bindparam("keeper"))
    .order_by(McpReply.id)
    # Literal, since a query on the driver's connection takes named parameters only.
    .limit(literal_column(str(_REPLIES_AT_ONCE)))
    .offset(literal_column("0"))
)

_BEATS = select(McpStream.keeper, func.max(McpStream.beat)).group_by(McpStream.keeper)

_STREAM = select(McpStream.key_id, McpStream.project_id).where(McpStream.digest == bindparam("digest"))
