"""The consumer's thread: it alone touches the consumer."""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from mesh.ports import InputTrouble, Record

log = logging.getLogger(__name__)

POLL_S = 0.1
"""A command waits this long at most while nothing comes in; `_nudge` makes it shorter."""

BATCH_MAX = 500
"""Handed over at once: a turn's worth."""

PING_S = 3.0
"""How often the broker is asked whether it is there: three answers fit into a lease."""

HOLES = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
REFUSALS = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART)


class ConsumerThread(threading.Thread):
    """Fetches what was assigned, marks it with its taking, hands it over."""

    def __init__(self, conf: Mapping[str, Any], *, wake: Callable[[], None]) -> None:
        """Fetch with `conf`; call `wake` when something was handed over."""
        super().__init__(name="consumer", daemon=True)
        self._conf = dict(conf)
        self._wake = wake
        self._commands: queue.SimpleQueue[Callable[[Consumer], None]] = queue.SimpleQueue()
        self._takings: dict[tuple[str, int], int] = {}
        self._pinged = 0.0
        self._ending = False
        self.records: deque[Record] = deque()
        self.troubles: deque[InputTrouble] = deque()
        self.answered_at = time.monotonic()

    def run(self) -> None:
        """Poll until stopped."""
        consumer = Consumer(self._conf, logger=log)
        try:
            while not self._ending:
                self._obey(consumer)
                self._ping(consumer)
                if not self._takings:
                    time.sleep(0.01)  # nothing assigned: a poll would not wait
                    continue
                self._fetch(consumer)
        finally:
            consumer.close()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._ending = True
        if self.is_alive():
            self.join(timeout=10)

    def _obey(self, consumer: Consumer) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            try:
                command(consumer)
            except KafkaException as error:
                log.warning("a command to the consumer failed", extra={"why": str(error)})

    def _ping(self, consumer: Consumer) -> None:
        """See whether the broker answers: fetches that bring nothing do not show."""
        now = time.monotonic()
        if now - self._pinged < PING_S:
            return
        self._pinged = now
        try:
            if self._takings:
                topic, partition = next(iter(self._takings))
                consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PING_S)
            else:
                consumer.list_topics(topic="__none__", timeout=PING_S)
        except KafkaException as error:
            if error.args[0].code() not in REFUSALS:
                return
        self.answered_at = time.monotonic()

    def _fetch(self, consumer: Consumer) -> None:
        first = consumer.poll(POLL_S)
        if first is None:
            return
        self._hand_over(first)
        for message in consumer.consume(BATCH_MAX, timeout=0):
            self._hand_over(message)
        self._wake()

    def _hand_over(self, message: Message) -> None:
        place = (str(message.topic()), int(message.partition() or 0))
        taking = self._takings.get(place, 0)
        error = message.error()
        if error is None:
            self.records.append(to_record(message, taking=taking))
        elif message.topic() is not None and (error.code() in HOLES or error.code() in REFUSALS):
            hole = error.code() in HOLES
            self.troubles.append(InputTrouble(*place, taking, error.str(), hole))
        else:
            log.info("consumer", extra={"why": error.str()})

    def assign(self, topic: str, partition: int, *, offset: int, taking: int) -> None:
        """Fetch from this offset on, under this taking."""

        def command(consumer: Consumer) -> None:
            place = (topic, partition)
            if place in self._takings:
                consumer.incremental_unassign([TopicPartition(topic, partition)])
            self._takings[place] = taking
            consumer.incremental_assign([TopicPartition(topic, partition, offset)])

        self._commands.put(command)

    def unassign(self, topic: str, partition: int) -> None:
        """Fetch no more."""

        def command(consumer: Consumer) -> None:
            if self._takings.pop((topic, partition), None) is not None:
                consumer.incremental_unassign([TopicPartition(topic, partition)])

        self._commands.put(command)

    def hold(self, topic: str, partition: int, *, held: bool) -> None:
        """Pause or resume."""

        def command(consumer: Consumer) -> None:
            if (topic, partition) in self._takings:
                places = [TopicPartition(topic, partition)]
                consumer.pause(places) if held else consumer.resume(places)

        self._commands.put(command)

    def ends(self, consumer: Consumer) -> dict[tuple[str, int], int]:
        """Read the cached ends; runs in this thread."""
        found: dict[tuple[str, int], int] = {}
        for topic, partition in self._takings:
            marks: Any = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), cached=True
            )
            if marks and marks[1] >= 0:
                found[topic, partition] = marks[1]
        return found

    def advise(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Commit offsets, without waiting."""
        offsets = [TopicPartition(t, p, offset) for (t, p), offset in positions.items()]

        def command(consumer: Consumer) -> None:
            consumer.commit(offsets=offsets, asynchronous=True)

        if offsets:
            self._commands.put(command)

    async def ask[T](self, question: Callable[[Consumer], T]) -> T:
        """Run something with the consumer in its thread and give the answer."""
        answer: Future[T] = Future()

        def command(consumer: Consumer) -> None:
            try:
                answer.set_result(question(consumer))
            except KafkaException as error:
                answer.set_exception(error)

        self._commands.put(command)
        return await asyncio.wrap_future(answer)


def to_record(message: Message, *, taking: int) -> Record:
    """Take a record out of the library's message."""
    headers: Any = message.headers()
    return Record(
        topic=str(message.topic()),
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=dict(headers) if headers else {},
        timestamp_ms=int(message.timestamp()[1]),
        taking=taking,
    )


def _bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
