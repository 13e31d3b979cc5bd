"""The official client of the Model Context Protocol, in a thread of its own.

Playwright's synchronous interface leaves an event loop running in its thread, beside which no other may run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

T = TypeVar("T")

MODES = ("legacy", "auto", "2026-07-28")


def with_client(
    url: str, headers: Mapping[str, str], mode: str, script: Callable[[Client], Awaitable[T]]
) -> T:
    """Connect over Streamable HTTP, have `script` use the client, and return what it returns.

    What fails inside is raised as it is, without the groups that the client's tasks wrap it in.
    """

    async def connected() -> T:
        async with (
            httpx2.AsyncClient(headers=dict(headers), timeout=30) as http,
            Client(
                streamable_http_client(url, http_client=http), mode=mode, read_timeout_seconds=30
            ) as client,
        ):
            return await script(client)

    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(asyncio.run, connected()).result()
        except ExceptionGroup as group:
            error: Exception = group
            while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
                error = error.exceptions[0]
            raise error from None
