"""Connecting to addresses that were judged."""

import asyncio
import socket
from collections.abc import Sequence

import aiohappyeyeballs


async def dial(addresses: Sequence[str], port: int) -> socket.socket:
    """Connect to the first address that answers (RFC 8305); to these addresses and no others."""
    loop = asyncio.get_running_loop()
    if len(addresses) == 1:
        return await _dial_one(loop, addresses[0], port)
    infos = [(_family(address), socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)) for address in addresses]
    return await aiohappyeyeballs.start_connection(infos, happy_eyeballs_delay=0.25, interleave=1, loop=loop)


async def _dial_one(loop: asyncio.AbstractEventLoop, address: str, port: int) -> socket.socket:
    made = socket.socket(_family(address), socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0))
    try:
        made.setblocking(False)
        await loop.sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
