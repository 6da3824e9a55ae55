"""Scenarios: files that say what the ledger must post, hold and refuse, and a way to run them."""
