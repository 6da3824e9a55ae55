"""The supervisor: what it keeps, what it restarts, what it leaves behind."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
from stack.processes import birth, end

from .conftest import Running

pytestmark = pytest.mark.stack

PARTS = ("mail", "postgres", "kafka", "registry")


def secrets(directory: Path) -> dict[str, str]:
    files = (path for path in (directory / "secrets").rglob("*") if path.is_file())
    return {str(path): path.read_text() for path in files}


def test_a_second_up_is_quick_and_changes_nothing(running: Running) -> None:
    env, words, before = running.env, secrets(running.directory), running.status()
    started = time.monotonic()

    running.up()

    assert time.monotonic() - started < 20
    assert running.env == env
    assert secrets(running.directory) == words
    pids = {row["name"]: row["pid"] for row in before["processes"]}
    assert {row["name"]: row["pid"] for row in running.status()["processes"]} == pids


def test_secrets_are_for_their_owner_alone(running: Running) -> None:
    private = [Path(path) for path in secrets(running.directory)]
    private += [running.directory / "env.json", running.directory / "kafka" / "server.properties"]

    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    assert (running.directory / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", PARTS)
def test_what_is_killed_is_started_again(running: Running, name: str) -> None:
    before = running.process(name)

    running.must("kill", name)

    running.until_ready(name, restarts=before["restarts"] + 1)
    after = running.process(name)
    assert after["pid"] != before["pid"]
    assert after["port"] == before["port"]


def test_what_is_stopped_stays_stopped_until_it_is_started(running: Running) -> None:
    running.must("stop", "mail")
    assert running.process("mail")["state"] == "stopped"

    running.must("start", "mail")
    running.until_ready("mail", restarts=0)


def test_what_is_frozen_goes_on_when_it_is_thawed(running: Running) -> None:
    pid = running.process("mail")["pid"]

    running.must("freeze", "mail")
    assert running.process("mail")["state"] == "frozen"

    running.must("thaw", "mail")
    running.until_ready("mail", restarts=0)
    assert running.process("mail")["pid"] == pid


def test_a_mail_that_is_sent_is_kept(running: Running) -> None:
    env = running.env
    with smtplib.SMTP(env.smtp_host, env.smtp_port, timeout=20) as smtp:
        smtp.sendmail("a@bank.example", ["b@bank.example"], "Subject: kept\r\n\r\nDear B\r\n")

    kept = [path.read_text() for path in (Path(env.mail_dir) / "new").iterdir()]
    assert any("Subject: kept" in text for text in kept)


def test_people_have_tokens_and_services_only_their_sums(running: Running) -> None:
    people = json.loads(Path(running.env.people_file).read_text())

    levels = sorted(row["level"] for row in people if row["roles"] == ["authorizer"])
    assert levels == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert running.env.token("ana") not in Path(running.env.people_file).read_text()


async def test_a_crash_of_the_supervisor_leaves_no_orphan_and_loses_nothing(
    running: Running,
) -> None:
    env = running.env
    owner = await asyncpg.connect(env.owner_dsn("case"))
    await owner.execute("CREATE TABLE public.kept AS SELECT 1 AS n")
    status = running.status()
    births = {row["pid"]: birth(row["pid"]) for row in status["processes"]}
    assert None not in births.values()

    end({status["supervisor"]["pid"]: 9})

    running.until(lambda: not any(birth(pid) == born for pid, born in births.items()), seconds=20)
    assert running.run("status").returncode == 1

    running.up()
    assert running.env == env
    owner = await asyncpg.connect(env.owner_dsn("case"))
    try:
        assert await owner.fetchval("SELECT n FROM public.kept") == 1
    finally:
        await owner.execute("DROP TABLE public.kept")
        await owner.close()


def test_down_twice_is_fine_and_up_again_is_the_same_stack(running: Running) -> None:
    env, pids = running.env, [row["pid"] for row in running.status()["processes"]]

    assert "stopped" in running.must("down")
    assert [birth(pid) for pid in pids] == [None] * len(pids)
    assert "nothing was running" in running.must("down")

    running.up()
    assert running.env == env


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = Running(tmp_path / "s")

        refused = other.run("up", "--only", "mail", "--smtp-port", str(port))

    assert refused.returncode == 1
    assert f"port {port} of smtp is taken" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr
    assert other.run("status").returncode == 1


def test_a_world_may_grow(running: Running, tmp_path: Path) -> None:
    grown = (running.directory / "world.toml").read_text().replace('"sba"', '"sba", "third"')
    wished = tmp_path / "world.toml"
    wished.write_text(grown.replace("lanes = 6", "lanes = 7"))

    refused = running.run("up", "--without-services", "--world", str(wished))
    assert refused.returncode == 1
    assert "lanes are 6 for the life of a stack" in " ".join(refused.stderr.split())

    wished.write_text(grown)
    running.up("--world", str(wished))
    assert running.env.tenants == ("demo", "sba", "third")
    assert "portal-third" in running.env.kafka_passwords


def test_ctrl_c_in_the_foreground_stops_everything(tmp_path: Path) -> None:
    other = Running(tmp_path / "s")
    command = [sys.executable, "-m", "stack", "up", "--foreground", "--only", "postgres,mail"]
    told = tmp_path / "told"
    with told.open("w") as file:
        up = subprocess.Popen([*command, "--dir", str(other.directory)], stdout=file, stderr=file)
    try:
        other.until(lambda: "for programs" in told.read_text(), seconds=60)
        births = {row["pid"]: birth(row["pid"]) for row in other.status()["processes"]}
        assert len(births) == 2
    finally:
        up.send_signal(signal.SIGINT)
        code = up.wait(60)

    assert code == 0
    assert not any(birth(pid) == born for pid, born in births.items())


def test_what_is_no_stack_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    refused = Running(tmp_path).run("wipe", "--yes")

    assert refused.returncode == 1
    assert (tmp_path / "thesis.txt").exists()


def test_status_is_for_people_and_for_programs(running: Running) -> None:
    rows = json.loads(running.must("status", "--json"))["processes"]

    assert {row["name"] for row in rows} == set(PARTS)
    assert all(name in running.must("status") for name in PARTS)
    assert json.loads(running.must("env", "--json"))["lanes"] == running.env.lanes
    assert running.env.kafka_bootstrap in running.must("env")


def test_down_of_a_supervisor_that_hangs_still_ends_everything(tmp_path: Path) -> None:
    other = Running(tmp_path / "s")
    other.must("up", "--only", "mail")
    mail, supervisor = other.process("mail")["pid"], other.status()["supervisor"]["pid"]

    os.kill(supervisor, signal.SIGSTOP)
    other.must("down")

    assert birth(mail) is None
    assert birth(supervisor) is None
