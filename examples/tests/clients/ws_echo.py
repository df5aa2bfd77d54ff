"""Talks to `ws_echo` with the library `websockets`: python3 ws_echo.py URL"""

import asyncio
import os
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

MESSAGE_MAX = 1 << 20


async def echoes(url):
    async with connect(url, max_size=None) as socket:
        sizes = [0, 1, 125, 126, 65535, 65536, MESSAGE_MAX]
        for message in [os.urandom(size) for size in sizes] + ["x" * size for size in sizes]:
            await socket.send(message)
            assert await socket.recv() == message, len(message)

        async def fragments():
            for part in ["a", "", "ü€😀"]:
                yield part

        await socket.send(fragments())
        assert await socket.recv() == "aü€😀"
        await (await socket.ping(b"are you there?"))
        many = [str(number) for number in range(1000)]
        for message in many:
            await socket.send(message)
        assert [await socket.recv() for _ in many] == many
    assert socket.close_code == 1000, socket.close_code


async def refuses(url):
    async with connect(url, max_size=None) as socket:
        await socket.send(b"x" * (MESSAGE_MAX + 1))
        try:
            await socket.recv()
            raise AssertionError("it is too large")
        except ConnectionClosedError as closed:
            assert closed.rcvd.code == 1009, closed


asyncio.run(echoes(sys.argv[1]))
asyncio.run(refuses(sys.argv[1]))
