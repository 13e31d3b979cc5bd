"""The WSGI entry point: `gunicorn -c python:leapter.server app:app`."""

from leapter import create_app

app = create_app()
