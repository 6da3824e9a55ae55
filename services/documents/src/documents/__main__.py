"""Run documents: `python -m documents`."""

from importlib.resources import files

from mesh.process import main

from documents.app import build

if __name__ == "__main__":
    main(name="documents", build=build, migrations=files("documents") / "migrations")
