"""What only the ledger is told: where its policy is."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

from ledger.policies import PolicyBook


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """The policy is the one that comes with the ledger, or what LEDGER_POLICY_FILE names.

    That is a file, or a folder with a file a version, of which the last by name is in force.
    """

    policies: PolicyBook

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the policy. Raises SystemExit saying what is wrong with it."""
        given = environ.get("LEDGER_POLICY_FILE")
        try:
            return cls(PolicyBook(_texts(Path(given)) if given else [own_policy()]))
        except (OSError, ValueError) as error:
            raise SystemExit(f"LEDGER_POLICY_FILE: {error}") from error


def own_policy() -> str:
    """Give the text of the policy that comes with the ledger."""
    return (resources.files("ledger.domain") / "policy.toml").read_text()


def _texts(given: Path) -> list[str]:
    files = sorted(given.glob("*.toml")) if given.is_dir() else [given]
    if not files:
        raise ValueError(f"{given} has no file that ends in .toml")
    return [file.read_text() for file in files]
