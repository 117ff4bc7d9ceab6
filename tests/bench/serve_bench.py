#!/usr/bin/env python3
"""Times the whole of `ringfence serve`, load generator included: reports of `ringfence sample`, submitted by one `ringfence
ingest` a partner at once, until every stage is quiet. Prints reports per second, CPU and memory.

    serve_bench.py [--program build/release/bin/ringfence] [--reports 100000] [--seed 3]
"""
import argparse
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import time


def field(pid, name):
    return int(re.search(name + r":\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/release/bin/ringfence")
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="ringfence-bench-")
    subprocess.run([options.program, "sample", "--reports", str(options.reports), "--seed", str(options.seed),
                    "--out", folder + "/sample"], check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([options.program, "serve", "--data", folder + "/data", "--grpc", "127.0.0.1:0",
                               "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = re.search(r"gRPC on ([^,]+),", server.stdout.readline()).group(1)
    start = time.monotonic()
    loads = [subprocess.Popen([options.program, "ingest", "--server", address, "--partner", file.stem, "--no-state",
                               "--rejects", folder + "/" + file.stem, str(file)], stdout=subprocess.DEVNULL)
             for file in pathlib.Path(folder, "sample").glob("*.jsonl") if file.stem != "truth"]
    for load in loads:
        load.wait()
    answered = time.monotonic() - start
    load_cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([options.program, "status", "--server", address, "--wait-quiet", "3600"], check=True,
                   stdout=subprocess.DEVNULL)
    quiet = time.monotonic() - start
    data = sum(f.stat().st_size for f in pathlib.Path(folder, "data").rglob("*") if f.is_file())
    print(f"{options.reports} reports: answered after {answered:.1f} s, quiet after {quiet:.1f} s: "
          f"{options.reports / quiet:.0f} reports/s; server {cpu_seconds(server.pid) * 1e6 / options.reports:.0f} CPU s "
          f"per million, sample and load {(load_cpu.ru_utime + load_cpu.ru_stime) * 1e6 / options.reports:.0f}; "
          f"peak {field(server.pid, 'VmHWM') / 1024:.0f} MiB resident, {data / options.reports:.0f} bytes on disk a report")
    server.terminate()
    server.wait()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
