#!/usr/bin/env python3
"""Runs a Python script with the packages of the requirements.txt beside it, or of another file, in a virtual environment that is made if need be.

    in_venv.py --venv build/release/http-venv [--requirements OTHER.txt] SCRIPT [ARGUMENT...]

Exit status: that of the script; 77 where the packages cannot be had (no venv module, no package index), which ctest takes for skipped.
"""
import argparse
import fcntl
import hashlib
import pathlib
import subprocess
import sys

SKIPPED = 77


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(SKIPPED)


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def make(venv, requirements):
    """Returns its interpreter; makes it anew where the requirements are others."""
    python = venv / "bin" / "python"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    mark = venv / "made-of"
    if mark.exists() and mark.read_text() == wanted:
        return python
    made = run(sys.executable, "-m", "venv", "--clear", str(venv))
    if made.returncode != 0:
        skip("no virtual environment can be made: is python3-venv installed?\n" + made.stdout[-1000:])
    made = run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "-r", str(requirements))
    if made.returncode != 0:
        skip(f"the packages of {requirements} cannot be had from the package index:\n" + made.stdout[-1000:])
    mark.write_text(wanted)
    return python


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--venv", required=True, type=pathlib.Path)
    parser.add_argument("--requirements", type=pathlib.Path, default=None)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    options.venv.mkdir(parents=True, exist_ok=True)
    # Tests run side by side.
    with open(str(options.venv) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        beside = pathlib.Path(options.command[0]).with_name("requirements.txt")
        python = make(options.venv, options.requirements or beside)
    sys.exit(subprocess.run([str(python), *options.command]).returncode)


if __name__ == "__main__":
    main()
