"""Where callers find projects and their Blueprints."""


def project_url(base: str, *, appspace_id: str, project_id: str) -> str:
    """The address that everything callable of a project stands below: `/models/…`, `/openapi`, `/mcp`."""
    return f"{base}/runtime/api/v1/{appspace_id}/{project_id}"


def run_url(base: str, *, appspace_id: str, project_id: str, blueprint: str) -> str:
    """The address that runs a Blueprint; `blueprint` is its id, slug or call identifier."""
    project = project_url(base, appspace_id=appspace_id, project_id=project_id)
    return f"{project}/models/{blueprint}/runs"
