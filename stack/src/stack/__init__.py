"""A real Kafka, registry, PostgreSQL and mail catcher, started natively on one machine."""

from stack.env import Env, running
from stack.places import StackError

__all__ = ["Env", "StackError", "running"]
