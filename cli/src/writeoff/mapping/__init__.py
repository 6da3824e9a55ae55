"""A file of any form becomes rows that a door takes: a mapping is data, this is its parser.

The rules are told for people in `examples/README.md`.
"""
