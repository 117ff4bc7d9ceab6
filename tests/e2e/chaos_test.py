#!/usr/bin/env python3
"""Service processes on two machines and three brokers, under steady load, while at random processes and brokers are killed and
paused for longer than their sessions last, machines leave and come back with empty disks, and networks are cut.

    chaos_test.py --programs build/release/bin [--seconds 60] [--reports 2400] [--seed 1]

In the end all reports were acknowledged, both replicas of publish hold the set that `ringfence replay` makes of them, with the same
digest, and so does a subscriber that went from replica to replica with its cursor.

Needs java and mvn (ops/dev/kafka). Where they are missing it is skipped (exit status 77).
"""
import argparse
import atexit
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import services
from network import FORWARDS, HOLDS, REFUSES, Network
from services import Service, expect, run

KAFKA = pathlib.Path(__file__).resolve().parents[2] / "ops/dev/kafka"
NODES = 3
MACHINES = ("a", "b")
STAGES = ("intake", "dedupe", "cluster", "publish")
SESSION_SECONDS = 6
CONFIG = """\
partitions: 4
log:
  kafka:
    servers: {servers}
    instance_id: {machine}
    replication: 3
    min_insync_replicas: 2
    session_timeout_milliseconds: 6000
    send_timeout_milliseconds: 4000
rocks:
  free_bytes_min: 1000000
snapshots:
  folder: {folder}/snapshots
  every_seconds: {snapshot_seconds}
  keep: 2
  free_bytes_min: 1000000
dedupe:
  state_folder: {folder}/{machine}/dedupe
cluster:
  state_folder: {folder}/{machine}/cluster
publish:
  state_folder: {folder}/{machine}/publish
gateway:
  report_partitions: 2
"""


class Instance:
    """A service process on a machine, and whoever starts it again when it ended: a process may give up what it cannot mend, but not
    crash."""

    def __init__(self, programs, stage, machine, config, folder):
        self.stage, self.machine, self.folder = stage, machine, folder
        self.service = Service(programs, stage, config, f"{folder}/{machine}-logs")
        self.wanted = True
        self.gave_up = 0
        self.lock = threading.Lock()

    def __str__(self):
        return f"{self.stage}-{self.machine}"

    def start(self):
        self.service.start()

    def look_after(self):
        with self.lock:
            status = self.service.process.poll()
            if self.wanted and status is not None:
                expect(status >= 0, f"{self} crashed: signal {-status}")
                self.gave_up += 1
                self.service.start()

    def signal(self, number):
        with self.lock:
            if self.service.process.poll() is None:
                self.service.process.send_signal(number)

    def end(self, politely):
        """Until `begin`."""
        with self.lock:
            self.wanted = False
            process = self.service.process
            if politely and process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:   # its brokers do not answer
                    pass
            if process.poll() is None:
                process.kill()
            process.wait()

    def begin(self, with_empty_disk=False):
        with self.lock:
            if with_empty_disk:
                shutil.rmtree(f"{self.folder}/{self.machine}/{self.stage}", ignore_errors=True)
            self.service.start()
            self.wanted = True


class Load:
    """Hands in each partner's reports piece by piece, through one gateway or the other, until each piece is acknowledged."""

    PIECE = 20

    def __init__(self, programs, gateways, folder, files, seconds):
        self.programs, self.gateways, self.folder = programs, gateways, folder
        pathlib.Path(folder, "pieces").mkdir()
        self.acknowledged = self.refused = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(file, seconds), daemon=True) for file in files]
        for thread in self.threads:
            thread.start()

    def run(self, file, seconds):
        lines = file.read_text().splitlines(keepends=True)
        pieces = [lines[i:i + self.PIECE] for i in range(0, len(lines), self.PIECE)]
        began = time.monotonic()
        for number, piece in enumerate(pieces):
            time.sleep(max(0.0, began + seconds * number / len(pieces) - time.monotonic()))
            path = pathlib.Path(self.folder, "pieces", f"{file.stem}-{number}.jsonl")
            path.write_text("".join(piece))
            for attempt in range(1_000):
                if self.hand_in(file.stem, path, self.gateways[(number + attempt) % len(self.gateways)]):
                    break
                time.sleep(0.3)
            path.unlink()
            with self.lock:
                self.acknowledged += len(piece)

    def hand_in(self, partner, path, gateway):
        done = subprocess.run([self.programs + "/ringfence", "ingest", "--server", gateway.service.grpc, "--partner", partner, "--no-state",
                               "--retry-for", "3", "--rejects", "/dev/null", str(path)], capture_output=True)
        if done.returncode != 0:
            with self.lock:
                self.refused += 1
        return done.returncode == 0

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            expect(not thread.is_alive(), "reports were not acknowledged in time")


class Subscriber:
    """Follows with its cursor, from one replica to the other; keeps what it was told."""

    def __init__(self, programs, replicas, folder):
        self.programs, self.replicas, self.folder = programs, replicas, folder
        self.held, self.snapshots, self.moves = {}, 0, 0
        self.process = None
        atexit.register(self.end)
        self.move()

    def move(self):
        self.end()
        replica = self.replicas[self.moves % len(self.replicas)]
        self.moves += 1
        self.process = subprocess.Popen([self.programs + "/ringfence", "subscribe", "--server", replica.service.grpc, "--min-action",
                                         "monitor", "--json", "--cursor-file", self.folder + "/cursor"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.reader = threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True)
        self.reader.start()

    def read(self, lines):
        held = self.held
        for line in lines:
            event = json.loads(line)
            # What is held stays until the whole of what replaces it is there: a stream may end in between.
            if "snapshotBegin" in event:
                held = {}
            if "upsert" in event:
                held[services.key(event["upsert"])] = services.comparable(event["upsert"])
            if "removal" in event and event["removal"]["reason"] != "replaced":
                held.pop(services.key(event["removal"]), None)
            if "snapshotEnd" in event:
                self.snapshots += 1
                self.held = held

    def end(self):
        if self.process is None:
            return
        self.process.terminate()
        self.process.wait(30)
        self.reader.join(30)


class Chaos:
    """One disturbance at a time, each undone before the next; every kind in turn, in an order of chance."""

    def __init__(self, rng, instances, network, broker_folder):
        self.rng, self.instances, self.network, self.broker_folder = rng, instances, network, broker_folder
        self.kinds = [self.kill, self.pause, self.leave, self.lose_disk, self.kill_broker, self.pause_broker, self.cut_machine,
                      self.cut_broker]
        self.left = []
        self.done = {}

    def disturb(self):
        if not self.left:
            self.left = self.rng.sample(self.kinds, len(self.kinds))
        kind = self.left.pop()
        what = kind()
        self.done[kind.__name__] = self.done.get(kind.__name__, 0) + 1
        print(f"  {kind.__name__}: {what}", flush=True)

    def any(self):
        return self.rng.choice(self.instances)

    def kill(self):
        """Several at once."""
        killed = self.rng.sample(self.instances, self.rng.randint(1, 3))
        for instance in killed:
            instance.end(politely=False)
        time.sleep(self.rng.uniform(0, 3))
        for instance in killed:
            instance.begin()
        return ", ".join(map(str, killed))

    def pause(self):
        """Longer than its session: it wakes as a second owner."""
        instance = self.any()
        instance.signal(signal.SIGSTOP)
        time.sleep(SESSION_SECONDS + self.rng.uniform(1, 3))
        instance.signal(signal.SIGCONT)
        return instance

    def leave(self):
        instance = self.any()
        instance.end(politely=True)
        time.sleep(SESSION_SECONDS + 1)
        instance.begin()
        return instance

    def lose_disk(self):
        instance = self.any()
        instance.end(politely=False)
        instance.begin(with_empty_disk=True)
        return instance

    def broker(self):
        node = self.rng.randint(1, NODES)
        return node, int(pathlib.Path(self.broker_folder, f"node{node}.pid").read_text())

    def kill_broker(self):
        node, pid = self.broker()
        os.kill(pid, signal.SIGKILL)
        time.sleep(self.rng.uniform(0, 3))
        # On a machine with much else to do it may not answer in time at first.
        for _ in range(2):
            if subprocess.run([KAFKA, "start", "--dir", self.broker_folder], capture_output=True).returncode == 0:
                return f"node {node}"
        run(KAFKA, "start", "--dir", self.broker_folder)
        return f"node {node}"

    def pause_broker(self):
        """Longer than the controller waits for it: others become leaders."""
        node, pid = self.broker()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.rng.uniform(6, 8))
        os.kill(pid, signal.SIGCONT)
        return f"node {node}"

    def cut_machine(self):
        machine = self.rng.choice(MACHINES)
        return self.cut(self.network.links[machine], f"machine {machine}", SESSION_SECONDS + self.rng.uniform(0, 3))

    def cut_broker(self):
        node = self.rng.randrange(NODES)
        return self.cut([links[node] for links in self.network.links.values()], f"node {node + 1}", self.rng.uniform(2, 5))

    def cut(self, links, what, seconds):
        mode = self.rng.choice((HOLDS, REFUSES))
        for link in links:
            link.set(mode)
        time.sleep(seconds)
        for link in links:
            link.set(FORWARDS)
        return f"{what} {mode}"


def told_digest(programs, replica):
    """What a replica says of its whole set: how many, and their sum."""
    lines = run(programs + "/ringfence", "subscribe", "--server", replica.service.grpc, "--min-action", "monitor", "--json",
                "--once").splitlines()
    return [json.loads(line)["snapshotEnd"]["digest"] for line in lines if "snapshotEnd" in json.loads(line)]


class Expected:
    """What `ringfence replay` makes of the sample at a time: what expired by then is in it no more."""

    CLOCK = "clock.example"

    def __init__(self, programs, sample, folder, naming_key):
        self.programs, self.sample, self.folder, self.naming_key = programs, pathlib.Path(sample), folder, naming_key
        self.replays = 0

    def now(self):
        self.replays += 1
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # Replay has its time from the records: one more brings it here.
        one = {"reportId": now, "occurredAt": now, "identifiers": [
            {"type": "IDENTIFIER_TYPE_DOMAIN", "value": self.CLOCK, "role": "IDENTIFIER_ROLE_WEB_HOST"}]}
        (self.sample / "clock.jsonl").write_text(json.dumps(one) + "\n")
        held = services.replayed_set(self.programs + "/ringfence", str(self.sample), f"{self.folder}/replayed-{self.replays}", self.naming_key)
        return {key: indicator for key, indicator in held.items() if key[1] != self.CLOCK}

    def expect(self, read_all):
        """Each of the sets that `read_all` gives by what they are holds what it should at a time while they were read: something may
        expire meanwhile."""
        before = self.now()
        sets = read_all()
        after = self.now()
        for what, there in sets.items():
            # A row is as before, else as after.
            services.expect_equal({key: before.get(key) if before.get(key) == there.get(key) else after.get(key)
                                   for key in before.keys() | after.keys()}, there, what)


def scenario(options, folder, broker_folder, everything):
    """`everything`: gets the instances, which the caller ends."""
    programs, rng = options.programs, random.Random(options.seed)
    keys = services.make_keys(folder + "/keys")
    run(programs + "/ringfence", "sample", "--reports", options.reports, "--seed", options.seed, "--out", folder + "/sample")
    proxies = json.loads(pathlib.Path(broker_folder, "proxies.json").read_text())
    network = Network({name: [(each["told"], each["listens"]) for each in each_node] for name, each_node in proxies.items()})
    # As many in a long run, of more state each, as in a short one.
    snapshot_seconds = max(3, options.seconds // 60)
    instances, gateways = [], []
    for machine in MACHINES:
        pathlib.Path(folder, machine + "-logs").mkdir()
        servers = ",".join(f"127.0.0.1:{each['told']}" for each in proxies[machine])
        config = pathlib.Path(folder, machine + ".yaml")
        config.write_text(CONFIG.format(folder=folder, servers=servers, machine=machine, snapshot_seconds=snapshot_seconds) + services.keys_section(keys))
        instances += [Instance(programs, stage, machine, config, folder) for stage in STAGES]
        gateways.append(Instance(programs, "gateway", machine, config, folder))
    everything += instances + gateways
    for instance in everything:
        instance.start()
    for instance in everything:
        instance.service.wait_ready(120)

    replicas = [instance for instance in instances if instance.stage == "publish"]
    subscriber = Subscriber(programs, replicas, folder)
    load = Load(programs, gateways, folder, services.partner_files(folder + "/sample"), options.seconds)
    expected = Expected(programs, folder + "/sample", folder, keys / "naming.key")
    chaos = Chaos(rng, everything, network, broker_folder)
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        chaos.disturb()
        for instance in everything:
            instance.look_after()
        subscriber.move()
        time.sleep(rng.uniform(0.5, 2))
    print(f"{sum(chaos.done.values())} disturbances, {load.acknowledged} reports acknowledged meanwhile", flush=True)

    deadline = time.monotonic() + 300
    while any(thread.is_alive() for thread in load.threads) and time.monotonic() < deadline:
        for instance in everything:
            instance.look_after()
        time.sleep(1)
    load.wait(1)
    for instance in everything:
        instance.look_after()
    # Who lost its disk last reads all that has come, which is the more the longer the run was.
    patience = 240 + options.seconds // 2
    for instance in instances:
        instance.service.wait_ready(patience)
    # Twice: what one stage still had to say is another's to hear.
    for _ in range(2):
        for instance in instances:
            instance.look_after()
            instance.service.wait_caught_up(patience)
    def read_all():
        subscriber.move()
        published = {f"published by {replica}": services.published_set(programs + "/ringfence", replica.service.grpc) for replica in replicas}
        # Something may expire between one's answer and the other's.
        for _ in range(5):
            first, second = (told_digest(programs, replica) for replica in replicas)
            if first == second:
                break
        expect(first and first == second, f"the replicas' digests: {first}, {second}")
        # It took up its cursor, and was told of the rest.
        time.sleep(10)
        subscriber.end()
        return published | {"held by the subscriber": subscriber.held}

    expected.expect(read_all)
    ended = ", ".join(f"{instance} {instance.gave_up}" for instance in everything if instance.gave_up)
    print(f"{', '.join(f'{kind} {n}' for kind, n in sorted(chaos.done.items()))}; ended by themselves: {ended or 'none'}; "
          f"{load.refused} of the submissions tried again; the subscriber moved {subscriber.moves} times, was given the whole set "
          f"{subscriber.snapshots} times; {len(subscriber.held)} indicators, 0 differences")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--reports", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not shutil.which("java") or not shutil.which("mvn"):
        print("skipped: java and mvn are wanted for brokers")
        return 77
    options.programs = str(pathlib.Path(options.programs).resolve())
    folder = tempfile.mkdtemp(prefix="ringfence-chaos-")
    broker_folder = folder + "/brokers"
    run(KAFKA, "start", "--nodes", NODES, "--dir", broker_folder, "--port", 0, "--behind-proxies", ",".join(MACHINES))
    everything = []
    try:
        scenario(options, folder, broker_folder, everything)
    finally:
        for instance in everything:
            if instance.service.process is not None:
                instance.signal(signal.SIGCONT)
                instance.end(politely=False)
        run(KAFKA, "stop", "--dir", broker_folder, "--remove")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
