"""Runs the suite's cases against one program: suite.py server|client [options] -- COMMAND...

A server must print `listening on ADDRESS` as a line of its own, and end well when it is asked to.
A client is started once for each case with the URL as its last argument, and must send back what
comes.
"""

import argparse
import asyncio
import fnmatch
import pathlib
import signal
import subprocess
import sys
import time

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver
from kosoku._report import write_reports

from table import Table, is_good

# So many connections at once: a case that waits for a deadline holds up no other.
PARALLEL = 4
# The sections that compress. The suite gives each case 20 s, and all share the processor of one
# loop: so these run one after the other.
ALONE = ("12.", "13.")
# How long one run of a client may take, in seconds: more than the suite gives a case.
CLIENT_WITHIN = 60
USAGE = 2
LISTENING = "listening on "


def main():
    parser = argparse.ArgumentParser(prog="suite.py")
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("--report", required=True, type=pathlib.Path)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--exclude", action="append", default=[])
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    wanted = selected(given.include, given.exclude)
    if not wanted:
        print("autobahn: no case has such a name", file=sys.stderr)
        return USAGE
    started = time.monotonic()
    run = {"server": run_server, "client": run_client}[given.role]
    results, ended_well = run(given.command, wanted)
    if not results:
        print("autobahn: nothing was run", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    write_reports(results, str(given.report))
    Table(wanted, results).print()
    passed = sum(is_good(result) for result in results)
    print(f"{passed} of {len(wanted)} cases in {seconds:.0f} s: {given.report}/index.html")
    return 0 if passed == len(wanted) and ended_well else 1


def selected(include, exclude):
    from kosoku.cases import CASES

    def among(case, globs):
        return any(fnmatch.fnmatchcase(case, glob) for glob in globs)

    chosen = [case for case in CASES if among(case, include or ["*"]) and not among(case, exclude)]
    for case in chosen:
        if case.startswith(ALONE):
            CASES[case] = hears_bytes(CASES[case])
    return chosen


def hears_bytes(case):
    """The sections that compress were written for Python 2 and hash what comes back: a message that
    was not compressed, which RFC 7692 allows for, reaches them as a `str`."""

    def on_message(self, message, binary, heard=case.onMessage):
        if isinstance(message, str):
            message = message.encode("latin-1" if binary else "utf-8")
        heard(self, message, binary)

    case.onMessage = on_message
    return case


def run_server(command, wanted):
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = None
        for line in server.stdout:
            if line.startswith(LISTENING):
                address = line.removeprefix(LISTENING).strip()
                break
        if address is None:
            return [], False
        try:
            results = asyncio.run(ask(f"ws://{address}", wanted))
        finally:
            server.send_signal(signal.SIGTERM)
            last_words = server.stdout.read()
        code = server.wait()
        if code != 0:
            print(f"the server ended with {code}:\n{last_words}", file=sys.stderr)
        return results, code == 0


async def ask(url, wanted):
    results = []
    for count, cases in [
        (PARALLEL, [case for case in wanted if not case.startswith(ALONE)]),
        (1, [case for case in wanted if case.startswith(ALONE)]),
    ]:
        if cases:
            results += await verdicts(run_fuzzingclient(url, cases, concurrency=count))
    return results


async def verdicts(run):
    """The results, whether or not the suite is content with them: `is_good` is stricter."""
    try:
        return await run
    except FailureError as failure:
        return failure.results


def run_client(command, wanted):
    return asyncio.run(drive(command, wanted)), True


async def drive(command, wanted):
    async with run_fuzzingserver(wanted, host="127.0.0.1", port=0) as server:
        url = f"ws://{server.address}:{server.port}"

        complaints = []

        async def visit(path, slots):
            async with slots:
                if not complaints:
                    complaints.extend(await client([*command, url + path]))

        slots, one = asyncio.Semaphore(PARALLEL), asyncio.Semaphore(1)
        visits = [
            visit(f"/runCase?case={number}&agent=readily", one if case.startswith(ALONE) else slots)
            for number, case in enumerate(wanted, start=1)
        ]
        await asyncio.gather(*visits)
        await visit("/updateReports?agent=readily", one)
        if complaints:
            print(complaints[0], file=sys.stderr)
            return []
        return await verdicts(asyncio.wait_for(server.get_result(), CLIENT_WITHIN))


async def client(command):
    """Runs it once, and gives what it says of bad arguments. That it fails otherwise is no news:
    many cases make it fail, and the verdict is the suite's."""
    pipes = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command, **pipes)
    try:
        _, told = await asyncio.wait_for(process.communicate(), CLIENT_WITHIN)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        return []
    return [told.decode(errors="replace").strip()] if process.returncode == USAGE else []


if __name__ == "__main__":
    sys.exit(main())
