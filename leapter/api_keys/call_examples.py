"""Ready calls of the Blueprints that a key may call.

Keys do not know Blueprints: who does hands `init_app` a provider of examples.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from leapter.api_keys.records import ProjectName
from leapter.web.curl import curl_line


class CallExample(Protocol):
    """One Blueprint that can run, with inputs that pass its checks."""

    @property
    def project_id(self) -> str: ...

    @property
    def blueprint_label(self) -> str: ...

    @property
    def path(self) -> str:
        """The path to POST to, without the server's address."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Values for all inputs, ready for JSON."""


class CallExamples(Protocol):
    """Finds the examples of some projects."""

    def __call__(self, project_ids: Sequence[str], limit: int) -> tuple[Sequence[CallExample], int]:
        """At most `limit` examples, with the number of Blueprints that can run in all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CurlLine:
    """A command that runs one Blueprint with one key. It holds the secret, so its repr must not show it."""

    project: ProjectName
    blueprint_label: str
    command: str

    def __repr__(self) -> str:
        return f"CurlLine(blueprint_label={self.blueprint_label!r})"


def curl_lines(
    examples: Iterable[CallExample], projects: Sequence[ProjectName], *, base_url: str, secret: str
) -> list[CurlLine]:
    """The commands that run `examples` with the key `secret`: project by project, else in their order."""
    place = {project.id: number for number, project in enumerate(projects)}
    return [
        CurlLine(
            project=projects[place[example.project_id]],
            blueprint_label=example.blueprint_label,
            command=curl_line(base_url + example.path, example.inputs, secret=secret),
        )
        for example in sorted(examples, key=lambda example: place[example.project_id])
    ]
