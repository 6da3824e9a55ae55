"""What notifications must be told beyond what every service is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where mail goes, and who it is from."""

    smtp_host: str
    smtp_port: int
    mail_from: str
    lender: str
    """The name that notices bear."""
    print_dir: Path

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting. Raises SystemExit with a line for each that is missing or wrong."""
        needed = ("SMTP_HOST", "SMTP_PORT", "MAIL_FROM", "PRINT_DIR")
        troubles = [f"{name} is missing" for name in needed if not environ.get(name)]
        port = environ.get("SMTP_PORT") or "0"
        if not (port.isascii() and port.isdigit() and int(port) <= 65_535):
            troubles.append(f"SMTP_PORT must be a port, not {port!r}")
        mail_from = environ.get("MAIL_FROM") or "nobody@nowhere"
        if mail_from.count("@") != 1 or not mail_from.isascii() or not mail_from.isprintable():
            troubles.append(f"MAIL_FROM must be an address, not {mail_from!r}")
        if troubles:
            raise SystemExit("settings:\n  " + "\n  ".join(troubles))
        return cls(
            smtp_host=environ["SMTP_HOST"],
            smtp_port=int(port),
            mail_from=mail_from,
            lender=environ.get("LENDER_NAME") or mail_from.rpartition("@")[2],
            print_dir=Path(environ["PRINT_DIR"]),
        )
