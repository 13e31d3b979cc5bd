"""Forms of people's own accounts. What a password or a name must be, the service says."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import DataRequired

from leapter.errors import InvalidInputError


class SignInForm(FlaskForm):
    """E-mail and password."""

    email = StringField("E-mail", [DataRequired("Enter your e-mail address.")])
    password = PasswordField("Password", [DataRequired("Enter your password.")])


class SetUpForm(FlaskForm):
    """The first account, with the token of the link."""

    token = HiddenField()
    name = StringField("Your name")
    email = StringField("E-mail")
    password = PasswordField("Password")
    offers = SelectMultipleField("Example projects")


class ChangePasswordForm(FlaskForm):
    """The password so far, and the new one."""

    current_password = PasswordField("Current password", [DataRequired("Enter your current password.")])
    new_password = PasswordField("New password", [DataRequired("Enter a new password.")])


def show_errors(form: FlaskForm, error: InvalidInputError) -> None:
    """Put the sentences of `error` beside the fields of `form` they are about."""
    for name, sentences in error.errors.items():
        if name in form:
            form[name].errors = [*form[name].errors, *sentences]
        else:
            form.form_errors.extend(sentences)
