"""The Blueprints of a project as tools of the Model Context Protocol."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from leapter import veritas
from leapter.runtime import access, mcp_messages, stored
from leapter.runtime.access import Grant
from leapter.runtime.calls import Call, What
from leapter.runtime.mcp_messages import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    PARSE_ERROR,
    Result,
    RpcError,
    Session,
    Tool,
)
from leapter.runtime.mcp_schemas import tool_output_schema
from leapter.runtime.problems import Problem, echo, report
from leapter.runtime.running import run, take_allowance
from leapter.web.urls import splittable_label, splittable_text

# Decided about the key and not about the tool: the transport tells these, as for runs.
_OF_THE_KEY = (
    access.MissingApiKeyError,
    access.MalformedApiKeyError,
    access.UnknownApiKeyError,
    access.RevokedApiKeyError,
    access.ExpiredApiKeyError,
    access.ProjectNotPermittedError,
)

# As many as `veritas.InputError` tells in its message.
MAX_FAULTS_IN_WORDS = 10

_WHAT: dict[str, What] = {
    "initialize": "mcp_hello",
    "server/discover": "mcp_discover",
    "tools/list": "mcp_tools",
    "tools/call": "mcp_call",
}

_ANNOTATIONS = {"readOnlyHint": True, "idempotentHint": True, "openWorldHint": False}


@dataclass(kw_only=True, slots=True)
class Toolbox:
    """The tools of one project in the hands of one key, while one call is answered.

    Args:
        grant: what was decided when the call came in; a tool that is called has this decided anew.
        secret: the key.
        size: how many bytes the messages of the call take.

    `run_ids` are those of the runs that calls of tools were.
    """

    call: Call
    grant: Grant
    secret: str = field(repr=False)
    appspace: str
    project: str
    size: int
    run_ids: list[str] = field(default_factory=list)

    def answer(
        self, message: Any, *, is_stateless: bool = False, is_batched: bool = False
    ) -> dict[str, Any] | None:
        """Return the reply to one message, as `mcp_messages.answer` does; count it if it is an error.

        A message that was answered without a run leaves a note.

        Raises:
            LeapterError: as `Access.authorize` does about a key, if the key of a tool's call was revoked
                meanwhile.
        """
        session = Session(
            is_stateless=is_stateless,
            instructions=self._instructions,
            list_tools=self._list,
            call_tool=self._call,
        )
        runs = len(self.run_ids)
        self.call.is_noted = False
        method = message.get("method") if isinstance(message, dict) else None
        self.call.what = _WHAT.get(method, "mcp") if isinstance(method, str) else "mcp"
        reply = mcp_messages.answer(message, session, is_batched=is_batched)
        if reply is not None and "error" in reply:
            self.count(reply["error"]["code"])
        elif reply is not None and len(self.run_ids) == runs and not self.call.is_noted:
            self.call.note()
        return reply

    def count(self, code: int) -> None:
        """Count and note an error of JSON-RPC as a problem; an unexpected one was counted as it came."""
        if code == INTERNAL_ERROR:
            return
        kind = "invalid_json" if code == PARSE_ERROR else "bad_request"
        metrics = self.call.runtime.metrics
        if metrics is not None:
            metrics.problem(kind)
        if not self.call.is_noted:
            self.call.note(kind)

    def _instructions(self) -> str:
        try:
            name, description = stored.project_words(self.grant.project_id)
        except Exception as error:
            raise _internal(error) from error
        about = f" {splittable_text(description.strip())}" if description.strip() else ""
        return (
            f"The tools are the business rules of the project “{splittable_label(name)}”.{about} Each "
            "computes its outputs from its inputs alone and changes nothing. Where a call fails, its text "
            "says why: mend the inputs that it names and call again."
        )

    def _list(self) -> list[Tool]:
        try:
            return [
                {
                    "name": one.call_identifier,
                    "title": splittable_label(one.label),
                    "description": splittable_text(one.description) or splittable_label(one.label),
                    "inputSchema": veritas.input_schema(one.signature),
                    "outputSchema": tool_output_schema(one.signature),
                    "annotations": _ANNOTATIONS,
                }
                for one in stored.runnable(self.grant.project_id, self.grant.release)
            ]
        except Exception as error:
            raise _internal(error) from error

    def _call(self, name: str, arguments: dict[str, Any]) -> Result:
        try:
            grant = self.call.runtime.access.authorize_tool(
                self.secret, appspace=self.appspace, project=self.project, tool=name
            )
            if grant.blueprint is None:
                self.call.note("blueprint_not_found")
                raise RpcError(
                    INVALID_PARAMS,
                    f"Unknown tool: there is no “{echo(name)}” in this project. tools/list names its tools.",
                )
            take_allowance(self.call, grant.key_id)
            ended = run(self.call, grant, grant.blueprint, arguments, size=self.size, via="mcp")
        except (RpcError, *_OF_THE_KEY):
            raise
        except Exception as error:
            return self._failed(error)
        self.run_ids.append(ended.run_id)
        if ended.error is not None:
            return self._failed(ended.error, ended.run_id)
        result: Result = {
            "content": [{"type": "text", "text": ended.outputs.decode()}],
            "structuredContent": orjson.Fragment(ended.outputs),
            "isError": False,
        }
        if ended.warnings:
            result["_meta"] = {"leapter/warnings": ended.warnings}
        return result

    def _failed(self, error: Exception, run_id: str | None = None) -> Result:
        problem, request_id = report(error, run_id=run_id)
        self.call.echoed.extend(problem.headers)
        return {"content": [{"type": "text", "text": _told(problem, request_id)}], "isError": True}


def _told(problem: Problem, request_id: str) -> str:
    if problem.status >= 500:
        return f"{problem.detail} The id of this request is {request_id}."
    if len(problem.errors) <= MAX_FAULTS_IN_WORDS:  # the detail tells them all
        return problem.detail
    return "\n".join([problem.detail, *(f"- `{path}` {message}" for path, message in problem.errors)])


def _internal(error: Exception) -> RpcError:
    problem, request_id = report(error)
    return RpcError(INTERNAL_ERROR, problem.detail, {"code": problem.code, "request_id": request_id})
