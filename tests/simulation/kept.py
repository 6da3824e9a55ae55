"""Seeds that were red once: `make test` plays them each time."""

from pathlib import Path

KEPT = Path(__file__).with_name("kept_seeds.txt")


def kept() -> list[int]:
    """Give them."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


def keep(seed: int) -> None:
    """Keep one more."""
    if seed not in kept():
        with KEPT.open("a") as file:
            file.write(f"{seed}\n")
