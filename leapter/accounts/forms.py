"""Forms of people's own accounts."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired


class SignInForm(FlaskForm):  # type: ignore[misc]  # flask-wtf has no types
    """E-mail and password."""

    email = StringField("E-mail", [DataRequired("Enter your e-mail address.")])
    password = PasswordField("Password", [DataRequired("Enter your password.")])
