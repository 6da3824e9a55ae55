"""Records by the schema ids that they carry, as any Confluent client reads them."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import fastavro
import httpx

from writeoff.exits import Exit, Trouble
from writeoff.stackenv import StackEnv

HEADER_BYTES = 5
"""A zero and the schema's id."""


class Decoder:
    """Asks the registry for each schema once."""

    def __init__(self, env: StackEnv) -> None:
        """Read with the registry of a stack."""
        conf = env.registry_conf()
        user, _, password = conf["basic.auth.user.info"].partition(":")
        self._client = httpx.Client(
            base_url=conf["url"], auth=(user, password), timeout=10.0, trust_env=False
        )
        self._schemas: dict[int, Any] = {}

    def decode(self, value: bytes) -> tuple[str, Mapping[str, Any]]:
        """Return the record's name and body. Raises ValueError for what is no record."""
        schema = self._writer(value)
        body: Any = fastavro.schemaless_reader(BytesIO(value[HEADER_BYTES:]), schema, None)
        return _short(schema), body

    def name(self, value: bytes) -> str:
        """Return the record's name alone. Raises ValueError for what is no record."""
        return _short(self._writer(value))

    def _writer(self, value: bytes) -> Any:
        if len(value) < HEADER_BYTES or value[0] != 0:
            raise ValueError("not in Confluent's wire format")
        return self._schema(int.from_bytes(value[1:HEADER_BYTES]))

    def _schema(self, schema_id: int) -> Any:
        if schema_id not in self._schemas:
            try:
                response = self._client.get(f"/schemas/ids/{schema_id}")
            except httpx.TransportError as error:
                raise Trouble(
                    f"the schema registry does not answer: {error}",
                    next_step="`make up` starts what is not running",
                    exit_code=Exit.UNREACHABLE,
                ) from None
            if not response.is_success:
                raise ValueError(f"the registry knows no schema {schema_id}")
            schema = json.loads(response.json()["schema"])
            self._schemas[schema_id] = fastavro.parse_schema(schema)
        return self._schemas[schema_id]


def _short(schema: Any) -> str:
    """Give a record's name without its namespace."""
    return str(schema["name"]).rpartition(".")[2]
