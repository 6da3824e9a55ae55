"""What the schema registry tells, kept in memory: ids are for ever."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Iterable

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from contracts import catalogue
from contracts.records import RECORDS

from mesh.limits import SCHEMA_LOOKUPS_A_MINUTE, SCHEMA_UNKNOWN_S
from mesh.ports import Unavailable
from mesh.topics import Topics

log = logging.getLogger(__name__)

NOT_FOUND = 404
MINUTE_S = 60.0

SILENT_S = 2.0
"""A registry that does not answer is left alone this long: known ids keep flowing meanwhile."""


class Registry:
    """Schemas by id, and ids by what this service says."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        """Ask the registry at `url`."""
        self._client = SchemaRegistryClient(
            {"url": url, "basic.auth.user.info": f"{user}:{password}", "timeout": 5}
        )
        self._writers: dict[int, tuple[str, str]] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._first_unknown: dict[int, float] = {}
        self._asked: dict[int, float] = {}
        self._lookups: deque[float] = deque()
        self._silent_until = 0.0

    def writer_of(self, schema_id: int) -> tuple[str, str] | None:
        """Give (full name, schema) of a known id."""
        return self._writers.get(schema_id)

    def id_of(self, topic: str, full_name: str) -> int:
        """Give the id under which a record is said on a topic."""
        return self._ids[topic, full_name]

    async def ready(self, topics: Topics) -> None:
        """Look up the ids of all that this service says. Raises Unavailable until all are there."""
        for name in sorted(topics.says):
            for full_name in topics.by_name[name].records:
                if (name, full_name) not in self._ids:
                    self._ids[name, full_name] = await self._id_of(name, full_name)

    async def _id_of(self, topic: str, full_name: str) -> int:
        for (_, known), schema_id in self._ids.items():
            if known == full_name:
                return schema_id  # one schema has one id, whatever its subject
        subject = catalogue.subject(topic, full_name)
        try:
            # By its text, not the latest: another build may have registered a newer one already.
            ours = RECORDS[full_name].SCHEMA
            schema = Schema(ours, "AVRO")
            found = await asyncio.to_thread(self._client.lookup_schema, subject, schema)
        except Exception as error:
            raise Unavailable(f"registry: {subject}: {error}") from error
        assert found.schema_id is not None, "a registered version has an id"
        self._writers[found.schema_id] = (full_name, ours)
        return found.schema_id

    async def learn(self, ids: Iterable[int]) -> None:
        """Ask for ids not known yet, each once a minute at most; not at all while it is silent."""
        now = asyncio.get_running_loop().time()
        if now < self._silent_until:
            self._first_unknown.update(dict.fromkeys(set(ids) - self._writers.keys(), now))
            return
        for schema_id in ids:
            if schema_id in self._writers:
                continue
            self._first_unknown.setdefault(schema_id, now)
            if now - self._asked.get(schema_id, -MINUTE_S) < MINUTE_S or not self._may_ask(now):
                continue
            self._asked[schema_id] = now
            try:
                await self._ask(schema_id)
            except Unavailable as error:
                log.warning("the registry does not answer", extra={"why": str(error)})
                self._silent_until = now + SILENT_S
                del self._asked[schema_id]
                self._first_unknown[schema_id] = now
                return

    def _may_ask(self, now: float) -> bool:
        while self._lookups and now - self._lookups[0] > MINUTE_S:
            self._lookups.popleft()
        if len(self._lookups) >= SCHEMA_LOOKUPS_A_MINUTE:
            return False
        self._lookups.append(now)
        return True

    async def _ask(self, schema_id: int) -> None:
        try:
            found = await asyncio.to_thread(self._client.get_schema, schema_id)
        except SchemaRegistryError as error:
            if error.http_status_code != NOT_FOUND:
                raise Unavailable(f"registry: {error}") from error
            log.warning("the registry does not know a schema", extra={"why": str(schema_id)})
            return
        except Exception as error:
            raise Unavailable(f"registry: {error}") from error
        self._writers[schema_id] = (_name_of(str(found.schema_str)), str(found.schema_str))
        self._first_unknown.pop(schema_id, None)

    def given_up(self, schema_id: int) -> bool:
        """Say whether the registry has not known the id for long enough."""
        first = self._first_unknown.get(schema_id)
        if first is None:
            return False
        gone = asyncio.get_running_loop().time() - first > SCHEMA_UNKNOWN_S
        if gone:
            self._first_unknown.pop(schema_id, None)
        return gone


def _name_of(schema: str) -> str:
    """Give a schema's full name; empty where it is no record's."""
    parsed = json.loads(schema)
    if not isinstance(parsed, dict) or "name" not in parsed:
        return ""
    name = str(parsed["name"])
    space = str(parsed.get("namespace", ""))
    return name if "." in name or not space else f"{space}.{name}"
