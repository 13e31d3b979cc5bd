"""The walls of the house: who imports whom, what templates may hold."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "leapter"
GROUND = {"db", "clock", "errors", "config", "web", "commands", "logs"}
CAPABILITIES = {"accounts", "projects", "blueprints", "api_keys", "runtime", "integrations", "veritas"}

MAY_IMPORT = {
    "accounts": set(),
    "projects": {"accounts"},
    "blueprints": {"projects", "accounts", "veritas"},
    "api_keys": {"projects", "accounts"},
    "runtime": {"api_keys", "blueprints", "projects", "accounts", "veritas", "migrate"},
    "integrations": {"runtime", "api_keys", "blueprints", "projects", "accounts"},
    "veritas": set(),
    "web": set(),
}

FRAMEWORK = {"flask", "wtforms", "flask_wtf", "flask_login", "htmx_flask", "jinja2_fragments"}
FRAMEWORK_FILES = {
    "__init__.py",
    "db.py",
    "cli.py",
    "routes.py",
    "forms.py",
    "session.py",
    "guard.py",
    "dependents.py",
}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _imports(path: Path) -> set[str]:
    """Full dotted names that `path` imports, imports inside functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _capability(path: Path) -> str | None:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else None


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_capability_may(path: Path) -> None:
    capability = _capability(path)
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] != "leapter" or capability is None or len(parts) < 2 or parts[1] == capability:
            continue
        allowed = MAY_IMPORT[capability] | (GROUND if capability != "veritas" else set())
        assert parts[1] in allowed, f"{capability} may not import {name}"
        assert not {"routes", "forms"} & set(parts[2:3]), f"{name} is another capability's routes or forms"


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_framework_appears_only_at_the_edges(path: Path) -> None:
    used = {name.split(".")[0] for name in _imports(path)} & FRAMEWORK
    if (
        path.name in FRAMEWORK_FILES
        or _capability(path) in ("web", "runtime")
        or path.name.endswith("_pages.py")
    ):
        return
    assert not used, f"{path.relative_to(ROOT)} uses {used}"


@pytest.mark.parametrize(
    "path",
    [*sorted((PACKAGE / "veritas").rglob("*.py")), PACKAGE / "api_keys" / "keys.py"],
    ids=lambda path: path.name,
)
def test_the_language_and_the_key_format_use_the_standard_library_only(path: Path) -> None:
    for name in _imports(path):
        root = name.split(".")[0]
        assert root in sys.stdlib_module_names or name.startswith("leapter.veritas"), name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|hx-on|javascript:", text)
    assert "https://" not in text
