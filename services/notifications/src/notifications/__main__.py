"""Run notifications: `python -m notifications`."""

from importlib.resources import files

from mesh.process import main

from notifications.app import build

if __name__ == "__main__":
    main(name="notifications", build=build, migrations=files("notifications") / "migrations")
