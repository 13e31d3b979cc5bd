"""Moments as people read them."""

from datetime import datetime

from flask import Flask
from markupsafe import Markup

from leapter.clock import now

# Month and year have their mean length in the Gregorian calendar.
_UNITS_S = {"minute": 60, "hour": 3600, "day": 86400, "month": 2629746, "year": 31556952}


def relative(moment: datetime, present: datetime) -> str:
    """Say how long ago `moment` was: "just now", "3 minutes ago", "in 2 days"."""
    seconds = (present - moment).total_seconds()
    amount = abs(seconds)
    if amount < 5:
        return "just now"
    unit = "second"
    for name, size in _UNITS_S.items():
        if abs(seconds) >= size:
            unit, amount = name, abs(seconds) / size
    count = int(amount)
    text = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def exact(moment: datetime) -> str:
    """Write `moment` to the second, in UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def init_app(app: Flask) -> None:
    """Give templates the filters `ago` (relative, exact on hover), `moment` (exact), `day` (date)."""

    def ago(value: datetime) -> Markup:
        return Markup('<time datetime="{}" title="{}" data-relative>{}</time>').format(
            value.isoformat(), exact(value), relative(value, now())
        )

    def moment(value: datetime) -> Markup:
        return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), exact(value))

    def day(value: datetime) -> Markup:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            value.isoformat(), exact(value), value.strftime("%Y-%m-%d")
        )

    app.jinja_env.filters.update(ago=ago, moment=moment, day=day)
