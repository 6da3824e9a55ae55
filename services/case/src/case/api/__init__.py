"""The HTTP door: requests come in, cases are looked at."""
