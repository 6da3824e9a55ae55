"""Whose token is this? The file of people, by the SHA-256 of their tokens; no token is kept."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from mesh.people import Person

LEVEL_MAX = 5

log = logging.getLogger(__name__)

type Stamp = tuple[int, int, int]
"""A file's inode, size and time of change in nanoseconds; zeros: it is not there."""


class Tokens:
    """The people of a file; a changed file counts from the next question on."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises SystemExit naming the file and the entry that is wrong."""
        self._path = path
        try:
            self._stamp = _stamp(path)
            self._people = read_people(path)
        except (OSError, ValueError) as error:
            raise SystemExit(f"{path}: {error}") from error

    def find(self, token: str) -> Person | None:
        """Give the person that the token belongs to, none if it is nobody's."""
        self._read_again()
        # By digest: how long the look-up takes tells about the digest, not about any token.
        return self._people.get(hashlib.sha256(token.encode(errors="replace")).digest())

    def _read_again(self) -> None:
        """Take in a changed file; a broken one changes nothing, so that nobody is locked out."""
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._people = read_people(self._path)
        except (OSError, ValueError) as error:
            log.warning("the file of people cannot be read, the former one holds: %s", error)


def read_people(path: Path) -> dict[bytes, Person]:
    """Give the people of a file by digest. Raises ValueError saying which entry is wrong."""
    entries: Any = json.loads(path.read_text())
    if not isinstance(entries, list):
        raise ValueError("people must be a list")
    people: dict[bytes, Person] = {}
    names: set[str] = set()
    for place, entry in enumerate(entries, start=1):
        try:
            digest, person = _read_entry(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"person {place}: {error!r}") from error
        if digest in people or person.id in names:
            raise ValueError(f"person {place}: {person.id} or the token is there twice")
        people[digest] = person
        names.add(person.id)
    return people


def _read_entry(entry: Any) -> tuple[bytes, Person]:
    name, level, digest = (
        entry["name"],
        entry.get("level") or 0,
        bytes.fromhex(entry["token_sha256"]),
    )
    if not isinstance(name, str) or not name or len(name.split()) != 1:
        raise ValueError("name must be one word")
    if type(level) is not int or not 0 <= level <= LEVEL_MAX:
        raise ValueError(f"level must be 0 to {LEVEL_MAX}")
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("token_sha256 must be 64 hexadecimal digits")
    roles, tenants = _texts(entry, "roles"), _texts(entry, "tenants")
    return digest, Person(id=name, roles=roles, level=level, tenants=tenants)


def _texts(entry: Any, field: str) -> frozenset[str]:
    texts = entry[field]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{field} must be a list of texts")
    return frozenset(texts)


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
