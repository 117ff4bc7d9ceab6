#!/usr/bin/env python3
"""Times the whole of `ringfence serve`, load generator included.

    serve_bench.py [--program build/release/bin/ringfence] [--reports N,N...] [--seed 3]
        Reports of `ringfence sample`, submitted by one `ringfence ingest` a partner at once, until every stage is quiet.
        Prints for each N reports per second, CPU seconds, memory and disk; with several, each rate against the first.
        With --files: straight from the files, by `ringfence replay`: all stages and the read model in one process, no gRPC,
        log or disk.
    serve_bench.py --latency SECONDS --rate REPORTS_PER_SECOND
        Offers that load steadily. Meanwhile a probe partner reports new numbers, and a subscriber waits for them: prints
        how long after its acceptance was answered each was delivered (an answer that came later than the delivery: 0).
"""
import argparse
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import threading
import time


class Server:
    """A `ringfence serve` on free ports with a data folder of its own."""

    def __init__(self, program, folder):
        self.program = program
        self.data = pathlib.Path(folder, "data")
        self.process = subprocess.Popen([program, "serve", "--data", str(self.data), "--grpc", "127.0.0.1:0", "--http",
                                         "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = re.search(r"gRPC on ([^,]+),", self.process.stdout.readline()).group(1)

    def ingest(self, partner, file, rejects, **more):
        return subprocess.Popen([self.program, "ingest", "--server", self.address, "--partner", partner, "--no-state",
                                 "--rejects", rejects, str(file)], stdout=subprocess.DEVNULL, text=True, **more)

    def wait_quiet(self):
        subprocess.run([self.program, "status", "--server", self.address, "--wait-quiet", "3600"], check=True,
                       stdout=subprocess.DEVNULL)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def data_bytes(self):
        return sum(f.stat().st_size for f in self.data.rglob("*") if f.is_file())

    def stop(self):
        self.process.terminate()
        self.process.wait()


def make_sample(options, folder, reports):
    subprocess.run([options.program, "sample", "--reports", str(reports), "--seed", str(options.seed), "--out",
                    folder + "/sample"], check=True, stdout=subprocess.DEVNULL)
    return [file for file in sorted(pathlib.Path(folder, "sample").glob("*.jsonl")) if file.stem != "truth"]


def children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def throughput(options, reports, folder):
    files = make_sample(options, folder, reports)
    server = Server(options.program, folder)
    load_before = children_cpu_seconds()
    start = time.monotonic()
    loads = [server.ingest(file.stem, file, folder + "/" + file.stem) for file in files]
    for load in loads:
        load.wait()
    answered = time.monotonic() - start
    load_cpu = children_cpu_seconds() - load_before
    server.wait_quiet()
    quiet = time.monotonic() - start
    print(f"{reports} reports: answered after {answered:.1f} s, quiet after {quiet:.1f} s: {reports / quiet:.0f} reports/s; "
          f"CPU s per million: server {server.cpu_seconds() * 1e6 / reports:.0f}, load {load_cpu * 1e6 / reports:.0f}; "
          f"peak {server.peak_mib():.0f} MiB resident, {server.data_bytes() / reports:.0f} bytes on disk a report", flush=True)
    server.stop()
    return reports / quiet


def from_files(options, reports, folder):
    source = pathlib.Path(folder, "reports")
    source.mkdir()
    for file in make_sample(options, folder, reports):
        file.rename(source / file.name)
    start = time.monotonic()
    replay = subprocess.Popen([options.program, "replay", str(source), "--out", folder + "/out"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(replay.pid, 0)
    assert status == 0, "the replay failed"
    took = time.monotonic() - start
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{reports} reports from files: {took:.1f} s: {reports / took:.0f} reports/s; CPU s per million {cpu * 1e6 / reports:.0f}; "
          f"peak {usage.ru_maxrss / 1024:.0f} MiB resident", flush=True)
    return reports / took


def offer(server, files, rate, seconds, folder):
    """Feeds each partner's lines at its share of the rate; returns when the time is over."""
    loads = []
    for file in files:
        load = server.ingest(file.stem, "-", folder + "/" + file.stem, stdin=subprocess.PIPE)
        loads.append((load, file.open()))
    steps = 10
    end = time.monotonic() + seconds
    due = time.monotonic()
    while time.monotonic() < end:
        for load, lines in loads:
            for _ in range(rate // len(loads) // steps):
                line = lines.readline()
                assert line, "the sample is too short"
                load.stdin.write(line)
            load.stdin.flush()
        due += 1 / steps
        time.sleep(max(0.0, due - time.monotonic()))
    for load, _ in loads:
        load.stdin.close()
        load.wait()


def probe_report(number):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"reportId": f"probe-{number}", "occurredAt": now, "reportedAt": now, "identifiers": [
        {"type": "IDENTIFIER_TYPE_EMAIL", "value": f"probe-{number}@probe.example", "role": "IDENTIFIER_ROLE_CONTACT"}]})


def latency(options, folder):
    files = make_sample(options, folder, int(options.rate * options.latency * 1.2) + 1000)
    server = Server(options.program, folder)
    delivered = {}

    def watch(stream):
        for line in stream:
            found = re.search(r"probe-(\d+)@probe", line)
            if found:
                delivered.setdefault(int(found.group(1)), time.monotonic())

    subscriber = subprocess.Popen([options.program, "subscribe", "--server", server.address, "--json", "--min-action",
                                   "monitor", "--types", "email"], stdout=subprocess.PIPE, text=True)
    threading.Thread(target=watch, args=(subscriber.stdout,), daemon=True).start()
    loader = threading.Thread(target=offer, args=(server, files, options.rate, options.latency, folder))
    loader.start()
    accepted = {}
    number = 0
    while loader.is_alive():
        file = pathlib.Path(folder, "probe.jsonl")
        file.write_text(probe_report(number) + "\n")
        assert server.ingest("probe", file, folder + "/probe-rejects").wait() == 0
        accepted[number] = time.monotonic()
        number += 1
        time.sleep(0.2)
    server.wait_quiet()
    time.sleep(1)
    subscriber.terminate()
    missing = [n for n in accepted if n not in delivered]
    assert not missing, f"never delivered: {missing}"
    waits = sorted(max(0.0, delivered[n] - accepted[n]) for n in accepted)
    print(f"{options.rate} reports/s for {options.latency} s, {len(waits)} probes: accepted to delivered p50 "
          f"{statistics.median(waits) * 1e3:.0f} ms, p99 {waits[int(len(waits) * 0.99)] * 1e3:.0f} ms, "
          f"greatest {waits[-1] * 1e3:.0f} ms")
    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/ringfence")
    parser.add_argument("--reports", default="100000")
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--latency", type=int)
    parser.add_argument("--rate", type=int, default=1_000)
    options = parser.parse_args()
    rates = []
    for reports in [0] if options.latency else [int(n) for n in options.reports.split(",")]:
        folder = tempfile.mkdtemp(prefix="ringfence-bench-")
        try:
            if options.latency:
                latency(options, folder)
            else:
                rates.append((from_files if options.files else throughput)(options, reports, folder))
        finally:
            shutil.rmtree(folder)
    for rate in rates[1:]:
        print(f"rate against the first: {rate / rates[0]:.2f}")


if __name__ == "__main__":
    main()
