"""Every version of the policy that was ever loaded, as its file was."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.service import Reader

KEEP = """
INSERT INTO policy_version (version, text) SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (version) DO NOTHING
RETURNING version
"""

KEPT = "SELECT version, text, loaded_at FROM policy_version ORDER BY loaded_at, version"

ONE = "SELECT version, text, loaded_at FROM policy_version WHERE version = $1"

type Row = Mapping[str, Any]


async def keep(reader: Reader, texts: Mapping[str, str]) -> None:
    """Keep texts by version; one that is there stays as it is. At start, beside any turn."""
    await reader.fetch(KEEP, list(texts), list(texts.values()))


async def kept(reader: Reader) -> Sequence[Row]:
    """Give every version, in the order in which they were first loaded."""
    return await reader.fetch(KEPT)


async def one(reader: Reader, version: str) -> Row | None:
    """Give a version."""
    found = await reader.fetch(ONE, version)
    return found[0] if found else None
