"""What only core banking is told: who else books what is posted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Self

from ledger.core.route import Routes, RoutesWrong


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """The routes that come with the ledger, or what LEDGER_CORE_FILE names."""

    routes: Routes

    @classmethod
    def read(cls, environ: Mapping[str, str], *, cores: Collection[str]) -> Self:
        """Read and check the routes; `cores` are the world's. Raises SystemExit: what is wrong."""
        given = environ.get("LEDGER_CORE_FILE")
        try:
            text = Path(given).read_text() if given else own_routes()
            routes = Routes.parse(text)
        except (OSError, UnicodeDecodeError, RoutesWrong) as error:
            raise SystemExit(f"LEDGER_CORE_FILE: {error}") from error
        if unknown := sorted(routes.cores - set(cores)):
            raise SystemExit(f"LEDGER_CORE_FILE: core {unknown[0]} is not among the world's cores")
        return cls(routes)


def own_routes() -> str:
    """Give the text of the routes that come with the ledger."""
    return (resources.files("ledger.core") / "routes.toml").read_text()
