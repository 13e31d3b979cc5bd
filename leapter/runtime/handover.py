"""The connection of a request, for a stream that goes on with it when the request has ended."""

import socket
from collections.abc import Callable

CONNECTION = (
    "leapter.connection"  # under this name a server that can hand connections over puts it in environ
)


class ConnectionTakenError(Exception):
    """The connection has left the server, which has nothing to write to it and nothing to close."""


class Connection:
    """One request's connection. Whoever takes it writes the whole answer, its head included, and closes it.

    Args:
        connected: the server's socket.
        is_ending: says whether the server is about to end, which streams must not outlive.
    """

    __slots__ = ("_socket", "is_ending", "is_taken")

    def __init__(self, connected: socket.socket, is_ending: Callable[[], bool]) -> None:
        self._socket = connected
        self.is_ending = is_ending
        self.is_taken = False

    @property
    def is_plain(self) -> bool:
        """Whether bytes written to it go out as they are; where the server itself does TLS, they must not."""
        return type(self._socket) is socket.socket

    def take(self) -> socket.socket:
        """Take it away from the server, which is left with a socket that counts as closed."""
        self.is_taken = True
        return socket.socket(fileno=self._socket.detach())
