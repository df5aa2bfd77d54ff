"""Talks to `quic_echo` with the library `aioquic`: python3 quic_echo.py PORT CERTIFICATE"""

import asyncio
import os
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import DatagramFrameReceived


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.datagrams = asyncio.Queue()

    def quic_event_received(self, event):
        if isinstance(event, DatagramFrameReceived):
            self.datagrams.put_nowait(event.data)
        super().quic_event_received(event)


def open_to(port, certificate, alpn):
    configuration = QuicConfiguration(
        is_client=True, alpn_protocols=[alpn], server_name="localhost", max_datagram_frame_size=65536
    )
    configuration.load_verify_locations(certificate)
    return connect("127.0.0.1", port, configuration=configuration, create_protocol=Client)


async def stream(client, data):
    reader, writer = await client.create_stream()
    writer.write(data)
    writer.write_eof()
    assert await reader.read() == data, len(data)


async def echoes(port, certificate):
    async with open_to(port, certificate, "echo") as client:
        for size in [0, 1, 1000, 65536, 1 << 20]:
            await stream(client, os.urandom(size))
        # More than a peer may have open at once.
        await asyncio.gather(*[stream(client, b"%d" % n * 1000) for n in range(150)])
        for size in [0, 1, 1000, 1100]:
            datagram = os.urandom(size)
            client._quic.send_datagram_frame(datagram)
            client.transmit()
            assert await client.datagrams.get() == datagram, size
        client.change_connection_id()
        await client.ping()
        client.request_key_update()
        await client.ping()
        await stream(client, b"after all that")


async def refuses(port, certificate):
    try:
        async with open_to(port, certificate, "other") as _:
            raise AssertionError("nobody speaks that")
    except ConnectionError:
        pass


async def main():
    port, certificate = int(sys.argv[1]), sys.argv[2]
    await echoes(port, certificate)
    await refuses(port, certificate)


asyncio.run(main())
