"""Sees cases close, beside the mesh: when the broker took each `CaseClosed`, and in which lane."""

import threading
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

import stack

from ..journeys.waiting import eventually  # noqa: TID252 - tests are no package

TOPIC = "writeoff.case.v1"
CLOSED = b"writeoff.case.CaseClosed"
ANSWER_S = 30.0

SILENT_S = 10.0
"""Nothing heard for so long, and a new consumer goes on where the old one stopped: one may have
lost the broker for good when it started (librdkafka #5301)."""


@dataclass(frozen=True, slots=True)
class Closing:
    """One `CaseClosed` as it lies on the topic."""

    loan_id: str
    event_id: str
    lane: int
    at: float
    """When the broker took it, in seconds since 1970."""


class Closings:
    """How the cases of some loans close. Reads in a thread of its own, as the operator."""

    def __init__(self, env: stack.Env, loans: Collection[str]) -> None:
        """Begin at the topic's end of now."""
        self._wanted = frozenset(loans)
        conf: dict[str, Any] = {"group.id": "operator", "enable.auto.commit": False, "log_level": 0}
        self._conf = env.kafka_conf("operator") | conf
        self._consumer = Consumer(self._conf)
        self.lanes = env.lanes
        self._next = {lane: self._end(lane) for lane in range(env.lanes)}
        self._heard_at = time.monotonic()
        self._assign()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read, name="closings", daemon=True)
        self.seen: list[Closing] = []

    def _end(self, lane: int) -> int:
        place = TopicPartition(TOPIC, lane)
        return self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)[1]

    def _assign(self) -> None:
        self._consumer.assign([TopicPartition(TOPIC, *place) for place in self._next.items()])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join(ANSWER_S)
        self._consumer.close()

    def _read(self) -> None:
        while not self._ending.is_set():
            try:
                messages = self._consumer.consume(500, timeout=0.1)
            except KafkaException:
                continue  # a broker that is away is what we are here for
            for message in messages:
                if message.error() is None:
                    self._look(message)
            if time.monotonic() - self._heard_at > SILENT_S:
                self._connect_anew()

    def _connect_anew(self) -> None:
        self._consumer.close()
        self._consumer = Consumer(self._conf)
        self._assign()
        self._heard_at = time.monotonic()

    def _look(self, message: Message) -> None:
        self._next[int(message.partition() or 0)] = int(message.offset() or 0) + 1
        self._heard_at = time.monotonic()
        headers: dict[str, bytes] = dict(message.headers() or ())  # pyright: ignore
        loan_id = (message.key() or b"").decode()
        if headers["ce_type"] == CLOSED and loan_id in self._wanted:
            lane, at = int(message.partition() or 0), message.timestamp()[1] / 1000
            self.seen.append(Closing(loan_id, headers["ce_id"].decode(), lane, at))

    def until(self, count: int, *, seconds: float) -> None:
        """Wait until the cases of so many loans are closed."""
        eventually(lambda: len({each.loan_id for each in self.seen}) >= count, seconds=seconds)

    def closed_again(self) -> dict[str, int]:
        """Name the loans whose cases closed by more than one event."""
        events = Counter(loan for loan, _ in {(each.loan_id, each.event_id) for each in self.seen})
        return {loan: count for loan, count in events.items() if count > 1}
