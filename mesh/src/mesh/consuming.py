"""The consumer's thread: it alone touches the consumer."""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
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

DEAF_PINGS = 5
"""So often in a row without an answer, and the consumer is made anew: its lanes are lost by then.
A broker that starts may tell of topics and name no brokers; a client that hears it may have nobody
left to ask, for good (librdkafka #5301, there in 2.16). Where the broker is away, a new one is
no worse than the old."""

HOLES = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
REFUSALS = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART)


@dataclass(slots=True)
class Fetching:
    """What is fetched of a partition, and how far it was handed over."""

    taking: int
    next_offset: int
    held: bool = False


class ConsumerThread(threading.Thread):
    """Fetches what was assigned, marks it with its taking, hands it over."""

    def __init__(
        self, conf: Mapping[str, Any], *, wake: Callable[[], None], ping_s: float = PING_S
    ) -> None:
        """Fetch with `conf`; call `wake` when something was handed over."""
        super().__init__(name="consumer", daemon=True)
        self._conf = dict(conf)
        self._wake = wake
        self._commands: queue.SimpleQueue[Callable[[Consumer], None]] = queue.SimpleQueue()
        self._places: dict[tuple[str, int], Fetching] = {}
        self._ping_s = ping_s
        self._pinged = 0.0
        self._unanswered = 0
        self._ending = False
        self.records: deque[Record] = deque()
        self.troubles: deque[InputTrouble] = deque()
        self.answered_at = time.monotonic()

    def run(self) -> None:
        """Poll until stopped."""
        consumer = self._make()
        try:
            while not self._ending:
                self._obey(consumer)
                self._ping(consumer)
                if self._unanswered >= DEAF_PINGS:
                    consumer = self._make_anew(consumer)
                if not self._places:
                    time.sleep(0.01)  # nothing assigned: a poll would not wait
                    continue
                self._fetch(consumer)
        finally:
            consumer.close()

    def _make(self) -> Consumer:
        return Consumer(self._conf, logger=log)

    def _make_anew(self, deaf: Consumer) -> Consumer:
        """Put another in the place of one that does not hear; it goes on where that one stopped."""
        # Not waited for: who knows what a consumer in this state waits for itself.
        threading.Thread(target=deaf.close, name="deaf consumer", daemon=True).start()
        consumer = self._make()
        consumer.incremental_assign(
            [TopicPartition(*place, each.next_offset) for place, each in self._places.items()]
        )
        held = [TopicPartition(*place) for place, each in self._places.items() if each.held]
        if held:
            consumer.pause(held)
        self._unanswered = 0
        return consumer

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
        if now - self._pinged < self._ping_s:
            return
        self._pinged = now
        try:
            if self._places:
                place = TopicPartition(*next(iter(self._places)))
                consumer.get_watermark_offsets(place, timeout=self._ping_s)
            else:
                consumer.list_topics(topic="__none__", timeout=self._ping_s)
        except KafkaException as error:
            if error.args[0].code() not in REFUSALS:
                self._unanswered += 1
                if self._unanswered == DEAF_PINGS:
                    log.warning("the consumer is made anew", extra={"why": str(error)})
                return
        self._unanswered = 0
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
        fetching = self._places.get(place)
        taking = fetching.taking if fetching else 0
        error = message.error()
        if error is None:
            record = to_record(message, taking=taking)
            if fetching:
                fetching.next_offset = record.offset + 1
            self.records.append(record)
        elif message.topic() is not None and (error.code() in HOLES or error.code() in REFUSALS):
            hole = error.code() in HOLES
            self.troubles.append(InputTrouble(*place, taking, error.str(), hole))
        else:
            log.info("consumer", extra={"why": error.str()})

    def assign(self, topic: str, partition: int, *, offset: int, taking: int) -> None:
        """Fetch from this offset on, under this taking."""

        def command(consumer: Consumer) -> None:
            place = (topic, partition)
            if place in self._places:
                consumer.incremental_unassign([TopicPartition(topic, partition)])
            self._places[place] = Fetching(taking, offset)
            consumer.incremental_assign([TopicPartition(topic, partition, offset)])

        self._commands.put(command)

    def unassign(self, topic: str, partition: int) -> None:
        """Fetch no more."""

        def command(consumer: Consumer) -> None:
            if self._places.pop((topic, partition), None) is not None:
                consumer.incremental_unassign([TopicPartition(topic, partition)])

        self._commands.put(command)

    def hold(self, topic: str, partition: int, *, held: bool) -> None:
        """Pause or resume."""

        def command(consumer: Consumer) -> None:
            if fetching := self._places.get((topic, partition)):
                fetching.held = held
                places = [TopicPartition(topic, partition)]
                consumer.pause(places) if held else consumer.resume(places)

        self._commands.put(command)

    def ends(self, consumer: Consumer) -> dict[tuple[str, int], int]:
        """Read the cached ends; runs in this thread."""
        found: dict[tuple[str, int], int] = {}
        for topic, partition in self._places:
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
