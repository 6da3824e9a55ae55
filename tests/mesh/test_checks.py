"""What must hold before a service starts is looked at on the real thing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from case.domain.policy import Policy
from case.service import CaseService
from mesh.checks import check_topics
from mesh.kafka import KafkaLog
from mesh.ports import Unavailable
from mesh.postgres import PostgresStore
from mesh.settings import read_world
from mesh.testing import MemoryStates
from mesh.topics import Topics

pytestmark = pytest.mark.stack


@pytest.fixture
def topics(stack: Any) -> Topics:
    service = CaseService(MemoryStates(lambda _: None), Policy())  # type: ignore[arg-type]
    return Topics.of(service, read_world(Path(stack.env.world_file)))


@pytest.fixture
async def kafka(stack: Any, request: pytest.FixtureRequest) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(stack.env.kafka_conf(request.param), group=request.param)
    await log.open()
    yield log
    await log.close()


@pytest.mark.parametrize("kafka", ["case"], indirect=True)
async def test_a_service_may_do_with_its_topics_what_it_must(
    kafka: KafkaLog, topics: Topics
) -> None:
    await check_topics(kafka, topics)


@pytest.mark.parametrize("kafka", ["documents"], indirect=True)
async def test_a_principal_without_its_rights_is_named_what_is_missing(
    kafka: KafkaLog, topics: Topics
) -> None:
    with pytest.raises(Unavailable, match=r"topic writeoff\.\S+: "):
        await check_topics(kafka, topics)


async def test_a_direct_connection_is_known_from_a_pooler(dsn: str) -> None:
    store = PostgresStore(dsn)
    await store.open()

    await store.check_direct()

    await store.close()
