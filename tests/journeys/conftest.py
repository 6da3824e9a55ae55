"""What journeys share: the bank of a tenant, and the upstream that may speak for it."""

from collections.abc import Iterator

import httpx
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

import stack

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .bank import Bank
from .outsiders import Upstream


@pytest.fixture(scope="session")
def env(services: Stack) -> stack.Env:
    """Where everything is."""
    return services.env


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """One client for all doors; a door waits 10 s, a busy machine longer."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def bank(env: stack.Env, client: httpx.Client, tenant: str) -> Bank:
    """The test's own tenant at the doors."""
    return Bank(env, tenant, client)


@pytest.fixture(scope="session")
def registry(env: stack.Env) -> Iterator[SchemaRegistryClient]:
    """The schema registry, as anybody may read it."""
    with SchemaRegistryClient(env.registry_conf()) as registry:
        yield registry


@pytest.fixture(scope="session")
def upstream(env: stack.Env, registry: SchemaRegistryClient) -> Upstream:
    """An upstream that may speak for every tenant of the tests."""
    return Upstream(env, registry, "upstream")
