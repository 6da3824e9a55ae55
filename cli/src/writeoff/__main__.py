"""The `writeoff` command."""

from writeoff.app import app


def main() -> None:
    """Run the command line; ends the process with its exit code."""
    app(prog_name="writeoff")


if __name__ == "__main__":
    main()
