"""The ids that the mesh derives, for those who want to know them beforehand."""

from uuid import UUID, uuid5

from mesh.service import NAMESPACE


def case_of_request(source: str, tenant: str, request_id: str) -> str:
    """Return the id of the case that a request opens: that of its identity (lanes 16)."""
    return str(uuid5(NAMESPACE, f"request/{source}/{tenant}/{request_id}"))


def derived(*parts: object) -> UUID:
    """Return an id that is always the same for the same parts."""
    return uuid5(NAMESPACE, "/".join(str(part) for part in parts))
