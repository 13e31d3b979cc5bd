"""The machine-facing API."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from leapter.runtime import problems as problems


def init_app(app: Flask, csrf: CSRFProtect) -> None:
    """Register the routes; none of them reads a cookie, so none needs protection from forged requests."""
