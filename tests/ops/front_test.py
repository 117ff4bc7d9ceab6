#!/usr/bin/env python3
"""ops/front/haproxy.cfg before a real `ringfence serve`: gRPC and HTTP go through it; and while somebody sends heads byte by byte, holds
thousands of idle connections, opens more than one address may, or resets HTTP/2 streams as fast as it can, others are answered as
before and memory stays bounded.

    front_test.py --programs build/release/bin [--idle 10000]

The file is checked as it is. For the traffic TLS is taken out of it, addresses are put in, maxconn is brought down to what file
descriptors allow here, and no other line is touched. Exit status 77
where there is no HAProxy.
"""
import argparse
import contextlib
import http.client
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import services  # noqa: E402

CONFIG = ROOT / "ops/front/haproxy.cfg"
ANSWER_WITHIN = 3.0
PROXY_MIB_MAX = 400
SERVER_MIB_MORE = 100


def make_certificates(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=front",
                    "-days", "2", "-keyout", folder / "key", "-out", folder / "certificate"], check=True, capture_output=True)
    pair = (folder / "certificate").read_text() + (folder / "key").read_text()
    for name in ("server.pem", "proxy.pem"):
        (folder / name).write_text(pair)
    for name in ("callers-ca.pem", "services-ca.pem"):
        (folder / name).write_text((folder / "certificate").read_text())


def check_file(program, folder):
    make_certificates(folder)
    file = folder / "as-it-is.cfg"
    file.write_text(CONFIG.read_text().replace("/etc/ringfence/front", str(folder)))
    checked = subprocess.run([program, "-c", "-f", file], capture_output=True, text=True)
    services.expect(checked.returncode == 0 and "WARNING" not in checked.stderr, f"haproxy -c: {checked.stderr}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def without_tls(text, folder, port, grpc, http_address):
    text = text.replace("/etc/ringfence/front", str(folder))
    # It wants two descriptors a connection, where an idle one takes one: as many as this machine gives are enough here.
    text = text.replace("  maxconn 12000\n  hard", f"  maxconn {min(12000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 4000)}\n  no strict-limits\n  hard")
    text = text.replace("  maxconn 12000", f"  maxconn {min(12000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 4000)}")
    text, binds = re.subn(r"(?m)^  bind :443 .*$", f"  bind 127.0.0.1:{port}", text)
    text, certificates = re.subn(r"(?m)^  http-request set-header x-ringfence-certificate .*\n", "", text)
    text, servers = re.subn(r" ssl( alpn h2)? crt proxy.pem ca-file services-ca.pem verify required", "", text)
    text, grpcs = re.subn(r"(?m)^(  server \S+) 127.0.0.1:778[57]$", rf"\1 {grpc}", text)
    text, https = re.subn(r"(?m)^(  server \S+) 127.0.0.1:778[46]$", rf"\1 {http_address}", text)
    services.expect((binds, certificates, servers, grpcs, https) == (1, 1, 4, 2, 2), "ops/front/haproxy.cfg has other lines than this test knows")
    return text


def resident_mib(pid):
    total = 0
    for one in [pid, *map(int, subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split())]:
        status = pathlib.Path(f"/proc/{one}/status").read_text()
        total += int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
    return total


class Honest:
    """Someone with an address of its own, who asks all the time; and what became of it."""

    def __init__(self, port, path):
        self.port, self.path, self.waits, self.failures, self.ended = port, path, [], [], False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            began = time.monotonic()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10, source_address=("127.1.0.1", 0))
                connection.request("GET", self.path)
                answer = connection.getresponse()
                answer.read()
                connection.close()
                if answer.status != 200:
                    self.failures.append(answer.status)
            except OSError as error:
                self.failures.append(str(error))
            self.waits.append(time.monotonic() - began)
            # Fewer connections than one address may make.
            time.sleep(0.05)

    def judge(self, what):
        self.ended = True
        self.thread.join(15)
        services.expect(not self.failures, f"{what}: {len(self.failures)} of {len(self.waits)} requests of others failed: {self.failures[:3]}")
        services.expect(self.waits, f"{what}: nobody asked")
        services.expect(max(self.waits) < ANSWER_WITHIN, f"{what}: others waited up to {max(self.waits):.1f} s")
        return f"{what}: {len(self.waits)} requests of others, longest {max(self.waits) * 1e3:.0f} ms"


def connect(port, source):
    return socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))


def closed(connection, within):
    """Whether the other end closes it within so long."""
    connection.settimeout(within)
    try:
        while connection.recv(4096):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def slowloris(port):
    """Heads that never end, 80 connections: each is closed within the time for a head."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(port, "127.2.0.1")) for _ in range(80)]
        for connection in held:
            connection.sendall(b"GET /v1/indicators.jsonl HTTP/1.1\r\nHost: a\r\n")
        deadline = time.monotonic() + 12
        for i in range(4):
            time.sleep(1)
            for connection in held:
                with contextlib.suppress(OSError):
                    connection.sendall(b"X-%d: 1\r\n" % i)
        left = [c for c in held if not closed(c, max(0.1, deadline - time.monotonic()))]
    services.expect(not left, f"slowloris: {len(left)} of 80 connections are still open")


def idle(port, wanted):
    """Connections that say nothing: of 100 an address, as many as wanted; one address more than its 100 is refused."""
    held = []
    try:
        for i in range(wanted):
            held.append(connect(port, f"127.3.{i // 90 // 250}.{i // 90 % 250 + 1}"))
        lost = sum(closed(c, 0.001) for c in held[::7])
        services.expect(lost == 0, f"{lost} of {len(held[::7])} idle connections are gone: they were to be held")
        more, refused = [], 0
        for _ in range(130):
            try:
                more.append(connect(port, "127.4.0.1"))
            except ConnectionError:
                refused += 1
        held += more
        time.sleep(1)
        refused += sum(closed(c, 0.02) for c in more)
        services.expect(refused >= 25, f"of 130 connections of one address {refused} were refused, 30 should be")
        time.sleep(2)
    finally:
        for connection in held:
            connection.close()


def rapid_reset(port, connections=8, streams=20_000):
    """HTTP/2 requests, each reset at once (CVE-2023-44487)."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    block = b"\x82\x86\x84\x41\x01a"  # GET, http, /, authority "a"

    def attack(number):
        with contextlib.suppress(OSError), connect(port, f"127.5.0.{number + 1}") as connection:
            connection.sendall(preface)
            connection.settimeout(5)
            for first in range(0, streams, 500):
                frames = bytearray()
                for i in range(first, first + 500):
                    stream = (2 * i + 1).to_bytes(4, "big")
                    frames += len(block).to_bytes(3, "big") + b"\x01\x05" + stream + block
                    frames += b"\x00\x00\x04\x03\x00" + stream + b"\x00\x00\x00\x08"
                connection.sendall(frames)
    attackers = [threading.Thread(target=attack, args=(i,)) for i in range(connections)]
    for thread in attackers:
        thread.start()
    for thread in attackers:
        thread.join(60)
    services.expect(not any(thread.is_alive() for thread in attackers), "rapid reset does not end")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--idle", type=int, default=10000)
    options = parser.parse_args()
    found = subprocess.run([str(ROOT / "ops/tools"), "haproxy"], capture_output=True, text=True)
    if found.returncode != 0:
        print("SKIPPED: no HAProxy can be had: " + found.stderr)
        sys.exit(77)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    options.idle = min(options.idle, hard - 5000)
    programs = str(pathlib.Path(options.programs).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringfence-front-"))
    check_file(found.stdout.strip(), folder)
    server = subprocess.Popen([f"{programs}/ringfence", "serve", "--data", folder / "data", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                              stdout=subprocess.PIPE, stderr=open(folder / "serve.log", "w"), text=True)
    grpc, http_address = re.search(r"gRPC on ([^,]+), HTTP on http://([^/]+)/", server.stdout.readline()).groups()
    port = free_port()
    file = folder / "haproxy.cfg"
    file.write_text(without_tls(CONFIG.read_text(), folder, port, grpc, http_address))
    proxy = subprocess.Popen([found.stdout.strip(), "-W", "-f", file], stdout=open(folder / "haproxy.log", "w"), stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), connect(port, "127.1.0.1"):
                break
            services.expect(proxy.poll() is None and time.monotonic() < deadline, (folder / "haproxy.log").read_text())
            time.sleep(0.1)
        time.sleep(1)
        services.run(f"{programs}/ringfence", "sample", "--reports", 300, "--seed", 2, "--out", folder / "sample")
        for partner in services.partner_files(folder / "sample"):
            services.run(f"{programs}/ringfence", "ingest", "--server", f"127.0.0.1:{port}", "--partner", partner.stem, "--no-state", "--rejects",
                         folder / "rejects", partner)
        services.run(f"{programs}/ringfence", "status", "--server", f"127.0.0.1:{port}", "--wait-quiet", "60")
        through = services.published_set(f"{programs}/ringfence", f"127.0.0.1:{port}")
        services.expect_equal(services.published_set(f"{programs}/ringfence", grpc), through, "the set through the proxy")
        for path in ("/metrics", "/healthz/ready"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            services.expect(connection.getresponse().status == 404, f"{path} is seen from outside")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/v1/openapi.json")
        services.expect(connection.getresponse().status == 200, "no /v1/openapi.json")
        # One server stands behind all backends here: the log says which was asked.
        time.sleep(0.5)
        services.expect(re.search(r" gateway_http/\S+ .* /v1/openapi\.json", (folder / "haproxy.log").read_text()),
                        "/v1/openapi.json does not go to gateway")
        before = resident_mib(server.pid)
        for attack in (slowloris, lambda p: idle(p, options.idle), rapid_reset):
            name = getattr(attack, "__name__", "").replace("<lambda>", f"{options.idle} idle")
            honest = Honest(port, "/v1/indicators.jsonl?types=phone")
            time.sleep(0.3)
            attack(port)
            memory = resident_mib(proxy.pid)
            print(honest.judge(name) + f"; proxy {memory:.0f} MiB", flush=True)
            services.expect(memory < PROXY_MIB_MAX, f"{name}: the proxy takes {memory:.0f} MiB")
        more = resident_mib(server.pid) - before
        services.expect(more < SERVER_MIB_MORE, f"the server takes {more:.0f} MiB more than before")
        services.run(f"{programs}/ringfence", "lookup", "--server", f"127.0.0.1:{port}", "(212) 555-0142", "--region", "US")
    except SystemExit:
        print("see", folder)
        raise
    finally:
        proxy.terminate()
        proxy.wait(90)
        server.terminate()
        server.wait(60)
    print(f"{len(through)} indicators through the proxy; the server took {more:.0f} MiB more")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
