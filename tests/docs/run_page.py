#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the ```sh blocks of one page, in order, in one shell and one empty folder.

    run_page.py CONSILIUM_BINARY PAGE

`consilium` is that binary. The first command that fails fails the page. What a block leaves running
in the background (`consilium node ... &`) is stopped at the end. A block that is only to be read
is fenced as ```text instead.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def script_of(page):
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S)
    return "set -euo pipefail\n" + "\n".join(blocks)


def main():
    binary, page = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    folder = tempfile.mkdtemp(prefix="consilium-docs-")
    environment = dict(os.environ, PATH=f"{binary.parent}:{os.environ['PATH']}", HOME=folder,
                       CONSILIUM_SOURCE=str(ROOT))
    shell = subprocess.Popen(["bash", "-xc", script_of(page)], cwd=folder, env=environment,
                             stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        code = shell.wait(timeout=280)
    except subprocess.TimeoutExpired:
        code = 124
    finally:
        try:
            os.killpg(shell.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        shell.wait()
        shutil.rmtree(folder, ignore_errors=True)
    if code:
        print(f"{page.name}: a command failed with exit code {code}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
