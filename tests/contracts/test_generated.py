"""What is committed is what the .avsc files say, and is released once."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from contracts import dialect
from contracts.catalogue import RECORDS, topics

SCHEMAS = Path(__file__).parents[2] / "schemas"


def test_the_committed_records_are_those_that_would_be_generated(generate: ModuleType) -> None:
    files = generate.render(dialect.read(SCHEMAS))

    assert generate.differing(files, SCHEMAS / "src" / "contracts" / "records") == []


def test_a_changed_a_missing_and_a_left_over_file_are_noticed(
    generate: ModuleType, tmp_path: Path
) -> None:
    generate.write({"a.py": "1", "b.py": "2"}, tmp_path)

    assert generate.differing({"a.py": "1", "b.py": "2"}, tmp_path) == []
    assert generate.differing({"a.py": "3", "c.py": "4"}, tmp_path) == ["a.py", "b.py", "c.py"]


def test_every_record_is_said_on_a_topic() -> None:
    assert RECORDS.keys() == {name for topic in topics() for name in topic.records}


def test_a_release_keeps_every_record_and_is_never_overwritten(
    generate: ModuleType, tmp_path: Path
) -> None:
    types = dialect.read(SCHEMAS)

    kept = generate.release(types, tmp_path)

    assert {path.stem for path in kept.glob("*.avsc")} == RECORDS.keys()
    for path in kept.glob("*.avsc"):
        assert json.loads(path.read_text()) == json.loads(RECORDS[path.stem].SCHEMA)
    with pytest.raises(dialect.DialectError, match="is released already"):
        generate.release(types, tmp_path)
