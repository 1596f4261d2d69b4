# SPDX-License-Identifier: Apache-2.0
"""Runs the `consilium` program that the environment variable CONSILIUM names."""
import atexit
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("CONSILIUM", str(ROOT / "build/dev/bin/consilium"))
TIMEOUT_S = 120


class Result:
    """What a command left behind."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)


# Below the ports that the kernel gives to outgoing connections.
PORTS = range(10_000, 32_000)
PORTS_PER_BLOCK = 16


def free_ports(count):
    """The first of `count` neighbouring ports that are free, kept from other tests by a locked
    file for as long as this process lives."""
    assert count <= PORTS_PER_BLOCK
    blocks = len(PORTS) // PORTS_PER_BLOCK
    for step in range(blocks):
        first = PORTS[(os.getpid() + step) % blocks * PORTS_PER_BLOCK]
        path = pathlib.Path(tempfile.gettempdir()) / f"consilium-e2e-ports-{first}"
        try:
            lock = path.open("w")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # another test's
        if all(is_free(port) for port in range(first, first + count)):
            atexit.register(lock.close)
            return first
    raise RuntimeError("no free ports")


def is_free(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Case(unittest.TestCase):
    """A test with a folder of its own, in which the commands run."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="consilium-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_command(self, *arguments, stdin="", env=None, timeout=TIMEOUT_S):
        environment = {k: v for k, v in os.environ.items() if k != "CONSILIUM_HOME"}
        environment.update(env or {})
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True,
            cwd=self.folder, env=environment, timeout=timeout, check=False)
        return Result(done)

    def ok(self, *arguments, **more):
        """A command that must succeed."""
        result = self.run_command(*arguments, **more)
        self.assertEqual(result.code, 0, f"{arguments}: {result.err}{result.out}")
        return result

    def refused(self, code, *arguments, **more):
        """A command that must fail with that exit code, and say why."""
        result = self.run_command(*arguments, **more)
        self.assertEqual(result.code, code, f"{arguments}: {result.err}{result.out}")
        self.assertTrue(result.err.startswith("consilium: ") or result.out, arguments)
        return result

    def make_network(self, name="net", *more):
        self.ok("init", name, "--port", free_ports(8), *more)
        return self.folder / name

    def start_node(self, network):
        """A node process, once it listens. Ended by its own process id."""
        with (network / "log.json").open("ab") as log:
            process = subprocess.Popen(
                [PROGRAM, "node", "--config", str(network / "consilium.toml"), "--json"],
                stdout=subprocess.PIPE, stderr=log, cwd=self.folder)
        self.addCleanup(self.end, process)
        ready, _, _ = select.select([process.stdout], [], [], TIMEOUT_S)
        self.assertTrue(ready, "the node does not start")
        line = process.stdout.readline()
        self.assertTrue(line, f"the node ended: {(network / 'log.json').read_text()}")
        process.listening = {n["member"]: n["url"] for n in json.loads(line)["nodes"]}
        return process

    def end(self, process, how=signal.SIGKILL):
        """Sends a signal and waits; the exit code."""
        if process.poll() is None:
            process.send_signal(how)
        code = process.wait(timeout=TIMEOUT_S)
        process.stdout.close()
        return code

    def wait_for(self, what, condition):
        until = time.monotonic() + TIMEOUT_S
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.05)
