"""Users, topics and rights of the broker, made what they must be. Again is the same."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,  # pyright: ignore[reportPrivateImportUsage]
    AclBindingFilter,  # pyright: ignore[reportPrivateImportUsage]
    AclOperation,  # pyright: ignore[reportPrivateImportUsage]
    AclPermissionType,  # pyright: ignore[reportPrivateImportUsage]
    AdminClient,
    AlterConfigOpType,  # pyright: ignore[reportPrivateImportUsage]
    ConfigEntry,  # pyright: ignore[reportPrivateImportUsage]
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage]
    NewPartitions,  # pyright: ignore[reportPrivateImportUsage]
    NewTopic,  # pyright: ignore[reportPrivateImportUsage]
    ResourcePatternType,  # pyright: ignore[reportPrivateImportUsage]
    ResourceType,  # pyright: ignore[reportPrivateImportUsage]
    ScramCredentialInfo,  # pyright: ignore[reportPrivateImportUsage]
    ScramMechanism,  # pyright: ignore[reportPrivateImportUsage]
    UserScramCredentialUpsertion,  # pyright: ignore[reportPrivateImportUsage]
)

from stack import credentials
from stack.catalogue import Grant, Topic
from stack.kafka import ADMIN
from stack.places import Places, StackError

ANSWER_MAX_S = 30.0
"""A broker that has just started answers within this, or something is wrong."""

SEEN_MAX_S = 30.0
"""New rights and topics are seen by the broker's other side within half a second."""

ITERATIONS = 4096
"""Passwords of 192 random bits need no slower sum."""


def connect(places: Places, *, port: int) -> AdminClient:
    """Open a client as the super user, and wait for the broker's answer."""
    conf: dict[str, str | int | float | bool] = {
        "bootstrap.servers": f"127.0.0.1:{port}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": ADMIN,
        "sasl.password": credentials.password(places, "kafka", ADMIN),
    }
    quiet = logging.getLogger("stack.kafka")
    quiet.setLevel(logging.CRITICAL)
    client = AdminClient(conf, logger=quiet)
    deadline = time.monotonic() + ANSWER_MAX_S
    while True:
        try:
            client.list_topics(timeout=5)
            return client
        except KafkaException as trouble:
            if time.monotonic() > deadline:
                raise StackError(f"the broker does not answer: {trouble}") from trouble
            time.sleep(0.1)


def settle(
    places: Places,
    *,
    port: int,
    users: Iterable[str],
    topics: Iterable[Topic],
    grants: frozenset[Grant],
) -> None:
    """Make the broker what the world and the catalogue say."""
    client = connect(places, port=port)
    try:
        _settle_users(client, places, users)
        _settle_topics(client, {topic.name: topic for topic in topics})
        _settle_grants(client, grants)
    except KafkaException as refused:
        raise StackError(f"the broker refused: {refused}") from refused


def _settle_users(client: AdminClient, places: Places, users: Iterable[str]) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    words = {user: credentials.password(places, "kafka", user).encode() for user in users}
    upserts: list[Any] = [
        UserScramCredentialUpsertion(user, info, word) for user, word in words.items()
    ]
    _wait(client.alter_user_scram_credentials(upserts))


def _settle_topics(client: AdminClient, wanted: dict[str, Topic]) -> None:
    there = client.list_topics(timeout=ANSWER_MAX_S).topics
    fresh = [
        NewTopic(topic.name, topic.partitions, 1, config=dict(topic.config))
        for topic in wanted.values()
        if topic.name not in there
    ]
    grown: list[NewPartitions] = []
    for name in wanted.keys() & there.keys():
        count = len(there[name].partitions)
        if count > wanted[name].partitions:
            raise StackError(f"{name} has {count} partitions, not {wanted[name].partitions}")
        if count < wanted[name].partitions:
            grown.append(NewPartitions(name, wanted[name].partitions))
    if fresh:
        _wait(client.create_topics(fresh))
    if grown:
        _wait(client.create_partitions(grown))
    _settle_configs(client, [wanted[name] for name in sorted(wanted.keys() & there.keys())])
    _until(lambda: wanted.keys() <= client.list_topics(timeout=5).topics.keys(), "topics")


def _settle_configs(client: AdminClient, topics: list[Topic]) -> None:
    if not topics:
        return
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic.name) for topic in topics]
    answers = client.describe_configs(asked)
    found: dict[str, Any] = {asked.name: future.result() for asked, future in answers.items()}
    changes: list[ConfigResource] = []
    for topic in topics:
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in topic.config.items()
            if found[topic.name][key].value != value
        ]
        if entries:
            changes.append(
                ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=entries)
            )
    if changes:
        _wait(client.incremental_alter_configs(changes))


def _settle_grants(client: AdminClient, wanted: frozenset[Grant]) -> None:
    there = _grants(client)
    if fresh := wanted - there:
        _wait(client.create_acls([_binding(grant) for grant in sorted(fresh)]))
    if stale := there - wanted:
        _wait(client.delete_acls([_filter(grant) for grant in sorted(stale)]))
    if fresh or stale:
        # The answer comes before the broker obeys: clients would be refused for half a second.
        _until(lambda: _grants(client) == wanted, "rights")


def _grants(client: AdminClient) -> frozenset[Grant]:
    anything: tuple[Any, ...] = (
        *(ResourceType.ANY, None, ResourcePatternType.ANY, None, None),
        *(AclOperation.ANY, AclPermissionType.ANY),
    )
    everything = AclBindingFilter(*anything)
    return frozenset(
        (
            acl.principal.removeprefix("User:"),
            "CLUSTER" if acl.restype == ResourceType.BROKER else acl.restype.name,
            acl.name,
            acl.resource_pattern_type.name,
            acl.operation.name,
        )
        for acl in client.describe_acls(everything).result(timeout=ANSWER_MAX_S)
    )


def _parts(grant: Grant) -> tuple[Any, ...]:
    user, kind, name, pattern, operation = grant
    return (
        ResourceType.BROKER if kind == "CLUSTER" else ResourceType[kind],
        name,
        ResourcePatternType[pattern],
        f"User:{user}",
        "*",
        AclOperation[operation],
        AclPermissionType.ALLOW,
    )


def _binding(grant: Grant) -> AclBinding:
    return AclBinding(*_parts(grant))


def _filter(grant: Grant) -> AclBindingFilter:
    return AclBindingFilter(*_parts(grant))


def _wait(futures: dict[Any, Any]) -> None:
    for future in futures.values():
        future.result(timeout=ANSWER_MAX_S)


def _until(seen: Any, what: str) -> None:
    deadline = time.monotonic() + SEEN_MAX_S
    while not seen():
        if time.monotonic() > deadline:
            raise StackError(f"the broker does not show its new {what}")
        time.sleep(0.02)
