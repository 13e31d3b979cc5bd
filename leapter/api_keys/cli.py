"""Commands for API keys."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click

from leapter.accounts.access import OPERATOR
from leapter.api_keys import keys, listing, service
from leapter.api_keys.records import KeyRecord
from leapter.commands import OutputError, drop_output, json_option, output_fault, show, with_app
from leapter.db import new_id
from leapter.errors import InvalidInputError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WHOLE_KEY = (
    f"That is more than the display prefix, which is the first {keys.PREFIX_CHARACTERS} characters. "
    "A whole key given here stays in the shell's history and shows in the list of processes: if it is "
    "a real one, remove it from the history, or better: revoke it by its prefix and create another."
)


def _project_options(command: Callable[..., Any]) -> Callable[..., Any]:
    # Several ids may follow one --project, or each have its own.
    command = click.argument("more_projects", nargs=-1, metavar="[ID]...")(command)
    return click.option(
        "--project",
        "projects",
        metavar="ID",
        multiple=True,
        required=True,
        help="A project that the key may call. Give several ids, or the option several times.",
    )(command)


@click.group()
def key() -> None:
    """API keys."""


@key.command()
@click.option("--name", required=True, help="Who will use the key.")
@_project_options
@json_option
@with_app
def create(name: str, projects: tuple[str, ...], more_projects: tuple[str, ...], as_json: bool) -> None:
    """Create a key and print it, this once: it is stored nowhere."""
    created, secret = service.create_key(
        OPERATOR,
        name=name,
        project_ids=_known_projects(projects + more_projects),
        creation_token=new_id(),
    )
    try:
        show({**_facts(created), "key": secret}, secret, as_json=as_json)
    except (OutputError, BrokenPipeError) as error:
        drop_output()
        service.revoke_key(OPERATOR, created.id)
        fault = output_fault(error) if isinstance(error, OSError) else str(error)
        raise OutputError(f"{fault} Nobody has seen the new key, so it was revoked at once.") from None
    with suppress(OSError):  # the key is out; that this is not, is no reason to call it a failure
        click.echo("This is the only time the key is shown. Keep it in a secret store.", err=True)


@key.command("list")
@click.option("--revoked", "show_revoked", is_flag=True, help="Revoked keys too.")
@json_option
@with_app
def list_keys(show_revoked: bool, as_json: bool) -> None:
    """List the keys, the oldest first."""
    everything = listing.list_all_keys(OPERATOR, show_revoked=True)
    found = [each for each in everything if show_revoked or each.status != "revoked"]
    lines = [
        f"{each.id}  {each.prefix}…  {each.status:8}  {_last_use(each):21}  {_refusals(each):16}  "
        f"{each.name}  ({_names(each)})"
        for each in found
    ]
    if not found:
        lines.append("There are no keys in use." if everything else "There are no keys.")
    hidden = len(everything) - len(found)
    if hidden:
        are = "revoked key is" if hidden == 1 else "revoked keys are"
        lines.append(f"{hidden} {are} not shown; --revoked shows {'it' if hidden == 1 else 'them'}.")
    show({"keys": [_facts(each) for each in found]}, "\n".join(lines), as_json=as_json)


@key.command("set-projects")
@click.argument("key_reference", metavar="KEY")
@_project_options
@json_option
@with_app
def set_projects(
    key_reference: str, projects: tuple[str, ...], more_projects: tuple[str, ...], as_json: bool
) -> None:
    """Let KEY (an id or a display prefix) call these projects and no others."""
    changed = service.set_projects(
        OPERATOR, _find(key_reference).id, _known_projects(projects + more_projects)
    )
    show(_facts(changed), f"{changed.prefix}… may now call {_names(changed)}.", as_json=as_json)


@key.command()
@click.argument("key_reference", metavar="KEY")
@json_option
@with_app
def revoke(key_reference: str, as_json: bool) -> None:
    """Revoke KEY (an id or a display prefix) for good."""
    revoked, revoked_now = service.revoke_key(OPERATOR, _find(key_reference).id)
    done = f"{revoked.prefix}… is revoked; every request with it is refused from now on."
    before = f"{revoked.prefix}… was already revoked by {revoked.revoked_by_name} at {_moment(revoked)}."
    show(_facts(revoked), done if revoked_now else before, as_json=as_json)


def _find(reference: str) -> KeyRecord:
    """The key that an id or a display prefix means.

    Raises:
        InvalidInputError: it means none, several, or is a whole key.
        NotFoundError: there is no key of that id.
    """
    reference = reference.strip().removesuffix("…")
    if _UUID.fullmatch(reference):
        return listing.get_key(OPERATOR, reference.lower())
    if reference.startswith(keys.MARK) and len(reference) > keys.PREFIX_CHARACTERS:
        raise InvalidInputError({"": [_WHOLE_KEY]})
    found = listing.find_keys_by_prefix(OPERATOR, reference)
    if not found:
        raise InvalidInputError({"": ["There is no key with that id or display prefix."]})
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise InvalidInputError({"": [f"Several keys have that prefix; use the id of one: {ids}."]})
    return found[0]


def _known_projects(project_ids: tuple[str, ...]) -> list[str]:
    wanted = [project_id.strip().lower() for project_id in project_ids]
    known = {project.id for project in listing.choosable_projects(OPERATOR)}
    unknown = [project_id for project_id in wanted if project_id not in known]
    if unknown:
        raise InvalidInputError({"projects": [f"There is no project {unknown[0]}."]})
    return wanted


def _facts(record: KeyRecord) -> dict[str, Any]:
    def moment(value: Any) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "keyId": record.id,
        "name": record.name,
        "prefix": record.prefix,
        "appspaceId": record.appspace_id,
        "status": record.status,
        "projects": [{"projectId": project.id, "projectName": project.name} for project in record.projects],
        "createdAt": moment(record.created_at),
        "createdBy": record.created_by_name,
        "expiresAt": moment(record.expires_at),
        "revokedAt": moment(record.revoked_at),
        "revokedBy": record.revoked_by_name,
        "lastUsedAt": moment(record.used.last_at),
        "useCount": record.used.count,
        "refusedCount": record.refused_count,
    }


def _names(record: KeyRecord) -> str:
    return ", ".join(str(project) for project in record.projects) or "no project"


def _last_use(record: KeyRecord) -> str:
    at = record.used.last_at
    return "never used" if at is None else f"used {at:%Y-%m-%d %H:%M}"


def _refusals(record: KeyRecord) -> str:
    count = record.refused_count
    return "never refused" if count == 0 else f"refused {count:,} {'time' if count == 1 else 'times'}"


def _moment(record: KeyRecord) -> str:
    return f"{record.revoked_at:%Y-%m-%d %H:%M:%S} UTC"
