"""Nobody may do more than the catalogue gives them."""

from typing import Any

import asyncpg
import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

import stack

pytestmark = pytest.mark.stack

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")


def error_of_writing(env: stack.Env, user: str, topic: str) -> KafkaError | None:
    errors: list[KafkaError | None] = []
    producer = Producer(env.kafka_conf(user) | {"message.timeout.ms": 15_000})
    producer.produce(topic, b"a fact", partition=0, on_delivery=lambda e, _: errors.append(e))
    assert producer.flush(20) == 0
    (error,) = errors
    return error


def read_one(env: stack.Env, user: str, topic: str) -> Any:
    consumer = Consumer(env.kafka_conf(user) | {"group.id": user, "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        message = consumer.poll(20)
        assert message is not None
        return message
    finally:
        consumer.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_cannot_open_a_neighbours_database(env: stack.Env, service: str) -> None:
    neighbour = SERVICES[SERVICES.index(service) - 1]

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await asyncpg.connect(env.dsn(neighbour, role=service))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await asyncpg.connect(env.dsn(neighbour, role=f"{service}_owner"))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_makes_no_tables(env: stack.Env, service: str) -> None:
    connection = await asyncpg.connect(env.dsn(service))
    try:
        for statement in (
            "CREATE TABLE public.mine (id int)",
            "CREATE TABLE mesh.mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE TEMP TABLE mine (id int)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_service_knows_which_store_it_speaks_to(env: stack.Env) -> None:
    connection = await asyncpg.connect(env.dsn("case"))
    try:
        row = await connection.fetchrow(
            "SELECT system_identifier, pg_walfile_name(pg_current_wal_lsn()) AS wal"
            " FROM pg_control_system()"
        )
    finally:
        await connection.close()

    assert row is not None
    assert row["system_identifier"] != 0
    assert len(row["wal"]) == 24


async def test_a_service_changes_the_meshs_tables_and_only_what_it_was_granted_of_its_own(
    env: stack.Env,
) -> None:
    owner = await asyncpg.connect(env.owner_dsn("ledger"))
    service = await asyncpg.connect(env.dsn("ledger"))
    try:
        await owner.execute("CREATE TABLE mesh.given (id int GENERATED ALWAYS AS IDENTITY, n int)")
        await owner.execute("CREATE TABLE public.journal (id int)")
        await owner.execute('GRANT SELECT, INSERT ON public.journal TO "ledger"')

        await service.execute("INSERT INTO mesh.given (n) VALUES (1)")
        await service.execute("UPDATE mesh.given SET n = 2")
        await service.execute("DELETE FROM mesh.given")
        await service.execute("INSERT INTO journal VALUES (1)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute("UPDATE journal SET id = 2")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute("DELETE FROM journal")
    finally:
        await owner.execute("DROP TABLE IF EXISTS mesh.given, public.journal")
        await owner.close()
        await service.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_operator_reads_every_store_and_changes_none(
    env: stack.Env, service: str
) -> None:
    owner = await asyncpg.connect(env.owner_dsn(service))
    operator = await asyncpg.connect(env.operator_dsn(service))
    try:
        await owner.execute("CREATE TABLE public.seen (id int)")

        assert await operator.fetch("SELECT id FROM public.seen") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await operator.execute("INSERT INTO public.seen VALUES (1)")
    finally:
        await owner.execute("DROP TABLE IF EXISTS public.seen")
        await owner.close()
        await operator.close()


async def test_a_wrong_password_opens_no_database(env: stack.Env) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(env.dsn("case"), password="guessed")


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("documents", "writeoff.case.v1"),
        ("case", "writeoff.ledger.v1"),
        ("case", "writeoff.requests.v1.lending"),
        ("source-lending", "writeoff.case.v1"),
        ("portal-demo", "writeoff.status.v1.demo"),
        ("board", "writeoff.status.v1.demo"),
        ("operator", "writeoff.case.v1"),
    ],
)
def test_nobody_writes_a_topic_that_is_not_their_own(env: stack.Env, user: str, topic: str) -> None:
    error = error_of_writing(env, user, topic)

    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("case", "writeoff.parties.v1"),
        ("documents", "writeoff.ledger.v1"),
        ("source-lending", "writeoff.case.v1"),
        ("portal-demo", "writeoff.status.v1.sba"),
        ("portal-demo", "writeoff.case.v1"),
        ("board", "writeoff.case.v1"),
    ],
)
def test_nobody_reads_a_topic_that_is_not_for_them(env: stack.Env, user: str, topic: str) -> None:
    seen = AdminClient(env.kafka_conf(user)).list_topics(topic, timeout=20).topics[topic]

    assert seen.partitions == {}
    assert seen.error is not None
    assert seen.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_what_a_writer_says_its_readers_hear(env: stack.Env) -> None:
    topic = "writeoff.requests.v1.lending"

    assert error_of_writing(env, "source-lending", topic) is None

    for reader in ("case", "operator", "source-lending"):
        message = read_one(env, reader, topic)
        assert message.error() is None
        assert message.value() == b"a fact"


def test_a_portals_group_is_no_other_portals(env: stack.Env) -> None:
    conf = env.kafka_conf("portal-demo")
    mine = Consumer(conf | {"group.id": "portal-demo-1", "enable.auto.commit": False})
    place = TopicPartition("writeoff.status.v1.demo", 0, 0)
    try:
        (kept,) = mine.commit(offsets=[place], asynchronous=False)
    finally:
        mine.close()
    assert kept.error is None

    client = AdminClient(conf)
    with pytest.raises(KafkaException) as refused:
        client.describe_consumer_groups(["portal-sba"])["portal-sba"].result(20)
    assert refused.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED


@pytest.mark.parametrize("user", ["case", "operator", "source-lending"])
def test_nobody_creates_a_topic(env: stack.Env, user: str) -> None:
    client = AdminClient(env.kafka_conf(user))
    made = client.create_topics([NewTopic("writeoff.mine.v1", 1, 1)])

    with pytest.raises(KafkaException) as refused:
        made["writeoff.mine.v1"].result(20)

    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_topic_is_not_made_by_writing_to_it(env: stack.Env) -> None:
    assert error_of_writing(env, "case", "writeoff.mine.v1") is not None

    names = AdminClient(env.kafka_conf("admin")).list_topics(timeout=20).topics
    assert "writeoff.mine.v1" not in names


@pytest.mark.parametrize(("user", "password"), [("mallory", "x"), ("case", "guessed")])
def test_an_unknown_user_or_a_wrong_password_is_refused(
    env: stack.Env, user: str, password: str
) -> None:
    errors: list[KafkaError] = []
    conf = env.kafka_conf("case") | {"sasl.username": user, "sasl.password": password}

    client = AdminClient(conf | {"error_cb": errors.append, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=2)
    client.poll(0)

    assert KafkaError._AUTHENTICATION in [error.code() for error in errors]
