"""What only the trail is told: the key that it signs with, the file that it publishes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ledger.audit.signing import KeyTrouble, Signer


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """A private key, and where heads are appended."""

    signer: Signer
    heads_file: Path

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read both. Raises SystemExit naming what is missing or wrong."""
        key_file = environ.get("LEDGER_AUDIT_KEY_FILE")
        heads_file = environ.get("LEDGER_AUDIT_HEADS_FILE")
        if not key_file or not heads_file:
            names = ("LEDGER_AUDIT_KEY_FILE", "LEDGER_AUDIT_HEADS_FILE")
            missing = [name for name in names if not environ.get(name)]
            raise SystemExit(f"missing settings: {', '.join(missing)}")
        try:
            return cls(Signer.read(Path(key_file)), Path(heads_file))
        except KeyTrouble as trouble:
            raise SystemExit(f"LEDGER_AUDIT_KEY_FILE: {trouble}") from trouble
