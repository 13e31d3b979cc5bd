"""Stored Blueprints: sources, revisions, findings."""

from functools import partial

from flask import Flask

from leapter.accounts.offers import OFFERS, Offer
from leapter.blueprints import (
    project_pages,
    routes,
    specification_pages,
    tests_pages,
    tests_panel,
    types_pages,
)
from leapter.blueprints.importing import EXAMPLES, import_example


def init_app(app: Flask) -> None:
    """Register this capability's routes; the example projects are offered to the first person."""
    app.extensions.setdefault(OFFERS, []).extend(
        Offer(
            name=example.name,
            label=example.label,
            description=example.description,
            accept=partial(import_example, name=example.name),
        )
        for example in EXAMPLES
    )
    app.register_blueprint(project_pages.pages)
    app.register_blueprint(routes.pages)
    app.register_blueprint(specification_pages.pages)
    app.register_blueprint(tests_pages.pages)
    # Every page that shows a Blueprint's state says why a revision is held back.
    app.jinja_env.globals["held_report"] = tests_panel.held
    app.jinja_env.globals["in_force_red"] = tests_panel.in_force_red
    app.register_blueprint(types_pages.pages)
