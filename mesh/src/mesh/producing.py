"""The producer and the thread that serves its callbacks."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from mesh.ports import Delivery, OutboxRow

log = logging.getLogger(__name__)

POLL_S = 0.1

FLUSH_S = 10.0
"""After a purge every callback comes at once."""

REFUSALS = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.MSG_SIZE_TOO_LARGE,
)
"""What trying again does not help against: the output's lane stops (lanes 14)."""


class ProducerThread(threading.Thread):
    """One idempotent producer at a time."""

    def __init__(self, conf: Mapping[str, Any], *, wake: Callable[[], None]) -> None:
        """Produce with `conf`; call `wake` when deliveries were handed over."""
        super().__init__(name="producer", daemon=True)
        self._conf = dict(conf)
        self._wake = wake
        self._ending = False
        self._producer = self._make()
        self._lock = threading.Lock()
        self.deliveries: deque[Delivery] = deque()

    def _make(self) -> Producer:
        return Producer(self._conf, logger=log)

    def run(self) -> None:
        """Serve callbacks until stopped."""
        while not self._ending:
            if self._producer.poll(POLL_S):
                self._wake()

    def stop(self) -> None:
        """End the thread; what is still on its way goes on by itself for a moment."""
        self._ending = True
        if self.is_alive():
            self.join(timeout=10)
        self._producer.flush(1)

    def produce(self, row: OutboxRow, mark: object) -> bool:
        """Hand a row to the producer; false when its queue is full."""

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                self.deliveries.append(Delivery(mark, None, timestamp_ms=message.timestamp()[1]))
            else:
                refused = error.code() in REFUSALS
                self.deliveries.append(Delivery(mark, error.str(), refused))

        try:
            self._producer.produce(
                row.topic,
                value=row.value,
                key=row.key,
                partition=row.lane,
                headers=list(row.headers),
                on_delivery=delivered,
            )
        except BufferError:
            return False
        except KafkaException as error:
            self.deliveries.append(Delivery(mark, str(error)))
            self._wake()
        return True

    def renew(self) -> None:
        """Throw away what is on its way, wait for its callbacks, start a new producer.

        Always a new one: after a fatal error the old one is of no use, and after a purge its
        sequence numbers have holes.
        """
        with self._lock:
            old, self._producer = self._producer, self._make()
        old.purge(in_queue=True, in_flight=True)
        old.flush(FLUSH_S)
