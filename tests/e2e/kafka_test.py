#!/usr/bin/env python3
"""The service processes on a real Kafka: the set in the end is that of a replay of the same reports, although processes are
killed under load, and although partitions move to a second process with nothing on its disk and back.

    kafka_test.py --programs build/release/bin [--reports 1000]

Needs java and mvn (ops/dev/kafka). Where they are missing it is skipped (exit status 77).
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import services
from services import Service, expect, run

KAFKA = pathlib.Path(__file__).resolve().parents[2] / "ops/dev/kafka"
CONFIG = """\
partitions: 2
log:
  kafka:
    servers: {servers}
    replication: 1
    min_insync_replicas: 1
    retention_days: 30
    report_retention_days: 450
    session_timeout_milliseconds: 6000
    send_timeout_milliseconds: 4000
rocks:
  free_bytes_min: 1000000
snapshots:
  folder: {folder}/snapshots
  every_seconds: 2
  keep: 2
  free_bytes_min: 1000000
dedupe:
  state_folder: {folder}/{name}/dedupe
cluster:
  state_folder: {folder}/{name}/cluster
publish:
  state_folder: {folder}/publish
gateway:
  report_partitions: 2
"""


def configure(folder, servers, keys, name):
    """For the processes of one machine, `name`."""
    path = pathlib.Path(folder, name + ".yaml")
    path.write_text(CONFIG.format(folder=folder, servers=servers, name=name)
                    .replace("    replication", f"    instance_id: {name}\n    replication") + services.keys_section(keys))
    return path


def ingest(programs, gateway, folder, files):
    return [subprocess.Popen([programs + "/ringfence", "ingest", "--server", gateway.grpc, "--partner", file.stem, "--retry-for", "120",
                              "--state", f"{folder}/{file.stem}.position", "--rejects", f"{folder}/{file.stem}.rejects", str(file)],
                             stdout=subprocess.DEVNULL)
            for file in files]


def rest(*running):
    for service in running:
        service.wait_caught_up(120)


def check_console(publish, files):
    """publish's console tells of all stages, and of each partner what it sent and what of it was rejected."""
    features = json.loads(publish.get("/api/v1/session")[1])["features"]
    expect({"partners", "pipeline", "consumers", "overrides"} <= set(features), f"the console has {features}")
    stages = {(one["stage"], one["topic"]) for one in json.loads(publish.get("/api/v1/status")[1])["stages"]}
    expect({stage for stage, _ in stages} >= {"intake", "dedupe", "cluster", "publish"}, f"the console tells of {stages}")
    began = time.monotonic()
    partners = {one["partner"]: one for one in json.loads(publish.get("/api/v1/partners")[1])["partners"]}
    took = time.monotonic() - began
    expect(set(partners) == {file.stem for file in files}, f"the console tells of {set(partners)}")
    for name, partner in partners.items():
        expect(partner["reports"] == partner["lastDay"] == partner["lastHour"] > 50, f"{name}: {partner}")
        expect(partner["rejects"] == partner["rejectsLastDay"] > 0 and partner["problems"], f"{name}: {partner}")
        expect("lastReportAt" in partner, f"{name}: {partner}")
    print(f"the console of publish: {len(stages)} inputs, {len(partners)} partners, looked up in {took:.2f} s", flush=True)


def check_topics(programs, servers, files):
    """What services made, at their start and for partners, is what the chart's Job wants, which makes those of one more partner."""
    partners = [f"--partner={file.stem}" for file in files] + ["--partner=later"]
    said = run(programs + "/ringfence", "topics", "create", f"--brokers={servers}", "--partitions=2", "--report-partitions=2",
               "--replication=1", "--min-insync=1", "--retention-days=30",
               "--report-retention-days=450", *partners)
    made = {line.split()[1] for line in said.splitlines() if line.startswith("made ")}
    expect(made == {"reports.later", "rejects.later"}, said)


def scenario(programs, folder, servers, reports):
    keys = services.make_keys(folder + "/keys")
    run(programs + "/ringfence", "sample", "--reports", reports, "--seed", 11, "--out", folder + "/sample")
    expected = services.replayed_set(programs + "/ringfence", folder + "/sample", folder + "/replayed", keys / "naming.key")
    config = configure(folder, servers, keys, "first")
    intake, dedupe, cluster, publish, gateway = (
        Service(programs, name, config, folder).start() for name in ("intake", "dedupe", "cluster", "publish", "gateway"))
    for service in (intake, dedupe, cluster, publish, gateway):
        service.wait_ready(120)

    loads = ingest(programs, gateway, folder, services.partner_files(folder + "/sample"))
    for service in (dedupe, cluster, intake):
        time.sleep(0.5)
        service.kill()
        service.start()
    for load in loads:
        expect(load.wait(180) == 0, "a report was not taken")
    rest(intake, dedupe, cluster, publish)
    services.expect_equal(expected, services.published_set(programs + "/ringfence", publish.grpc), "published on Kafka")
    # publish tells of all of them, as far as they have committed.
    stages = {line.split()[0] for line in run(programs + "/ringfence", "status", "--server", publish.grpc).splitlines()[1:] if line}
    expect({"intake", "dedupe", "cluster", "publish"} <= stages, f"status tells of {stages}")
    check_console(publish, services.partner_files(folder + "/sample"))
    check_topics(programs, servers, services.partner_files(folder + "/sample"))
    print(f"killed under load: {len(expected)} indicators, 0 differences", flush=True)

    # Another machine, with nothing on its disk: it gets a part of the partitions, then all.
    other = configure(folder, servers, keys, "second")
    second = Service(programs, "cluster", other, folder + "/second-logs").start().wait_ready(120)
    second.wait("a partition", lambda: bool(second.metric("ringfence_stage_lag_records")), 120)
    restored = second.metric("ringfence_state_snapshots_total").get('outcome="restored",stage="cluster"', 0)
    expect(restored == 1, f"{restored} partitions were restored from snapshots, not one")
    cluster.stop()
    second.wait("both partitions", lambda: len(second.metric("ringfence_stage_lag_records")) == 2, 120)
    # The same reports again change nothing.
    for file in pathlib.Path(folder).glob("*.position"):
        file.unlink()
    for load in ingest(programs, gateway, folder, services.partner_files(folder + "/sample")):
        expect(load.wait(180) == 0, "a report was not taken")
    rest(intake, dedupe, second, publish)
    services.expect_equal(expected, services.published_set(programs + "/ringfence", publish.grpc), "published after partitions moved")

    # A replica of publish that begins with nothing holds the same: `indicators` is right from its start on.
    publish.stop()
    shutil.rmtree(folder + "/publish")
    publish.start().wait_ready(120)
    services.expect_equal(expected, services.published_set(programs + "/ringfence", publish.grpc), "published by a new replica")
    for service in (gateway, intake, dedupe, second, publish):
        service.stop()
    print(f"moved to another machine: {len(expected)} indicators, 0 differences")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--reports", type=int, default=600)
    options = parser.parse_args()
    if not shutil.which("java") or not shutil.which("mvn"):
        print("skipped: java and mvn are wanted for a broker")
        return 77
    programs = str(pathlib.Path(options.programs).resolve())
    folder = tempfile.mkdtemp(prefix="ringfence-kafka-")
    pathlib.Path(folder, "second-logs").mkdir()
    servers = run(KAFKA, "start", "--dir", folder + "/broker", "--port", 0).strip()
    try:
        scenario(programs, folder, servers, options.reports)
    finally:
        run(KAFKA, "stop", "--dir", folder + "/broker", "--remove")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
