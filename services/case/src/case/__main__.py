"""The case service as a process."""

from pathlib import Path

from case.app import build
from mesh.process import main

if __name__ == "__main__":
    main(name="case", build=build, migrations=Path(__file__).parent / "migrations")
