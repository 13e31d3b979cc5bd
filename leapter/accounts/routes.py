"""Pages of a person's own account: sign in, sign out."""

import flask
from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from leapter.accounts import service, session
from leapter.accounts.forms import SignInForm
from leapter.accounts.guard import safe_path
from leapter.web import htmx

pages = flask.Blueprint("accounts", __name__)


@pages.get("/")
def home() -> Response:
    """Lead to the page people start from."""
    return redirect("/projects", code=303)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Ask for e-mail and password, and start a session."""
    target = safe_path(request.values.get("next")) or url_for(".home")
    if current_user.is_authenticated:
        return redirect(target, code=303)
    if not service.has_users():
        return htmx.render("accounts/awaiting_setup.html", "content")
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        user = service.find_user_by_password(form.email.data, form.password.data)
        if user is not None:
            session.sign_in(user)
            return redirect(target, code=303)
        form.form_errors.append("The e-mail address or the password is not right.")
    if form.is_submitted():
        status = 422
    return htmx.render("accounts/sign_in.html", "content", status=status, form=form, next=target)


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session of this browser."""
    session.sign_out()
    return redirect(url_for(".sign_in"), code=303)
