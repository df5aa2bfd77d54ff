"""Talks to `http_echo` with Python's own client, on one connection: python3 http_echo.py ADDRESS"""

import http.client
import os
import sys

http_echo = http.client.HTTPConnection(sys.argv[1], timeout=60)


def asks(method, body=None, **more):
    http_echo.request(method, "/a?b", body=body, **more)
    answer = http_echo.getresponse()
    assert answer.status == 200, answer.status
    return answer, answer.read()


socket = None
# It sends all before it reads: no more than what may be on its way.
for size in [1, 1000, 65536, 1 << 17]:
    body = os.urandom(size)
    answer, back = asks("POST", body)
    assert back == body and answer.getheader("content-length") == str(size)
    socket = socket or http_echo.sock
    assert http_echo.sock is socket, "the connection is kept"
pieces = [os.urandom(size) for size in [1, 100, 70000, 3]]
answer, back = asks("PUT", iter(pieces), encode_chunked=True)
assert back == b"".join(pieces) and answer.getheader("transfer-encoding") == "chunked"
for number in range(100):
    answer, back = asks("GET", headers={"x-number": str(number)})
    assert back.decode().endswith(f"x-number: {number}\n"), back
answer, back = asks("HEAD")
assert back == b"" and int(answer.getheader("content-length")) > 0
assert http_echo.sock is socket, "the connection is kept"
