"""`python -m stack`."""

from stack.cli import app

app()
