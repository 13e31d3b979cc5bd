"""Pages of a Blueprint's tests: they are run, changed, and decide what comes into force."""

from typing import Any

import flask
from flask import Response, request, url_for

from leapter import veritas
from leapter.accounts.session import current_actor
from leapter.blueprints import service, suite_files, tests_panel
from leapter.blueprints.forms import CaseForm, PutInForceForm, SuiteForm, SuiteTextForm
from leapter.blueprints.saved_messages import put_message
from leapter.blueprints.service import ShownBlueprint, StaleRevisionError
from leapter.blueprints.suite_texts import CaseChange, StoredSuite, as_change, case_digest
from leapter.db import new_id
from leapter.errors import ChangedMeanwhileError, InvalidInputError, NotFoundError
from leapter.web import htmx
from leapter.web.form_errors import put_errors, status_of

pages = flask.Blueprint(
    "tests", __name__, url_prefix="/projects/<uuid:project_id>/blueprints/<uuid:blueprint_id>"
)

NEW_SUITE = ""


@pages.route("/tests", methods=["GET", "POST"])
def show(project_id: object, blueprint_id: object) -> Response:
    """List the tests; a POST runs all of them, those of one suite, or a single case."""
    shown = _shown(project_id, blueprint_id)
    tested = service.newest_sound(shown)
    suites = suite_files.list_suites(shown.blueprint)
    ran = None
    if request.method == "POST" and tested is not None:
        ran = tests_panel.run(
            shown, tested, suites, suite=request.form.get("suite"), case_key=request.form.get("case")
        )
        if ran is not None and not {"suite", "case"} & request.form.keys():
            service.note_tests(shown, tested.id, ran.verdict)
            shown = _shown(project_id, blueprint_id)
    return htmx.render(
        "blueprints/tests.html",
        "content",
        shown=shown,
        tested=tested,
        suites=tests_panel.views(suites, ran),
        ran=ran,
        line_shown=tests_panel.line_shown,
    )


@pages.route("/tests/new", methods=["GET", "POST"])
def create_suite(project_id: object, blueprint_id: object) -> Response:
    """Ask for the name of a new suite."""
    shown = _shown(project_id, blueprint_id)
    form = SuiteForm()
    if form.validate_on_submit():
        try:
            made = suite_files.create_suite(*_whose(shown), label=form.label.data or "")
        except InvalidInputError as error:
            put_errors(form, error)
        else:
            return htmx.done(f"Test suite {made.label} created.", _url(shown))
    return htmx.render(
        "blueprints/test_suite_new.html", "dialog", status=status_of(form), form=form, shown=shown
    )


@pages.route("/tests/<suite>/file", methods=["GET", "POST"])
def edit_suite(project_id: object, blueprint_id: object, suite: str) -> Response:
    """Ask for another text of a suite's file."""
    shown = _shown(project_id, blueprint_id)
    stored = suite_files.get_suite(shown.blueprint, suite)
    form = SuiteTextForm(text=stored.content.decode("utf-8-sig", "replace"), base_digest=stored.digest)
    stale = False
    if form.validate_on_submit():
        text = service.with_line_endings_of(form.text.data or "", stored.content.decode("utf-8", "replace"))
        try:
            suite_files.write_suite(*_whose(shown), suite, text=text, base_digest=form.base_digest.data or "")
        except InvalidInputError as error:
            put_errors(form, error)
        except ChangedMeanwhileError:
            stale = True
            stored = suite_files.get_suite(shown.blueprint, suite)
            form.base_digest.data = stored.digest  # saved again from here, it goes over what is shown now
        else:
            return htmx.done(f"Test suite {stored.label} saved.", _url(shown))
    return htmx.render(
        "blueprints/test_suite_file.html",
        "content",
        status=409 if stale else status_of(form),
        form=form,
        shown=shown,
        stored=stored,
        stale=stale,
        findings=stored.suite.findings,
    )


@pages.route("/tests/<suite>/delete", methods=["GET", "POST"])
def delete_suite(project_id: object, blueprint_id: object, suite: str) -> Response:
    """Say what is lost, and delete a suite."""
    shown = _shown(project_id, blueprint_id)
    stored = suite_files.get_suite(shown.blueprint, suite)
    if request.method == "POST":
        suite_files.delete_suite(*_whose(shown), suite)
        return htmx.done(f"Test suite {stored.label} deleted.", _url(shown))
    return htmx.render("blueprints/test_suite_delete.html", "dialog", shown=shown, stored=stored)


@pages.route("/tests/<suite>/cases/new", methods=["GET", "POST"])
def create_case(project_id: object, blueprint_id: object, suite: str) -> Response:
    """Ask for a new case of a suite; its inputs begin as an example."""
    shown = _shown(project_id, blueprint_id)
    stored = suite_files.get_suite(shown.blueprint, suite)
    form = CaseForm(case_id=new_id(), suite=suite, inputs=tests_panel.example(shown), expected="{}")
    if form.validate_on_submit():
        answer = _add(shown, form, suite)
        if answer:
            return answer
    return _case_page(shown, form, stored=stored, title="New test case")


@pages.post("/tests/from-run")
def save_run(project_id: object, blueprint_id: object) -> Response:
    """Ask for the name of a case that is as a run was, then store it.

    The form carries what went in and what came out: nothing of a run need be kept for it.
    """
    shown = _shown(project_id, blueprint_id)
    form = CaseForm()
    suites = suite_files.list_suites(shown.blueprint)
    choices = [(stored.name, stored.label) for stored in suites if not stored.suite.has_errors]
    form.suite.choices = [*choices, (NEW_SUITE, "A new suite …")]
    if "label" not in request.form:
        form.case_id.data = new_id()
        form.suite.data = choices[0][0] if choices else NEW_SUITE
    elif form.validate_on_submit():
        answer = _add(shown, form, form.suite.data or "")
        if answer:
            return answer
    return _case_page(shown, form, stored=None, title="Save as test case")


@pages.route("/tests/<suite>/cases/<case>/edit", methods=["GET", "POST"])
def edit_case(project_id: object, blueprint_id: object, suite: str, case: str) -> Response:
    """Ask for another name, other inputs or other expectations of a case."""
    shown = _shown(project_id, blueprint_id)
    stored, found = _case(shown, suite, case)
    now = as_change(found)
    form = CaseForm(
        base_digest=case_digest(found),
        label=now.label,
        group=now.group,
        inputs=now.inputs,
        expected=now.expected,
        expects_error=now.expects_error,
    )
    stale = False
    if form.validate_on_submit():
        try:
            suite_files.change_case(
                *_whose(shown),
                suite,
                case_id=found.id,
                change=_change(form),
                base_digest=form.base_digest.data or "",
            )
        except InvalidInputError as error:
            put_errors(form, error)
        except ChangedMeanwhileError:
            stale = True
            stored, found = _case(shown, suite, case)
            form.base_digest.data = case_digest(found)
        else:
            return htmx.done("Test case saved.", _url(shown))
    return _case_page(
        shown,
        form,
        stored=stored,
        title="Edit test case",
        stale=as_change(found) if stale else None,
    )


@pages.route("/tests/<suite>/cases/<case>/delete", methods=["GET", "POST"])
def delete_case(project_id: object, blueprint_id: object, suite: str, case: str) -> Response:
    """Ask whether a case is to go, and delete it."""
    shown = _shown(project_id, blueprint_id)
    stored, found = _case(shown, suite, case)
    if request.method == "POST":
        suite_files.delete_case(*_whose(shown), suite, case_id=found.id)
        return htmx.done(f"Test case {found.label} deleted.", _url(shown))
    return htmx.render(
        "blueprints/test_case_delete.html",
        "dialog",
        shown=shown,
        stored=stored,
        case=found,
        key=tests_panel.case_key(stored, found),
    )


@pages.route("/put-in-force", methods=["GET", "POST"])
def put_in_force(project_id: object, blueprint_id: object) -> Response:
    """Say what the tests say of the newest revision now, and put it into force."""
    shown = _shown(project_id, blueprint_id)
    form = PutInForceForm(revision_id=shown.newest.id)
    if form.validate_on_submit():
        try:
            put = service.put_in_force(*_whose(shown), revision_id=form.revision_id.data or "")
        except InvalidInputError as error:
            put_errors(form, error)
        except StaleRevisionError:
            shown = _shown(project_id, blueprint_id)
            form.revision_id.data = shown.newest.id
            sentence = f"Revision {shown.newest.number} was saved in the meantime. This is about it now."
            form.form_errors.append(sentence)
        else:
            return htmx.done(
                put_message(put),
                url_for("blueprints.show", project_id=shown.project.id, blueprint_id=shown.blueprint.id),
            )
    return htmx.render(
        "blueprints/put_in_force.html",
        "dialog",
        status=status_of(form),
        form=form,
        shown=shown,
        trial=service.try_newest(shown),
        rows=tests_panel.rows,
    )


def _shown(project_id: object, blueprint_id: object) -> ShownBlueprint:
    return service.get_blueprint(current_actor(), str(project_id), str(blueprint_id))


def _whose(shown: ShownBlueprint) -> tuple[Any, str, str]:
    return current_actor(), shown.project.id, shown.blueprint.id


def _url(shown: ShownBlueprint) -> str:
    return url_for(".show", project_id=shown.project.id, blueprint_id=shown.blueprint.id)


def _case(shown: ShownBlueprint, suite: str, key: str) -> tuple[StoredSuite, veritas.Case]:
    stored = suite_files.get_suite(shown.blueprint, suite)
    for case in stored.suite.cases:
        if tests_panel.case_key(stored, case) == key:
            return stored, case
    raise NotFoundError("test case")


def _change(form: CaseForm) -> CaseChange:
    return CaseChange(
        label=form.label.data or "",
        group=form.group.data or "",
        inputs=form.inputs.data or "",
        expected=form.expected.data or "",
        expects_error=bool(form.expects_error.data),
    )


def _add(shown: ShownBlueprint, form: CaseForm, suite: str) -> Response | None:
    """Add the case; None where something typed is not acceptable, which the form then says."""
    try:
        stored = suite_files.add_case(
            *_whose(shown),
            suite,
            case_id=form.case_id.data or new_id(),
            change=_change(form),
            suite_label=form.suite_label.data or "",
        )
    except InvalidInputError as error:
        put_errors(form, error)
        return None
    return htmx.done(f"Test case saved in {stored.label}.", _url(shown))


def _case_page(
    shown: ShownBlueprint,
    form: CaseForm,
    *,
    stored: StoredSuite | None,
    title: str,
    stale: CaseChange | None = None,
) -> Response:
    return htmx.render(
        "blueprints/test_case.html",
        "dialog",
        status=409 if stale else status_of(form),
        form=form,
        shown=shown,
        stored=stored,
        title=title,
        stale=stale,
        back=_url(shown),
    )
