"""Who signed a block: Ed25519 (RFC 8032), keys as PEM, so that any tool can make and check them."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ledger.audit.head import KEY_ID_LENGTH, Head, Signed

PUBLIC_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


class KeyTrouble(Exception):
    """A file does not hold what it should."""


class Signer:
    """Signs heads with the one key that this ledger has. The same head gets the same signature."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Sign with this key."""
        self._key = key
        self.key_id = id_of(key.public_key())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a private key (PKCS 8, PEM, no password). Raises KeyTrouble."""
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise KeyTrouble(f"{path}: no private key can be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyTrouble(f"{path}: the key is not an Ed25519 key")
        return cls(key)

    def sign(self, head: Head) -> Signed:
        """Sign a head."""
        assert head.key_id == self.key_id, "a head names the key that signs it"
        return Signed(head, self._key.sign(head.text))


class Keys:
    """The public keys that an auditor trusts."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        """Trust these keys, by their id."""
        self.by_id = keys

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read public keys, a PEM block each: old ones stay beside the new. Raises KeyTrouble."""
        try:
            blocks = PUBLIC_PEM.findall(path.read_bytes())
            keys = [load_pem_public_key(block) for block in blocks]
        except (OSError, ValueError) as error:
            raise KeyTrouble(f"{path}: no public key can be read: {error}") from error
        found = {id_of(key): key for key in keys if isinstance(key, Ed25519PublicKey)}
        if not found or len(found) < len(keys):
            raise KeyTrouble(f"{path}: there must be Ed25519 public keys (PEM), and nothing else")
        return cls(found)

    def is_true(self, signed: Signed) -> bool:
        """Say whether the key that a head names is trusted, and signed it."""
        key = self.by_id.get(signed.head.key_id)
        if key is None:
            return False
        try:
            key.verify(signed.signature, signed.head.text)
        except InvalidSignature:
            return False
        return True


def id_of(key: Ed25519PublicKey) -> str:
    """Give a key's name: the first 16 hex digits of the SHA-256 of its 32 bytes."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(raw).hexdigest()[:KEY_ID_LENGTH]
