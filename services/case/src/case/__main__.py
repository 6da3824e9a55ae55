"""The case service as a process."""

from pathlib import Path

from mesh.process import main

from case.app import build

if __name__ == "__main__":
    main(name="case", build=build, migrations=Path(__file__).parent / "migrations")
