"""Does half a turn: holds a store's lanes and has the server send it much. To be frozen meanwhile.

greedy.py DSN     says its backend's process id once the lanes are held
"""

import asyncio
import sys

import asyncpg
from mesh.postgres import SESSION

MUCH = "SELECT repeat('x', 1000000) FROM generate_series(1, 100000)"
"""100 GB: no buffer takes it, and nobody reads it to its end."""


async def main(dsn: str) -> None:
    """Read until killed."""
    connection = await asyncpg.connect(dsn, server_settings=SESSION)
    async with connection.transaction():
        await connection.execute("SELECT FROM mesh.lane ORDER BY lane FOR NO KEY UPDATE")
        print(connection.get_server_pid(), flush=True)
        await connection.fetch(MUCH)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
