#!/usr/bin/env python3
"""The block of README.md's "Five minutes", run as it stands, line for line: each command succeeds, the number that it takes from the set
is listed, and after the override it is not. A program of the same name in between gives the server free ports; there are fewer reports.

    readme_test.py --programs build/release/bin
"""
import argparse
import atexit
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Stands where the block looks for `ringfence`.
BETWEEN = """#!/bin/sh
case $1 in
  serve) exec {program} "$@" --grpc 127.0.0.1:0 --http 127.0.0.1:0 >{folder}/served 2>{folder}/server.log ;;
  sample) exec {program} "$@" ;;
esac
for i in $(seq 300); do
  server=$(sed -n 's/^serving gRPC on \\([^,]*\\),.*/\\1/p' {folder}/served 2>/dev/null)
  [ -n "$server" ] && exec {program} "$@" --server "$server"
  sleep 0.1
done
exit 1
"""


def end(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    program = parser.parse_args().programs.resolve() / "ringfence"
    text = (ROOT / "README.md").read_text()
    block = re.search(r"^## Five minutes\n.*?^```\n(.*?)^```$", text, re.M | re.S).group(1)
    assert "--reports 20000" in block, block
    with tempfile.TemporaryDirectory() as folder:
        between = pathlib.Path(folder) / "build/release/bin/ringfence"
        between.parent.mkdir(parents=True)
        between.write_text(BETWEEN.format(program=program, folder=folder))
        between.chmod(0o755)
        block = block.replace("--reports 20000", "--reports 4000") + "kill $!; wait $!\n"
        process = subprocess.Popen(["bash", "-eu", "-c", block], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        # Where it fails or hangs, the server is still there.
        atexit.register(end, process.pid)
        said = process.communicate(timeout=250)[0]
        assert process.returncode == 0, f"exit {process.returncode}\n{said}"
        assert (pathlib.Path(folder) / "referral.zip").stat().st_size > 0
        phone = re.search(r"^allow phone (\+\d+)$", said, re.M)
        assert phone, said
        answers = [line for line in said.splitlines() if phone.group(1) in line]
        assert any("BLOCK" in line for line in answers), answers
        assert "BLOCK" not in answers[-1] and "not listed" in answers[-1], answers[-1]
    print(f"README's five minutes: {len(block.splitlines()) - 1} lines run, {phone.group(1)} listed and gone")


if __name__ == "__main__":
    sys.exit(main())
