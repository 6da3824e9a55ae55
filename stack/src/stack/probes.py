"""Questions in each program's own language: is anybody there, and well?"""

import asyncio
import base64
import json
import struct
from typing import Any

HOST = "127.0.0.1"


async def kafka_answers(port: int) -> bool:
    """Ask the broker which requests it knows: the one question that needs no password."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        request = struct.pack(">hhih", 18, 0, 1, -1)  # ApiVersions v0, correlation 1, no client id
        writer.write(struct.pack(">i", len(request)) + request)
        size, correlation, error = struct.unpack(">iih", await reader.readexactly(10))
        return size > 6 and correlation == 1 and error == 0
    finally:
        writer.close()


async def smtp_answers(port: int) -> bool:
    """Wait for the mail server's greeting."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        return (await reader.readline()).startswith(b"220")
    finally:
        writer.close()


async def http_ok(port: int, path: str) -> bool:
    """Ask for a page and expect 200."""
    status, _ = await http(port, path)
    return status == 200


async def http(
    port: int, path: str, *, put: dict[str, Any] | None = None, login: tuple[str, str] | None = None
) -> tuple[int, bytes]:
    """Do one small HTTP request: status and body."""
    body = b"" if put is None else json.dumps(put).encode()
    lines = [f"{'GET' if put is None else 'PUT'} {path} HTTP/1.0", f"Host: {HOST}:{port}"]
    if login is not None:
        word = base64.b64encode(":".join(login).encode()).decode()
        lines.append(f"Authorization: Basic {word}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        status_line = await reader.readline()
        head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
        words = status_line.split()
        return (int(words[1]) if len(words) > 1 else 0), rest if head else b""
    finally:
        writer.close()
