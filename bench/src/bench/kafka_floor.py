"""The floor of a hop: one record to the broker and back, with nothing around it."""

import time
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic  # pyright: ignore[reportPrivateImportUsage]
from stack.kafka import ADMIN

from bench.figures import percentile
from bench.own_stack import Failed, OwnStack
from stack import credentials, kafka_admin

TOPIC = "bench.roundtrip"

WARM, MEASURED = 200, 1_000
RECORD = bytes(400)
ANSWER_S = 10.0


def round_trip_ms(mesh: OwnStack) -> float:
    """Return the p50 from produce (acks=all) to consume of one record, one after the other."""
    _, _, port = mesh.env.kafka_bootstrap.rpartition(":")
    admin = kafka_admin.connect(mesh.places, port=int(port))
    for made in admin.create_topics([NewTopic(TOPIC, 1, 1)]).values():
        made.result(timeout=ANSWER_S)
    conf: dict[str, Any] = {
        "bootstrap.servers": mesh.env.kafka_bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": ADMIN,
        "sasl.password": credentials.password(mesh.places, "kafka", ADMIN),
    }
    producer = Producer({**conf, "acks": "all", "linger.ms": 0})
    consumer = Consumer({**conf, "group.id": "bench", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(TOPIC, 0, 0)])
        took = [_round_trip(producer, consumer) for _ in range(WARM + MEASURED)]
    finally:
        producer.flush(ANSWER_S)
        consumer.close()
    return percentile(took[WARM:], 50)


def _round_trip(producer: Producer, consumer: Consumer) -> float:
    start = time.perf_counter()
    producer.produce(TOPIC, value=RECORD)
    producer.poll(0)
    message = consumer.poll(ANSWER_S)
    if message is None or message.error() is not None:
        raise Failed("a record did not come back")
    return (time.perf_counter() - start) * 1000
