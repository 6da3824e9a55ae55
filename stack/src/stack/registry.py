"""Apicurio Registry: speaks the Confluent protocol, keeps its schemas and ids in PostgreSQL."""

from pathlib import Path

from stack import credentials, java, probes
from stack.keeper import Program, environment
from stack.places import Places, StackError

API = "/apis/ccompat/v7"
USERS = {"sr": "sr-admin", "reader": "sr-readonly"}
"""`sr` registers at deploy; services read as `reader`."""


def program(places: Places, home: Path, *, ports: dict[str, int]) -> Program:
    """Describe the server. Laid out flat, which starts faster than its own class loader."""
    quarkus = [home / "quarkus" / f"{name}-bytecode.jar" for name in ("transformed", "generated")]
    folders = (home / "app", home / "lib" / "boot", home / "lib" / "main")
    jars = [*quarkus, *(jar for folder in folders for jar in sorted(folder.glob("*.jar")))]

    async def ready() -> bool:
        return await probes.http_ok(ports["registry-management"], "/health/ready")

    return Program(
        name="registry",
        command=java.command(
            "registry",
            heap_mib=(96, 320),
            temporary=places.registry / "tmp",
            jars=jars,
            arguments=(
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "io.quarkus.runner.GeneratedMain",
            ),
        ),
        environment=_environment(places, ports),
        port=ports["registry"],
        ready=ready,
        grace_s=java.grace_s(15.0),
    )


async def settle(places: Places, *, port: int) -> None:
    """Refuse schemas that any earlier reader or writer could not live with."""
    login = ("sr", credentials.password(places, "registry", "sr"))
    level = {"compatibility": "FULL_TRANSITIVE"}
    status, body = await probes.http(port, f"{API}/config", put=level, login=login)
    if status != 200:
        raise StackError(f"the registry refused its level: {status} {body.decode()[:500]}")


def _environment(places: Places, ports: dict[str, int]) -> dict[str, str]:
    users: dict[str, str] = {}
    for user, role in USERS.items():
        prefix = "QUARKUS_SECURITY_USERS_EMBEDDED"
        users[f"{prefix}_USERS_{user.upper()}"] = credentials.password(places, "registry", user)
        users[f"{prefix}_ROLES_{user.upper()}"] = role
    return environment(
        QUARKUS_HTTP_HOST=probes.HOST,
        QUARKUS_HTTP_PORT=str(ports["registry"]),
        QUARKUS_MANAGEMENT_HOST=probes.HOST,  # unset, it listens to the whole network
        QUARKUS_MANAGEMENT_PORT=str(ports["registry-management"]),
        QUARKUS_HTTP_ACCESS_LOG_ENABLED="false",
        QUARKUS_HTTP_AUTH_BASIC="true",
        QUARKUS_SECURITY_USERS_EMBEDDED_ENABLED="true",
        QUARKUS_SECURITY_USERS_EMBEDDED_PLAIN_TEXT="true",
        APICURIO_AUTHN_ENABLED="true",
        APICURIO_AUTH_ROLE_BASED_AUTHORIZATION="true",
        APICURIO_STORAGE_KIND="sql",
        APICURIO_STORAGE_SQL_KIND="postgresql",
        APICURIO_DATASOURCE_URL=f"jdbc:postgresql://{probes.HOST}:{ports['postgres']}/registry",
        APICURIO_DATASOURCE_USERNAME="registry",
        APICURIO_DATASOURCE_PASSWORD=credentials.password(places, "postgres", "registry"),
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE="2",
        APICURIO_DATASOURCE_JDBC_MIN_SIZE="2",
        APICURIO_DATASOURCE_JDBC_MAX_SIZE="10",
        APICURIO_REST_ARTIFACT_DELETION_ENABLED="true",
        **users,
    )
