#!/usr/bin/env python3
"""Times the five service processes on a real broker of this machine, and how long partitions of cluster are away.

    kafka_bench.py [--programs build/release/bin] [--reports 20000] [--partitions 1,4] [--seed 3]
        Reports of `ringfence sample`, submitted by one `ringfence ingest` a partner at once, until nothing but time passes. Prints for
        each number of partitions reports per second and CPU seconds, the broker's apart; then the same for `ringfence serve`.
    kafka_bench.py --takeover
        After that load, from `kill -9` of the one process of cluster until all its partitions are served and caught up: by the same
        process again with its disk, by another machine with a snapshot, and by another with neither.

Needs java and mvn (ops/dev/kafka).
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import serve_bench  # noqa: E402
import services  # noqa: E402
from services import Service, expect, run  # noqa: E402

KAFKA = pathlib.Path(__file__).resolve().parents[2] / "ops/dev/kafka"
STAGES = ("intake", "dedupe", "cluster", "publish", "gateway")
SESSION_SECONDS = 6
CONFIG = """\
partitions: {partitions}
log:
  kafka:
    servers: {servers}
    instance_id: {machine}
    replication: 1
    min_insync_replicas: 1
    session_timeout_milliseconds: {session}
    send_timeout_milliseconds: 4000
snapshots:
  folder: {folder}/snapshots
  every_seconds: 60
dedupe:
  state_folder: {folder}/{machine}/dedupe
cluster:
  state_folder: {folder}/{machine}/cluster
publish:
  state_folder: {folder}/{machine}/publish
gateway:
  report_partitions: {partitions}
"""


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Deployment:
    def __init__(self, options, partitions, folder):
        self.options, self.partitions, self.folder = options, partitions, folder
        self.servers = run(KAFKA, "start", "--dir", folder + "/broker", "--port", 0).strip()
        self.broker = int(pathlib.Path(folder, "broker/node1.pid").read_text())
        self.keys = services.make_keys(folder + "/keys")
        self.services = {stage: self.make(stage, "first").start() for stage in STAGES}
        for service in self.services.values():
            service.wait_ready(120)

    def make(self, stage, machine):
        logs = pathlib.Path(self.folder, machine + "-logs")
        logs.mkdir(exist_ok=True)
        config = pathlib.Path(self.folder, machine + ".yaml")
        config.write_text(CONFIG.format(partitions=self.partitions, servers=self.servers, folder=self.folder, machine=machine,
                                        session=SESSION_SECONDS * 1000) + services.keys_section(self.keys))
        return Service(self.options.programs, stage, config, logs)

    def load(self, files):
        """Seconds until nothing but time passes, and CPU seconds of the processes, the broker and the load."""
        broker, load = cpu_seconds(self.broker), serve_bench.children_cpu_seconds()
        start = time.monotonic()
        loads = [subprocess.Popen([self.options.programs + "/ringfence", "ingest", "--server", self.services["gateway"].grpc, "--partner",
                                   file.stem, "--no-state", "--rejects", "/dev/null", str(file)], stdout=subprocess.DEVNULL)
                 for file in files]
        for each in loads:
            expect(each.wait() == 0, "reports were not taken")
        load = serve_bench.children_cpu_seconds() - load
        took = 0.0
        for stage in ("intake", "dedupe", "cluster", "publish"):
            self.services[stage].wait_caught_up(3600)
        took = time.monotonic() - start - 1.2       # for which nothing came
        return took, {stage: cpu_seconds(service.process.pid) for stage, service in self.services.items()}, \
            cpu_seconds(self.broker) - broker, load

    def stop(self):
        for service in self.services.values():
            if service.process.poll() is None:
                service.process.terminate()
        for service in self.services.values():
            service.process.wait(60)
        run(KAFKA, "stop", "--dir", self.folder + "/broker", "--remove")


def throughput(options, partitions, files, folder):
    deployment = Deployment(options, partitions, folder)
    try:
        took, cpu, broker, load = deployment.load(files)
        each = ", ".join(f"{stage} {seconds * 1e6 / options.reports:.0f}" for stage, seconds in cpu.items())
        print(f"Kafka, {partitions} partitions: {options.reports / took:.0f} reports/s; CPU s per million: "
              f"{sum(cpu.values()) * 1e6 / options.reports:.0f} ({each}), broker {broker * 1e6 / options.reports:.0f}, "
              f"load {load * 1e6 / options.reports:.0f}", flush=True)
    finally:
        deployment.stop()


def until_served(service, partitions):
    service.wait("all partitions", lambda: len(service.metric("ringfence_stage_lag_records")) == partitions
                 and max(service.metric("ringfence_stage_lag_records").values()) < 10, 3600)


def takeover(options, partitions, files, folder):
    deployment = Deployment(options, partitions, folder)
    try:
        deployment.load(files)
        cluster = deployment.services["cluster"]
        cluster.wait("a snapshot", lambda: len(list(pathlib.Path(folder, "snapshots").glob("cluster-*/*"))) >= partitions, 300)
        for machine, what in (("first", "its own disk"), ("second", "a snapshot"), ("third", "the log alone")):
            if machine == "third":
                shutil.rmtree(folder + "/snapshots")
            cluster.kill()
            start = time.monotonic()
            cluster = deployment.services["cluster"] = deployment.make("cluster", machine).start()
            until_served(cluster, partitions)
            print(f"takeover from {what}, {partitions} partitions of {options.reports} reports: {time.monotonic() - start:.1f} s"
                  + ("" if machine == "first" else f", of which {SESSION_SECONDS} s are the session of who died"), flush=True)
    finally:
        deployment.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default="build/release/bin")
    parser.add_argument("--reports", type=int, default=20_000)
    parser.add_argument("--partitions", default="1,4")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--takeover", action="store_true")
    options = parser.parse_args()
    options.programs = str(pathlib.Path(options.programs).resolve())
    options.program = options.programs + "/ringfence"
    for partitions in (int(n) for n in options.partitions.split(",")):
        folder = tempfile.mkdtemp(prefix="ringfence-bench-")
        try:
            files = serve_bench.make_sample(options, folder, options.reports)
            (takeover if options.takeover else throughput)(options, partitions, files, folder)
        finally:
            shutil.rmtree(folder)
    if not options.takeover:
        folder = tempfile.mkdtemp(prefix="ringfence-bench-")
        try:
            serve_bench.throughput(options, options.reports, folder)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
