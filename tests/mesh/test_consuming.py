"""A consumer that has lost its brokers is made anew, and goes on where the old one stopped."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from mesh.consuming import ConsumerThread

from mesh import consuming

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .starting_broker import StartingBroker

ANEW = "the consumer is made anew"

NO_ANSWER_S = 0.0001
"""No broker answers so fast: every ping fails, and a consumer lives for some of them."""

PART = 500

PING_S = 0.1
WAIT_S = 60.0
"""Some pings take a second; a machine where others build, many times that."""


def until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not seen():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def conf(broker: StartingBroker) -> dict[str, str | int]:
    return {"bootstrap.servers": broker.address, "group.id": "g", "log_level": 0}


def test_who_hears_of_no_brokers_may_hear_nothing_any_more() -> None:
    """Why a consumer is made anew at all: the day this fails, it need not be."""
    with StartingBroker() as broker:
        consumer = Consumer(conf(broker))

        def answers() -> bool:
            try:
                consumer.list_topics(topic="__none__", timeout=1)
            except KafkaException:
                return False
            return True

        until(answers)
        broker.starts = True
        until(lambda: not answers())
        broker.starts = False

        assert [answers() for _ in range(3)] == [False, False, False]
        consumer.close()


def test_a_consumer_that_lost_its_brokers_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    with StartingBroker() as broker, caplog.at_level(logging.WARNING, logger=consuming.__name__):
        thread = ConsumerThread(conf(broker), wake=lambda: None, ping_s=PING_S)
        thread.start()
        broker.starts = True
        until(lambda: ANEW in caplog.messages)

        broker.starts = False
        moment = time.monotonic()

        until(lambda: thread.answered_at > moment)
        thread.stop()


class Topic:
    """A topic of two partitions of the stack's broker."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"test.{uuid4().hex}"
        self._conf: dict[str, Any] = {**stack.env.kafka_conf("admin")}
        self._admin = AdminClient(self._conf)
        self._producer = Producer(self._conf)

    def make(self) -> None:
        self._admin.create_topics([NewTopic(self.name, 2, 1)])[self.name].result(WAIT_S)

    def remove(self) -> None:
        self._admin.delete_topics([self.name])[self.name].result(WAIT_S)

    def say(self, *partitions: int) -> None:
        for partition in partitions:
            self._producer.produce(self.name, "said", partition=partition)
        assert self._producer.flush(WAIT_S) == 0

    def reader(self) -> ConsumerThread:
        """A consumer that is made anew for ever."""
        reading = {"group.id": "g", "auto.offset.reset": "error", "enable.auto.commit": False}
        return ConsumerThread(self._conf | reading, wake=lambda: None, ping_s=NO_ANSWER_S)


@pytest.fixture
def topic(stack: Stack) -> Iterator[Topic]:
    topic = Topic(stack)
    topic.make()
    yield topic
    topic.remove()


@pytest.mark.stack
def test_however_often_it_is_made_anew_each_record_is_fetched_once_and_in_order(
    topic: Topic, caplog: pytest.LogCaptureFixture
) -> None:
    thread = topic.reader()
    thread.start()
    thread.assign(topic.name, 0, offset=0, taking=7)
    thread.assign(topic.name, 1, offset=PART, taking=8)

    with caplog.at_level(logging.WARNING, logger=consuming.__name__):
        for part in range(1, 6):
            topic.say(*[0, 1] * PART)
            until(lambda: len(thread.records) >= (2 * part - 1) * PART)  # noqa: B023 - now
    thread.stop()

    assert caplog.messages.count(ANEW) > 1
    told = [(each.partition, each.taking, each.offset) for each in thread.records]
    assert [each for each in told if each[0] == 0] == [(0, 7, n) for n in range(5 * PART)]
    assert [each for each in told if each[0] == 1] == [(1, 8, n) for n in range(PART, 5 * PART)]


@pytest.mark.stack
def test_what_was_held_is_held_by_the_new_one_too(
    topic: Topic, caplog: pytest.LogCaptureFixture
) -> None:
    thread = topic.reader()
    for partition in range(2):
        thread.assign(topic.name, partition, offset=0, taking=7)
    thread.hold(topic.name, 1, held=True)
    with caplog.at_level(logging.WARNING, logger=consuming.__name__):
        thread.start()
        until(lambda: ANEW in caplog.messages)
        topic.say(1, 0)
        until(lambda: len(thread.records) > 0 and caplog.messages.count(ANEW) > 3)
    assert [each.partition for each in thread.records] == [0]

    thread.hold(topic.name, 1, held=False)
    until(lambda: len(thread.records) == 2)
    thread.stop()
