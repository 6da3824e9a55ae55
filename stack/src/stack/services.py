"""The mesh's own processes: what is run, and the little that each is told."""

import importlib
import importlib.util
import sys
from pathlib import Path

from stack import credentials, probes
from stack.env import Env
from stack.keeper import Program, environment
from stack.places import Places

MAIL_FROM = "write-offs@bank.example"


def is_built(module: str, *, file: str) -> bool:
    """Say whether a package has the file that is to be run. Imports nothing."""
    importlib.invalidate_caches()
    found = importlib.util.find_spec(module)
    folders = found.submodule_search_locations if found else None
    return any((Path(folder) / file).is_file() for folder in folders or ())


def register(places: Places) -> Program:
    """Register the contracts' schemas, as the one user who may."""
    env = Env.load(places.root)
    return Program(
        name="register",
        command=_python("contracts.register"),
        environment=environment(**_registry(env, "sr"), WORLD_FILE=env.world_file),
    )


def migrate(places: Places, name: str) -> Program:
    """Bring a service's database up to its build, as its owner."""
    env = Env.load(places.root)
    return Program(
        name=f"{name}-migrate",
        command=_python(name, "migrate"),
        environment=environment(OWNER_DATABASE_URL=env.owner_dsn(name), MESH_LANES=str(env.lanes)),
    )


def program(places: Places, name: str, number: int, *, port: int, smtp_port: int) -> Program:
    """Describe one process of a service."""
    env = Env.load(places.root)
    more: dict[str, str] = {}
    if name == "notifications":
        more = {
            "SMTP_HOST": probes.HOST,
            "SMTP_PORT": str(smtp_port),
            "PRINT_DIR": env.print_dir,
            "MAIL_FROM": MAIL_FROM,
        }
    if name == "ledger":
        more = {
            "LEDGER_AUDIT_KEY_FILE": str(credentials.audit_key_file(places)),
            "LEDGER_AUDIT_HEADS_FILE": str(places.audit / f"{name}-{number}.jsonl"),
        }
        if places.core.is_file():
            more["LEDGER_CORE_FILE"] = str(places.core)
    kafka = env.kafka_conf(name)
    bootstrap, dsn = kafka["bootstrap.servers"], env.dsn(name)
    if links := env.links.get(f"{name}-{number}"):
        bootstrap = f"{probes.HOST}:{links['kafka'][0]}"
        dsn = env.dsn(name, port=links["postgres"][0])

    async def ready() -> bool:
        return await probes.http_ok(port, "/ready")

    return Program(
        name=f"{name}-{number}",
        command=_python(name),
        environment=environment(
            INSTANCE=f"{name}-{number}",
            MESH_LANES=str(env.lanes),
            KAFKA_BOOTSTRAP=bootstrap,
            KAFKA_USER=kafka["sasl.username"],
            KAFKA_PASSWORD=kafka["sasl.password"],
            **_registry(env, "reader"),
            DATABASE_URL=dsn,
            HTTP_HOST=probes.HOST,
            HTTP_PORT=str(port),
            PEOPLE_FILE=env.people_file,
            WORLD_FILE=env.world_file,
            **more,
        ),
        port=port,
        ready=ready,
    )


def _registry(env: Env, user: str) -> dict[str, str]:
    login = env.registry_conf(user)["basic.auth.user.info"]
    password = login.partition(":")[2]
    return {
        "REGISTRY_URL": env.registry_url,
        "REGISTRY_USER": user,
        "REGISTRY_PASSWORD": password,
    }


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    """Run a module of this environment; the stack's folder is no place to import from."""
    return (sys.executable, "-P", "-m", module, *arguments)
