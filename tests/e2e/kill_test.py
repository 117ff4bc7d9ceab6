#!/usr/bin/env python3
"""Kills a server under load, again and again, with SIGKILL, and starts it anew.

What must hold in the end: everything that was answered as accepted is there, the published set equals that of a server that was
left in peace, and a subscriber that only ever followed, with its cursor, holds that set too, without having been given
the whole of it a second time.

    kill_test.py --program build/release/bin/ringfence [--kills 5] [--reports 4000] [--seed 1]
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# What remembers the past: a run that was disturbed may have another one.
PAST = ("indicatorId", "revision", "listedAt", "actionSince", "campaignId")


class Server:
    def __init__(self, program, data, address="127.0.0.1:0"):
        self.program, self.data, self.address = program, data, address
        self.process = None

    def start(self):
        for _ in range(100):
            self.process = subprocess.Popen(
                [self.program, "serve", "--data", self.data, "--grpc", self.address, "--http", "127.0.0.1:0"],
                stdout=subprocess.PIPE, stderr=open(self.data + ".log", "a"), text=True)
            served = re.search(r"gRPC on ([^,]+),", self.process.stdout.readline())
            if served:
                self.address = served.group(1)
                return
            self.process.wait()
            time.sleep(0.1)     # the port may still be held by what was killed
        sys.exit("the server does not start: see " + self.data + ".log")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            sys.exit("the server did not end well: see " + self.data + ".log")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def ingest(program, server, folder, sample):
    """Starts one ingest a partner; they wait for a server that is away."""
    return [subprocess.Popen([program, "ingest", "--server", server.address, "--partner", file.stem, "--retry-for", "300",
                              "--state", f"{folder}/{file.stem}.position", "--rejects", f"{folder}/{file.stem}.rejects", str(file)],
                             stdout=subprocess.DEVNULL)
            for file in sample]


def apply_events(lines, held):
    """Follows a subscriber's events; returns how often it was given the whole set."""
    snapshots = 0
    for line in lines:
        if not line.endswith("\n"):
            break               # cut off
        event = json.loads(line)
        if "snapshotBegin" in event:
            snapshots += 1
            held.clear()
        for indicator in [event["upsert"]] if "upsert" in event else []:
            held[indicator["type"], indicator["value"]] = {k: v for k, v in indicator.items() if k not in PAST}
        for removal in [event["removal"]] if "removal" in event else []:
            if removal["reason"] != "replaced":
                held.pop((removal["type"], removal["value"]), None)
    return snapshots


def whole_set(program, server):
    held = {}
    apply_events(run(program, "subscribe", "--server", server.address, "--min-action", "monitor", "--json", "--once")
                 .splitlines(keepends=True), held)
    return held


def differences(expected, actual):
    keys = sorted(k for k in expected.keys() | actual.keys() if expected.get(k) != actual.get(k))
    return [f"{k}: {expected.get(k)}\n    not {actual.get(k)}" for k in keys]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--reports", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    rng = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="ringfence-kill-")
    run(program, "sample", "--reports", str(options.reports), "--seed", str(options.seed), "--out", folder + "/sample")
    sample = sorted(p for p in pathlib.Path(folder, "sample").glob("*.jsonl") if p.stem != "truth")

    peaceful = Server(program, folder + "/peaceful")
    peaceful.start()
    os.mkdir(folder + "/a")
    for process in ingest(program, peaceful, folder + "/a", sample):
        assert process.wait(300) == 0

    disturbed = Server(program, folder + "/disturbed")
    shutil.copytree(folder + "/peaceful/keys", folder + "/disturbed/keys")
    disturbed.start()
    os.mkdir(folder + "/b")
    events = open(folder + "/events", "w")
    subscriber = subprocess.Popen([program, "subscribe", "--server", disturbed.address, "--min-action", "monitor", "--json",
                                   "--cursor-file", folder + "/cursor"], stdout=events, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    loads, rounds = ingest(program, disturbed, folder + "/b", sample), 1
    for kill in range(options.kills):
        time.sleep(rng.uniform(0.02, 0.6))
        disturbed.kill()
        disturbed.start()
        if all(load.poll() is not None for load in loads):
            # Everything again: repeated reports are work, and change nothing.
            loads, rounds = ingest(program, disturbed, folder + "/b", sample), rounds + 1
    for load in loads:
        assert load.wait(300) == 0
    for server in (peaceful, disturbed):
        run(program, "status", "--server", server.address, "--wait-quiet", "120")
    expected, actual = whole_set(program, peaceful), whole_set(program, disturbed)
    bad = differences(expected, actual)
    held, deadline = {}, time.time() + 60
    while True:
        held.clear()
        with open(folder + "/events") as lines:
            snapshots = apply_events(lines, held)
        if held == actual or time.time() > deadline:
            break
        time.sleep(0.5)
    subscriber.terminate()
    subscriber.wait(30)
    bad += ["subscriber: " + line for line in differences(actual, held)]
    if snapshots != 1:
        bad.append(f"the subscriber was given the whole set {snapshots} times")
    peaceful.stop()
    disturbed.stop()
    print(f"{options.kills} kills under load of {rounds} rounds of {options.reports} reports: "
          f"{len(expected)} indicators, {len(bad)} differences")
    if bad:
        sys.exit("\n".join(bad[:20]) + f"\nsee {folder}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
