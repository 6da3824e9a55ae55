"""Run the ledger: `python -m ledger`."""

from importlib.resources import files

from mesh.process import main

from ledger.app import build

if __name__ == "__main__":
    main(name="ledger", build=build, migrations=files("ledger") / "migrations")
