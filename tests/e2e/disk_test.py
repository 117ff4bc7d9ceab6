#!/usr/bin/env python3
"""Full disks, on real file systems of 64 MB: with little room a stage takes nothing and says so; with none at all it loses
nothing, and goes on when there is room; with no room for snapshots it goes on without. `ringfence serve` as a whole, with no
room for what it publishes and then less than its reserve, likewise.

    disk_test.py --programs build/release/bin [--reports 1000] [--served-reports 10000]

Needs to mount a tmpfs: as root, or as anybody in a user namespace. Elsewhere it is skipped (exit status 77).
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import services
from services import Service, expect, run

CONFIG = """\
partitions: 1
log:
  embedded:
    folder: {folder}/log
rocks:
  memtable_bytes: 1048576
  free_bytes_min: {free_bytes_min}
snapshots:
  folder: {folder}/small-snapshots
  every_seconds: 1
  keep: 2
  free_bytes_min: 1000000
dedupe:
  state_folder: {folder}/dedupe
cluster:
  state_folder: {folder}/small/cluster
publish:
  state_folder: {folder}/publish
"""


def fill(folder, leave_bytes=0):
    """All room of the disk but `leave_bytes`."""
    with open(folder + "/filler", "wb", buffering=0) as file:
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
        left = free - leave_bytes
        try:
            while left > 0:
                left -= file.write(b"x" * min(left, 1 << 16))
        except OSError:
            pass    # full


def configure(folder, keys, free_bytes_min):
    path = pathlib.Path(folder, "ringfence.yaml")
    path.write_text(CONFIG.format(folder=folder, free_bytes_min=free_bytes_min) + services.keys_section(keys))
    return path


def feed(programs, config, folder, sample):
    """All reports, up to what cluster will read."""
    service = Service(programs, "gateway", config, folder).start().wait_ready()
    for file in services.partner_files(sample):
        run(programs + "/ringfence", "ingest", "--server", service.grpc, "--partner", file.stem,
            "--state", f"{folder}/{file.stem}.position", "--rejects", f"{folder}/{file.stem}.rejects", file)
    service.stop()
    for name in ("intake", "dedupe"):
        Service(programs, name, config, folder).start().wait_caught_up().stop()


def short_disk(programs, folder, keys):
    """Below the threshold: nothing is taken, it is said, nothing is lost."""
    config = configure(folder, keys, 16_000_000)
    fill(folder + "/small", 8_000_000)
    service = Service(programs, "cluster", config, folder).start()
    service.wait("a short disk", lambda: service.metric("ringfence_disk_short").get('disk="state"') == 1)
    status, why = service.get("/healthz/ready")
    expect(status == 503 and "disk is short" in why, f"ready while the disk is short: {status} {why}")
    expect(service.get("/healthz/live")[0] == 200, "not live while it waits for room")
    time.sleep(1.5)
    expect(service.applied() == 0, "records were taken without room")
    expect("disk is short" in open(service.log).read(), "it is not in the log")
    os.remove(folder + "/small/filler")
    service.wait_ready()
    service.kill()


def full_disk(programs, folder, keys):
    """No room at all, and no threshold that would stop it before."""
    config = configure(folder, keys, 0)
    shutil.rmtree(folder + "/small/cluster")
    fill(folder + "/small", 3_500_000)
    service = Service(programs, "cluster", config, folder).start()
    service.wait("an error of the disk", lambda: service.metric("ringfence_stage_errors_total") and
                 sum(service.metric("ringfence_state_reopened_total").values()) + open(service.log).read().count("No space") > 0)
    time.sleep(1)
    expect(service.process.poll() is None, "a full disk ended it: " + service.tail())
    expect(service.get("/healthz/live")[0] == 200, "not live while it waits for room")
    expect(max(service.metric("ringfence_stage_stopped").values(), default=0) == 0, "a full disk stopped it for good")
    os.remove(folder + "/small/filler")
    service.wait_caught_up()
    service.stop()


def full_snapshots(programs, folder, keys):
    """The stage goes on; the snapshots that are there stay whole."""
    config = configure(folder, keys, 0)
    service = Service(programs, "cluster", config, folder).start().wait_ready()
    made, no_room = ('outcome="%s",stage="cluster"' % word for word in ("made", "no_room"))
    count = lambda outcome: service.metric("ringfence_state_snapshots_total").get(outcome, 0)
    service.wait("a snapshot", lambda: count(made) > 0)
    fill(folder + "/small-snapshots")
    before = count(no_room)
    service.wait("a snapshot without room", lambda: count(no_room) > before)
    expect(service.metric("ringfence_disk_short").get('disk="snapshots"') == 1, "no metric says so")
    expect(service.get("/healthz/ready")[0] == 200, "not ready for want of snapshots")
    run(programs + "/ringfence", "snapshot", "verify", "--folder", folder + "/small-snapshots")
    os.remove(folder + "/small-snapshots/filler")
    before = count(made)
    service.wait("a snapshot again", lambda: count(made) > before)
    service.stop()


class Served:
    """A `ringfence serve` with its own data on one disk and what it publishes on a smaller one."""

    def __init__(self, program, folder):
        self.program, self.folder, self.data, self.log = program, folder, folder + "/serve", folder + "/serve.log"
        self.published = self.data + "/publish"
        for path, size in ((self.data, "400m"), (self.published, "24m")):
            os.mkdir(path)
            run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", path)
        self.process = subprocess.Popen([program, "serve", "--data", self.data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=open(self.log, "w"), text=True)
        self.address = re.search(r"gRPC on ([^,]+),", self.process.stdout.readline()).group(1)

    def ingest(self, file, again=False):
        position = ["--no-state", "--retry-for", "10"] if again else ["--state", f"{self.folder}/served-{file.stem}.position"]
        return subprocess.Popen([self.program, "ingest", "--server", self.address, "--partner", file.stem, *position,
                                 "--rejects", f"{self.folder}/served-{file.stem}.rejects", file],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait_logged(self, text, seconds=120):
        deadline = time.time() + seconds
        while text not in open(self.log).read():
            expect(self.process.poll() is None, f"a full disk ended it with {self.process.returncode}")
            expect(time.time() < deadline, f"not in the log within {seconds} s: {text}")
            time.sleep(0.1)


def full_under_serve(program, folder, sample):
    """No room for what it publishes: it opens all again. Less than the reserve: who submits is told. Then it goes on."""
    served = Served(program, folder)
    files = services.partner_files(sample)
    loads = [served.ingest(file) for file in files]
    fill(served.published)
    served.wait_logged("everything is closed and opened again")
    for load in loads:
        load.communicate()  # some were cut off
    os.remove(served.published + "/filler")
    run("mount", "-o", "remount,size=400m", served.published)
    run(program, "status", "--server", served.address, "--wait-quiet", 120)
    fill(served.data, leave_bytes=30_000_000)   # less than the reserve
    refused = served.ingest(files[0], again=True)
    said = refused.communicate()[1]
    expect(refused.returncode == 3 and "of disk are free" in said, f"the sender is told, with {refused.returncode}: {said}")
    expect(served.process.poll() is None, "a full disk ended it")
    os.remove(served.data + "/filler")
    for file in files:
        deadline = time.time() + 60
        while (load := served.ingest(file)) and load.communicate() and load.returncode != 0:
            expect(time.time() < deadline, f"{file.stem} cannot be submitted any more")
            time.sleep(0.5)
    run(program, "status", "--server", served.address, "--wait-quiet", 120)
    expected = services.replayed_set(program, sample, folder + "/served-replayed", served.data + "/keys/naming.key")
    services.expect_equal(expected, services.published_set(program, served.address), "published by serve after full disks")
    served.process.terminate()
    expect(served.process.wait(60) == 0, "it did not end well")
    return len(expected)


def inside(options):
    """In a mount namespace of its own, whose mounts go with it."""
    programs = str(pathlib.Path(options.programs).resolve())
    folder = options.folder
    for name in ("small", "small-snapshots"):
        os.mkdir(f"{folder}/{name}")
        run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", f"{folder}/{name}")
    keys = services.make_keys(folder + "/keys")
    run(programs + "/ringfence", "sample", "--reports", options.reports, "--seed", 5, "--out", folder + "/sample")
    expected = services.replayed_set(programs + "/ringfence", folder + "/sample", folder + "/replayed", keys / "naming.key")
    config = configure(folder, keys, 0)
    feed(programs, config, folder, folder + "/sample")
    short_disk(programs, folder, keys)
    full_disk(programs, folder, keys)
    full_snapshots(programs, folder, keys)
    service = Service(programs, "publish", config, folder).start().wait_ready()
    services.expect_equal(expected, services.published_set(programs + "/ringfence", service.grpc), "published after full disks")
    service.stop()
    print(f"full disks, {options.reports} reports: {len(expected)} indicators, 0 differences")
    run(programs + "/ringfence", "sample", "--reports", options.served_reports, "--seed", 6, "--out", folder + "/served-sample")
    indicators = full_under_serve(programs + "/ringfence", folder, folder + "/served-sample")
    print(f"full disks under serve, {options.served_reports} reports: {indicators} indicators, 0 differences")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--reports", type=int, default=1000)
    parser.add_argument("--served-reports", type=int, default=10_000)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        return inside(options)
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    if subprocess.run(unshare + ["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"], capture_output=True).returncode != 0:
        print("skipped: no tmpfs can be mounted here")
        return 77
    folder = tempfile.mkdtemp(prefix="ringfence-disk-")
    status = subprocess.run(unshare + [sys.executable, __file__, "--programs", options.programs, "--reports", str(options.reports),
                                       "--served-reports", str(options.served_reports), "--folder", folder]).returncode
    if status == 0:
        shutil.rmtree(folder)
    return status


if __name__ == "__main__":
    sys.exit(main())
