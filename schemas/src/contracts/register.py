"""Tell the registry what may be said on which topic. Run at deploy, never by a service.

python -m contracts.register                    REGISTRY_URL, REGISTRY_USER, REGISTRY_PASSWORD,
                                                WORLD_FILE; exit 0: all registered,
                                                1: incompatible, 2: no (working) registry
python -m contracts.register --check [FOLDER]   against the released schemas, without a registry
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import httpx2
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

from contracts.catalogue import RECORDS, CatalogueError, Topic, World, expand, subject
from contracts.compat import against

OK, INCOMPATIBLE, UNREACHABLE = 0, 1, 2
LEVEL = "FULL_TRANSITIVE"
REFUSED_STATUS = {409, 422}
RELEASED = Path(__file__).parents[2] / "released"

RETRIES = {"max.retries": 3, "retries.wait.ms": 250}
TIMEOUT_S = 10
"""A registry takes 40 ms for a schema; one that takes longer than this is not there."""


def subjects(topics: Iterable[Topic]) -> Iterator[tuple[str, str]]:
    """Return every subject with the schema that belongs under it."""
    for topic in topics:
        for name in topic.records:
            yield subject(topic.name, name), RECORDS[name].SCHEMA


def register(client: SchemaRegistryClient, topics: Iterable[Topic]) -> list[str]:
    """Register every record of these topics; return the refusals. May be said again."""
    client.set_compatibility(level=LEVEL)
    wanted = list(subjects(topics))
    refusals: list[str] = []
    for place, (name, schema) in enumerate(wanted, start=1):
        try:
            number = client.register_schema(name, Schema(schema, "AVRO"), normalize_schemas=True)
            print(f"{place:4}/{len(wanted)}  {name}  id {number}", flush=True)
        except SchemaRegistryError as error:
            if error.http_status_code not in REFUSED_STATUS:
                raise
            refusals.append(f"{name}: {error.error_message}")
    return refusals


def check(released: Path) -> int:
    """Compare today's schemas with every released version."""
    versions = sorted(path.name for path in released.glob("*/") if any(path.glob("*.avsc")))
    if not versions:
        print(f"{released}: nothing is released there", file=sys.stderr)
        return INCOMPATIBLE
    problems = against(released, {name: record.SCHEMA for name, record in RECORDS.items()})
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(RECORDS)} records against {', '.join(versions)}: {len(problems)} violations")
    return INCOMPATIBLE if problems else OK


def run(environ: Mapping[str, str]) -> int:
    """Register the world's schemas where the environment says."""
    wanted = ("REGISTRY_URL", "REGISTRY_USER", "REGISTRY_PASSWORD", "WORLD_FILE")
    if missing := [name for name in wanted if not environ.get(name)]:
        print(f"missing settings: {', '.join(missing)}", file=sys.stderr)
        return UNREACHABLE
    url = environ["REGISTRY_URL"]
    login = f"{environ['REGISTRY_USER']}:{environ['REGISTRY_PASSWORD']}"
    try:
        topics = expand(World.read(Path(environ["WORLD_FILE"])))
        settings = {"url": url, "basic.auth.user.info": login, "timeout": TIMEOUT_S}
        with SchemaRegistryClient(settings | RETRIES) as client:
            refusals = register(client, topics)
    except (httpx2.TransportError, SchemaRegistryError, CatalogueError, ValueError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return UNREACHABLE
    for refusal in refusals:
        print(f"refused: {refusal}", file=sys.stderr)
    return INCOMPATIBLE if refusals else OK


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Tell the registry what may be said.")
    parser.add_argument("--check", nargs="?", const=RELEASED, type=Path, metavar="FOLDER")
    options = parser.parse_args()
    return check(options.check) if options.check else run(os.environ)


if __name__ == "__main__":
    raise SystemExit(main())
