"""The OpenAPI 3.0 document of a project: what each Blueprint takes and answers, for tools that read such."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leapter import veritas
from leapter.blueprints.sample_inputs import Sample
from leapter.runtime import openapi_responses
from leapter.runtime.openapi_names import Names
from leapter.runtime.problems import to_json
from leapter.runtime.stored import Runnable
from leapter.web.urls import splittable_label, splittable_text

# An example with more bytes than this, as JSON, tells nobody anything more.
_MAX_EXAMPLE_BYTES = 16 * 1024

# Keywords whose values are schemas by name, and those whose values are data.
_SCHEMAS_BY_NAME = frozenset(("properties", "$defs"))
_DATA = frozenset(("enum", "default", "example"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A Blueprint that can run.

    `sample` is a run of it, if one is known; `faults` is what it says of an empty object of inputs.
    """

    runnable: Runnable
    sample: Sample | None
    faults: tuple[veritas.Fault, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The project that the document is of. `base` is the public address of the server, without `::`."""

    base: str
    appspace_id: str
    project_id: str
    name: str
    description: str
    ignores_unknown_inputs: bool


def document_of(subject: Subject, blueprints: Sequence[Described]) -> dict[str, Any]:
    """Build the document; `blueprints` come in the order of the paths.

    The names of a project's structures are the project's own, so every other name gives way to them.
    """
    project_name = splittable_label(subject.name)
    structures: dict[str, Any] = {}
    schemas = [_schemas(one.runnable, structures, subject) for one in blueprints]
    names = Names(structures)
    ours = openapi_responses.Components(names, base=subject.base)
    paths = {
        f"/models/{one.runnable.id}/runs": {"post": _operation(one, inputs, outputs, project_name, ours)}
        for one, (inputs, outputs) in zip(blueprints, schemas, strict=True)
    }
    return {
        "openapi": "3.0.3",
        "info": {
            "title": project_name,
            "description": splittable_text(subject.description)
            or f"The Blueprints of {project_name}, to be run.",
            "version": "1.0.0",
        },
        "servers": [{"url": f"{subject.base}/runtime/api/v1/{subject.appspace_id}/{subject.project_id}"}],
        "tags": [{"name": project_name}],
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": {name: _labelled(schema) for name, schema in structures.items()} | ours.schemas(),
            "parameters": openapi_responses.PARAMETERS,
            "headers": openapi_responses.HEADERS,
            "responses": ours.responses(
                project_name,
                blueprints[0].runnable.id if blueprints else subject.project_id,
                next((veritas.InputError(one.faults) for one in blueprints if one.faults), None),
            ),
            "securitySchemes": {
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "An API key of this server, made on its page API Keys. Never put a key "
                    "into an address.",
                }
            },
        },
    }


def _schemas(
    runnable: Runnable, structures: dict[str, Any], subject: Subject
) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs = veritas.input_schema(runnable.signature, structures)
    if subject.ignores_unknown_inputs:
        del inputs["additionalProperties"]
    return _labelled(inputs), _labelled(veritas.output_schema(runnable.signature, structures))


def _operation(
    described: Described,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    project_name: str,
    ours: "openapi_responses.Components",
) -> dict[str, Any]:
    runnable = described.runnable
    # Generators of code name types by the title; a reader of the document needs none.
    taken, answered_with, given = (
        ours.names.free(f"{runnable.call_identifier}_{part}") for part in ("inputs", "result", "outputs")
    )
    body: dict[str, Any] = {"schema": {"title": taken, **inputs}}
    answered: dict[str, Any] = {"schema": ours.result_schema(answered_with, {"title": given, **outputs})}
    if described.sample is not None:
        outcome = described.sample.outcome
        result: dict[str, Any] = {"outputData": outcome.outputs}
        if outcome.warnings:
            result["warnings"] = list(outcome.warnings)
        if _fits(described.sample.inputs) and _fits(result):
            body["example"] = described.sample.inputs
            answered["example"] = result
    return {
        "operationId": runnable.call_identifier,
        "summary": splittable_label(runnable.label),
        "description": splittable_text(runnable.description) or f"Runs {splittable_label(runnable.label)}.",
        "tags": [project_name],
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in openapi_responses.PARAMETERS],
        "requestBody": {
            "description": "The inputs. A body that is empty is an object without members."
            if "required" not in inputs
            else "The inputs.",
            "required": "required" in inputs,
            "content": {"application/json": body},
        },
        "responses": {
            "200": {
                "description": "The outputs of the run.",
                "headers": openapi_responses.references(
                    "X-Run-Id", "X-Correlation-Id", "RateLimit-Policy", "RateLimit"
                ),
                "content": {"application/json": answered},
            },
            **ours.references(),
        },
    }


def _fits(example: Mapping[str, object]) -> bool:
    return len(to_json(example)) <= _MAX_EXAMPLE_BYTES


def _labelled(schema: Any) -> Any:
    """`schema` with its descriptions, which are made of labels, as `splittable_text` has them."""
    if isinstance(schema, list):
        return [_labelled(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for keyword, value in schema.items():
        if keyword in _DATA:
            found[keyword] = value
        elif keyword in _SCHEMAS_BY_NAME:
            found[keyword] = {name: _labelled(member) for name, member in value.items()}
        elif keyword == "description":
            found[keyword] = splittable_text(value)
        else:
            found[keyword] = _labelled(value)
    return found
