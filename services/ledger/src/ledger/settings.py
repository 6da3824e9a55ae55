"""What only the ledger is told: where its policy is."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

from ledger.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """The policy is the one that comes with the ledger, or a file named by LEDGER_POLICY_FILE."""

    policy: Policy

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the policy. Raises SystemExit saying what is wrong with it."""
        given = environ.get("LEDGER_POLICY_FILE")
        try:
            return cls(Policy.parse(Path(given).read_text() if given else own_policy()))
        except (OSError, ValueError) as error:
            raise SystemExit(f"LEDGER_POLICY_FILE: {error}") from error


def own_policy() -> str:
    """Give the text of the policy that comes with the ledger."""
    return (resources.files("ledger.domain") / "policy.toml").read_text()
