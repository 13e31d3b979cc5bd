"""Pages of people's own accounts: set-up, sign in, sign out, account."""

import flask
from flask import current_app, flash, redirect, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from structlog import get_logger
from werkzeug.wrappers import Response

from leapter.accounts import first_run, service, session
from leapter.accounts.access import Actor
from leapter.accounts.forms import ChangePasswordForm, SetUpForm, SignInForm, show_errors
from leapter.accounts.guard import safe_path
from leapter.accounts.offers import OFFERS, Offer
from leapter.accounts.throttle import TooManyAttemptsError
from leapter.config import Settings
from leapter.errors import InvalidInputError, LeapterError
from leapter.web import htmx

log = get_logger("leapter.accounts")
pages = flask.Blueprint("accounts", __name__)


@pages.get("/")
def home() -> Response:
    """Lead to the page people start from."""
    return redirect("/projects", code=303)


@pages.route("/setup", methods=["GET", "POST"])
def set_up() -> Response:
    """Make the first account, for whoever has the link from the terminal."""
    if service.has_users():
        return _already_set_up()
    settings: Settings = current_app.extensions["leapter_settings"]
    offers: list[Offer] = current_app.extensions.get(OFFERS, [])
    form = SetUpForm()
    form.offers.choices = [(offer.name, offer.label) for offer in offers]
    if request.method == "GET":
        form.token.data = request.args.get("token", "")
        form.offers.data = [offer.name for offer in offers]
    if not first_run.is_token(form.token.data or "", settings.secret_key):
        return htmx.render("accounts/awaiting_setup.html", "content", status=403, link_is_wrong=True)
    status = 200
    if form.is_submitted():
        status = 422
        try:
            if form.validate():
                user = service.create_first_user(
                    email=form.email.data or "", name=form.name.data or "", password=form.password.data or ""
                )
                session.sign_in(user)
                log.info("set_up_done", user_id=user.id, address=request.remote_addr)
                _accept(
                    [offer for offer in offers if offer.name in form.offers.data],
                    Actor(user_id=user.id, name=user.name),
                )
                return htmx.done(f"Welcome, {user.name}. Leapter is set up.", url_for(".home"))
        except InvalidInputError as error:
            show_errors(form, error)
        except service.AlreadySetUpError:
            return _already_set_up()
    return htmx.render("accounts/set_up.html", "content", status=status, form=form, offers=offers)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Ask for e-mail and password, and start a session."""
    target = safe_path(request.values.get("next")) or url_for(".home")
    if current_user.is_authenticated:
        return redirect(target, code=303)
    if not service.has_users():
        return htmx.render("accounts/awaiting_setup.html", "content", link_is_wrong=False)
    form = SignInForm()
    answer: Response | None = None
    if form.validate_on_submit():
        address = request.remote_addr or ""
        try:
            user = service.check_password(email=form.email.data, password=form.password.data, address=address)
        except service.WrongPasswordError as error:
            log.info("sign_in_failed", user_id=error.user_id, address=address)
            form.form_errors.append("The e-mail address or the password is wrong.")
        except TooManyAttemptsError as error:
            log.info("sign_in_throttled", address=address, wait_s=error.wait_s)
            answer = _wait(form, error, "accounts/sign_in.html", next=target, ended=None)
        else:
            session.sign_in(user)
            log.info("sign_in_succeeded", user_id=user.id, address=address)
            return redirect(target, code=303)
    status = 422 if form.is_submitted() else 200
    return answer or htmx.render(
        "accounts/sign_in.html",
        "content",
        status=status,
        form=form,
        next=target,
        ended=request.args.get("ended"),
    )


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session of this browser."""
    session.sign_out()
    flash("You are signed out.")
    return redirect(url_for(".sign_in"), code=303)


@pages.get("/account")
def account() -> Response:
    """Show the person's own account."""
    return _account(ChangePasswordForm(formdata=None))


@pages.post("/account")
def change_password() -> Response:
    """Give the person a new password; every other browser is signed out."""
    form = ChangePasswordForm()
    if form.validate():
        try:
            user = service.change_password(
                session.current_actor(),
                current_password=form.current_password.data,
                new_password=form.new_password.data,
                address=request.remote_addr or "",
            )
        except InvalidInputError as error:
            show_errors(form, error)
        except TooManyAttemptsError as error:
            return _wait(form, error, "accounts/account.html", **_account_context())
        else:
            session.sign_in(user)
            return htmx.done(
                "Your password is changed; all other browsers are signed out.", url_for(".account")
            )
    return _account(form, status=422)


@pages.post("/account/sign-out-elsewhere")
def sign_out_elsewhere() -> Response:
    """End every session of the person but this one."""
    session.end_other_sessions()
    return htmx.done("All other browsers are signed out.", url_for(".account"))


def _accept(offers: list[Offer], actor: Actor) -> None:
    for offer in offers:
        try:
            offer.accept(actor)
        except LeapterError:
            # The account is made; it would be wrong to say that the set-up failed.
            log.exception("offer_failed", offer=offer.name)
            flash(f"“{offer.label}” could not be added; try again from the projects page.")


def _already_set_up() -> Response:
    flash("This server is set up already: sign in with your account.")
    return redirect(url_for(".sign_in"), code=303)


def _account(form: FlaskForm, *, status: int = 200) -> Response:
    return htmx.render("accounts/account.html", "content", status=status, form=form, **_account_context())


def _account_context() -> dict[str, object]:
    actor = session.current_actor()
    others = service.count_sessions(actor, seen_after=session.idle_since()) - 1
    return {"person": current_user.user, "other_sessions": others}


def _wait(form: FlaskForm, error: TooManyAttemptsError, template: str, **context: object) -> Response:
    form.form_errors.append(f"Too many wrong passwords. Try again in {_in_words(error.wait_s)}.")
    response = htmx.render(template, "content", status=429, form=form, **context)
    response.headers["Retry-After"] = str(error.wait_s)
    return response


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    count, unit = (seconds, "second") if seconds < 60 else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"
