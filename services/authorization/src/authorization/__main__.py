"""Run authorization: `python -m authorization`."""

from importlib.resources import files

from mesh.process import main

from authorization.app import build

if __name__ == "__main__":
    main(name="authorization", build=build, migrations=files("authorization") / "migrations")
