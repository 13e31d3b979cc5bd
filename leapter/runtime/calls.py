"""What is known of a call of the machine-facing API while it is answered."""

from dataclasses import dataclass

from flask import Request, g

from leapter.runtime.requests import read_client, read_correlation_id
from leapter.runtime.state import Runtime, current_runtime
from leapter.runtime.usage import Client


@dataclass(kw_only=True, slots=True)
class Call:
    """It stands on `g`, which a hook or a view then looks at once.

    `echoed` are the header fields that the answer gets beside its own, be it a result or a problem.
    """

    runtime: Runtime
    client: Client
    correlation_id: str | None
    echoed: list[tuple[str, str]]


def begin(received: Request) -> Call:
    """Put the call that `received` makes on `g`, and return it."""
    correlation_id = read_correlation_id(received)
    call = Call(
        runtime=current_runtime(), client=read_client(received), correlation_id=correlation_id, echoed=[]
    )
    if correlation_id is not None:
        # Headers are Latin-1 to WSGI; these are the bytes of UTF-8 in that guise, as they came.
        call.echoed.append(("X-Correlation-Id", correlation_id.encode().decode("latin-1")))
    g.call = call
    return call
