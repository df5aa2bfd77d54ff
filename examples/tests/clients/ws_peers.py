"""The other side of a WebSocket, with the library `websockets`.

python3 ws_peers.py URL [FEATURE...]     talks to `ws_echo`
python3 ws_peers.py serve [FEATURE...]   says where it listens, and talks to the first that comes

The features are what the other side was started with: `deflate`, `protocol=NAME`. At its end it
prints how many connections there were and how many messages came back. Whom it trusts besides for
`wss` is in the file that SSL_CERT_FILE names.
"""

import asyncio
import os
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

URL = sys.argv[1]
DEFLATE = "deflate" in sys.argv[2:]
PROTOCOL = next((word.split("=")[1] for word in sys.argv[2:] if word.startswith("protocol=")), None)
MESSAGE_MAX = 1 << 20
SIZES = [0, 1, 125, 126, 65_535, 65_536, MESSAGE_MAX]
# What is offered of permessage-deflate, each on a connection of its own.
OFFERS = [
    {},
    {"server_no_context_takeover": True},
    {"client_no_context_takeover": True},
    {"server_no_context_takeover": True, "client_no_context_takeover": True},
    {"server_max_window_bits": 9},
    {"client_max_window_bits": True},
    {"client_max_window_bits": 9, "server_max_window_bits": 15},
]
SECURED = {}
if URL.startswith("wss:"):
    SECURED["ssl"] = ssl.create_default_context()
    # A certificate that nobody vouches for lacks what a chain has to have.
    SECURED["ssl"].verify_flags &= ~ssl.VERIFY_X509_STRICT
counts = {"connections": 0, "messages": 0}


def opened(**options):
    counts["connections"] += 1
    return connect(URL, max_size=None, **{"compression": None, **SECURED, **options})


async def returns(socket, message, whole=None):
    """Sends a message, or its parts, and waits until it comes back."""
    whole = message if whole is None else whole
    await socket.send(message)
    assert await socket.recv() == whole, f"{len(whole)} of {type(whole)} came back as another"
    counts["messages"] += 1


async def messages(socket):
    for size in SIZES:
        # Deflated, noise is longer than it was, and a frame has a limit as well.
        noise = os.urandom(size - (size >> 7 if socket.protocol.extensions else 0))
        for message in [noise, "x" * size, "ü€😀"[: size % 4] * (size // 12)]:
            await returns(socket, message)
    await returns(socket, iter(["a", "", "ü€", "😀"]), "aü€😀")
    parts = [os.urandom(size) for size in (1, 0, 70_000, 5)]
    await returns(socket, iter(parts), b"".join(parts))

    async def with_a_ping_between():
        yield "before "
        await (await socket.ping(b"are you there?"))
        yield "after"

    await returns(socket, with_a_ping_between(), "before after")
    many = [str(number) for number in range(1000)]
    for message in many:
        await socket.send(message)
    assert [await socket.recv() for _ in many] == many
    counts["messages"] += len(many)


async def plain():
    async with opened() as socket:
        await messages(socket)
        assert socket.protocol.extensions == [], socket.protocol.extensions
    assert socket.close_code == 1000, socket.close_code


async def offers():
    """Each is agreed to where the server compresses, and to none where it does not."""
    for offer in OFFERS:
        async with opened(extensions=[ClientPerMessageDeflateFactory(**offer)]) as socket:
            assert len(socket.protocol.extensions) == DEFLATE, (offer, socket.protocol.extensions)
            await messages(socket)


async def protocols():
    for offered, agreed in [([], None), (["other"], None), (["other", PROTOCOL or "x"], PROTOCOL)]:
        async with opened(subprotocols=offered or None) as socket:
            assert socket.subprotocol == agreed, (offered, socket.subprotocol)
            await returns(socket, "hello")


async def closes():
    for code, reason in [(1000, ""), (1001, "away"), (3000, "ü€😀"), (4999, "x" * 123)]:
        async with opened() as socket:
            await socket.close(code, reason)
            assert socket.protocol.close_rcvd.code == code, (code, socket.protocol.close_rcvd)
    async with opened() as socket:
        await socket.send(b"x" * (MESSAGE_MAX + 1))
        try:
            await socket.recv()
            raise AssertionError("it is too large")
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 1009, closed


async def served():
    """Messages go out, come back from a client, and it answers our close."""
    done = asyncio.get_running_loop().create_future()

    async def talk(socket):
        try:
            counts["connections"] += 1
            assert len(socket.protocol.extensions) == DEFLATE, socket.protocol.extensions
            await messages(socket)
            await socket.close(1000, "that is all")
            assert socket.protocol.close_rcvd.code == 1000, socket.protocol.close_rcvd
            done.set_result(None)
        except BaseException as error:
            done.set_exception(error)

    async with serve(talk, "127.0.0.1", 0, max_size=None) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await done


async def main():
    for part in [served] if URL == "serve" else [plain, offers, protocols, closes]:
        await part()


asyncio.run(asyncio.wait_for(main(), 300))
print(counts["connections"], counts["messages"])
