"""Reads a folder over HTTP with Python's own client, on one connection:
python3 static_files.py ADDRESS FOLDER"""

import http.client
import os
import sys

address, folder = sys.argv[1:]
files = http.client.HTTPConnection(address, timeout=60)


def get(path, **headers):
    files.request("GET", path, headers={name.replace("_", "-"): it for name, it in headers.items()})
    answer = files.getresponse()
    return answer.status, answer.read(), answer


def holds(path):
    with open(os.path.join(folder, path), "rb") as file:
        return file.read()


for path in ["index.html", "sub/index.html", "app.js", "empty", "large"]:
    status, body, answer = get("/" + path)
    socket = files.sock
    assert (status, body) == (200, holds(path)), path
    status, body, _ = get("/" + path, if_none_match=answer.getheader("etag"))
    assert (status, body) == (304, b""), path
    assert files.sock is socket, "the connection is kept"
status, body, answer = get("/large", range="bytes=1048576-1048579")
assert (status, body) == (206, holds("large")[1048576:1048580])
assert answer.getheader("content-range") == "bytes 1048576-1048579/3145728"
status, _, answer = get("/large", range="bytes=9999999-")
assert (status, answer.getheader("content-range")) == (416, "bytes */3145728")
status, _, answer = get("/sub?a")
assert (status, answer.getheader("location")) == (301, "/sub/?a")
assert get("/sub/../index.html")[0] == 400
