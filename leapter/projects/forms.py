"""Forms of projects. What is acceptable is for the service to say; the forms carry values."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField, TextAreaField


class ProjectForm(FlaskForm):
    """Name and description."""

    name = StringField("Project name")
    description = TextAreaField("Description")


class SettingsForm(FlaskForm):
    """How Blueprints are called, what comes into force, and what is kept."""

    ignores_unknown_inputs = BooleanField("Ignore unknown inputs")
    demands_green_tests = BooleanField("Demand that tests pass")
    keeps_run_data = BooleanField("Keep inputs and outputs of runs")


class DeleteForm(FlaskForm):
    """The name, typed."""

    name = StringField("Type the project’s name to confirm")
