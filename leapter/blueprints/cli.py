"""Commands for projects."""

from pathlib import Path

import click
from flask import current_app

from leapter.accounts.access import OPERATOR, actor_of
from leapter.blueprints import exporting, importing
from leapter.blueprints.addresses import run_url
from leapter.blueprints.finding_text import finding_lines
from leapter.blueprints.importing import ImportReport
from leapter.blueprints.service import ShownBlueprint
from leapter.blueprints.suite_report import overall, run_tests
from leapter.commands import json_option, show, with_app
from leapter.config import Settings
from leapter.errors import InvalidInputError
from leapter.projects.archive import read_path
from leapter.projects.models import Project
from leapter.projects.packing import write_to
from leapter.projects.service import list_projects


@click.group()
def project() -> None:
    """Projects."""


@project.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--owner", required=True, metavar="EMAIL", help="Whose appspace the project goes to.")
@click.option("--name", metavar="NAME", help="The project's name; by default the manifest says it.")
@json_option
@with_app
def import_project(path: Path, owner: str, name: str | None, as_json: bool) -> None:
    """Import a project from a folder, a zip or a .vts file: all of it or nothing."""
    report = importing.import_archive(actor_of(owner), read_path(path), name=name)
    show(report.to_json(), _text(report), as_json=as_json)


@project.command("export")
@click.argument("project_reference", metavar="ID|NAME")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@json_option
@with_app
def export_project(project_reference: str, path: Path | None, force: bool, as_json: bool) -> None:
    """Export a project to PATH: a zip where it ends in .zip, else a folder.

    Without PATH it is a zip in this folder, with the project's name. Import makes the same project of it.
    """
    export = exporting.export_project(OPERATOR, _find(project_reference).id)
    target = path or Path(f"{export.name}.zip")
    count = write_to(target, export.files, over=force)
    exported = export.project
    blueprints = "1 Blueprint" if export.blueprint_count == 1 else f"{export.blueprint_count} Blueprints"
    show(
        {
            "projectId": exported.id,
            "name": exported.name,
            "path": str(target),
            "files": count,
            "blueprints": export.blueprint_count,
        },
        f"{exported.name} exported to {target}: {blueprints}, {count} files.",
        as_json=as_json,
    )


@project.command("list")
@json_option
@with_app
def list_all(as_json: bool) -> None:
    """List all projects of this server."""
    listed = list_projects(OPERATOR)
    reports = [importing.report(OPERATOR, each.project.id, runs_tests=False) for each in listed]
    lines = [
        line
        for each, report in zip(listed, reports, strict=True)
        for line in _lines(report, whose=f"  ({each.appspace_name})")
    ]
    show(
        {"projects": [report.to_json() for report in reports]},
        "\n".join(lines) or "There is no project yet.",
        as_json=as_json,
    )


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_context
def test(context: click.Context, path: Path, as_json: bool) -> None:
    """Run the test suites of the project at PATH: a folder, a zip, or a folder that holds several of them.

    Neither a database nor a server is needed. Exit code 0: all pass, or there are none. 1: a test fails, or a
    Blueprint or a suite has errors.
    """
    projects = run_tests(path)
    is_green = all(project.is_green for project in projects)
    lines = [line for project in projects for line in project.lines()]
    show(
        {
            "isGreen": is_green,
            "total": sum(project.total for project in projects),
            "passed": sum(project.passed for project in projects),
            "projects": [project.to_json() for project in projects],
        },
        "\n".join([*lines, overall(projects)]),
        as_json=as_json,
    )
    if not is_green:
        context.exit(1)


def _find(reference: str) -> Project:
    """The project that an id or a name, whatever its case, means.

    Raises:
        InvalidInputError: it means none or several.
    """
    wanted = reference.strip()
    projects = [listed.project for listed in list_projects(OPERATOR)]
    found = [each for each in projects if each.id == wanted.lower()] or [
        each for each in projects if each.name.casefold() == wanted.casefold()
    ]
    if not found:
        raise InvalidInputError({"": ["There is no project with that id or name."]})
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise InvalidInputError({"": [f"Several projects have that name; use the id of one: {ids}."]})
    return found[0]


def _text(report: ImportReport) -> str:
    lines = ["Imported:", *_lines(report), *report.notes]
    lines += [line for found in report.findings for line in finding_lines(found.file, found.finding)]
    return "\n".join(lines)


def _lines(report: ImportReport, *, whose: str = "") -> list[str]:
    """The project with its id, then each Blueprint with the address that runs it."""
    settings: Settings = current_app.extensions["leapter_settings"]
    project = report.project
    lines = [f"{project.id}  {project.name}{whose}"]
    for one in report.blueprints:
        url = run_url(
            settings.address,
            appspace_id=project.appspace_id,
            project_id=project.id,
            blueprint=one.blueprint.slug,
        )
        lines.append(f"  {one.blueprint.label}: {url}{_hindrance(one)}")
    return lines


def _hindrance(one: ShownBlueprint) -> str:
    """What stands behind the address of a Blueprint whose newest revision does not run."""
    errors = "1 error" if one.error_count == 1 else f"{one.error_count} errors"
    why = f"the newest has {errors}" if one.error_count else "the newest is not in force"
    if one.in_force is None:
        return f"  (cannot run: {errors if one.error_count else why})"
    if not one.can_run:
        return f"  (revision {one.in_force.number} is in force, but cannot run any more)"
    return f"  (runs revision {one.in_force.number}; {why})" if one.error_count or one.is_held else ""
