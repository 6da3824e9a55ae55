"""What only a month's end is told: when a loss is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

from ledger.monthend.clocks import Clocks, ClocksWrong


@dataclass(frozen=True, slots=True)
class MonthEndSettings:
    """The clocks that come with the ledger, or what LEDGER_CLOCKS_FILE names."""

    clocks: Clocks

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the clocks. Raises SystemExit saying what is wrong."""
        given = environ.get("LEDGER_CLOCKS_FILE")
        try:
            return cls(Clocks.parse(Path(given).read_text() if given else own_clocks()))
        except (OSError, UnicodeDecodeError, ClocksWrong) as error:
            raise SystemExit(f"LEDGER_CLOCKS_FILE: {error}") from error


def own_clocks() -> str:
    """Give the text of the clocks that come with the ledger."""
    return (resources.files("ledger.monthend") / "clocks.toml").read_text()
