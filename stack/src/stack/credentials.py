"""Passwords, tokens and ports: made once, kept in the stack's folder."""

import hashlib
import json
import random
import secrets
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from stack.places import Places, StackError, write_private
from stack.world import Person

PORTS_FROM, PORTS_TO = 20_000, 32_000
"""Below the range that systems take for outgoing connections: a kept port is not lost to one."""

PORT_TRIES_MAX = 200
"""So many taken in a row are no accident."""


def password(places: Places, kind: str, user: str) -> str:
    """Read a password, made at its first use."""
    path = password_file(places, kind, user)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def password_file(places: Places, kind: str, user: str) -> Path:
    """Name the file of a password; kinds are kafka, postgres, registry, tokens."""
    return places.secrets / kind / user


def password_files(places: Places, kind: str, users: Iterable[str]) -> dict[str, str]:
    """Make and name the files of many passwords."""
    for user in users:
        password(places, kind, user)
    return {user: str(password_file(places, kind, user)) for user in users}


def audit_key_file(places: Places) -> Path:
    """Name the key that the ledger signs with, made at its first use; its public half lies open."""
    path = password_file(places, "audit", "ledger.pem")
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (places.audit / "ledger.pub").write_bytes(public)
        write_private(path, secret.decode())
    return path


def write_people(places: Places, people: Iterable[Person]) -> None:
    """Give each person a token, and the services the sums of all of them."""
    rows = [
        {
            "name": person.name,
            "roles": list(person.roles),
            "level": person.level,
            "tenants": list(person.tenants),
            "token_sha256": _sum(password(places, "tokens", person.name)),
        }
        for person in people
    ]
    write_private(places.people, json.dumps(rows, indent=1) + "\n")


def choose_ports(
    places: Places, names: Iterable[str], *, given: Mapping[str, int]
) -> dict[str, int]:
    """Give each name its port: as given, as kept, or a free one."""
    kept: dict[str, int] = {}
    if places.ports.exists():
        kept = json.loads(places.ports.read_text())
    kept.update(given)
    for name in names:
        if name not in kept:
            kept[name] = _free_port(set(kept.values()))
    write_private(places.ports, json.dumps(kept, indent=1) + "\n")
    return kept


def check_ports(ports: Mapping[str, int]) -> None:
    """Refuse to start where somebody else listens."""
    taken = {name: port for name, port in ports.items() if not _is_free(port)}
    for name, port in taken.items():
        raise StackError(
            f"port {port} of {name} is taken by another program: end that one, or give another"
            f" port (--kafka-port, --registry-port, --postgres-port, --smtp-port, --port {name}=…)"
        )


def _free_port(chosen: set[int]) -> int:
    for _ in range(PORT_TRIES_MAX):
        port = random.randrange(PORTS_FROM, PORTS_TO)  # noqa: S311 (no secret)
        if port not in chosen and _is_free(port):
            return port
    raise StackError("no free port was found")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _sum(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
