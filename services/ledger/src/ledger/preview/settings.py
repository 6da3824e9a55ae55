"""What only previews are told: what a credit bureau hears of."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

from ledger.preview.bureaus import Bureaus, BureausWrong


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """The file that comes with the ledger, or what LEDGER_BUREAU_FILE names."""

    bureaus: Bureaus

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read and check it. Raises SystemExit saying what is wrong."""
        given = environ.get("LEDGER_BUREAU_FILE")
        try:
            return cls(Bureaus.parse(Path(given).read_text() if given else own_bureaus()))
        except (OSError, UnicodeDecodeError, BureausWrong) as error:
            raise SystemExit(f"LEDGER_BUREAU_FILE: {error}") from error


def own_bureaus() -> str:
    """Give the text of the file that comes with the ledger."""
    return (resources.files("ledger.preview") / "bureaus.toml").read_text()
