#!/usr/bin/env python3
"""examples/follow.py: holds what a list says, in a file and in nftables, keeps it when an answer is cut off or not whole, and lets go of it
when its lease runs out.

    example_test.py
"""
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

FOLLOW = pathlib.Path(__file__).parents[2] / "examples" / "follow.py"


class Lists(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    values, is_cut, asked, count, max_age = "192.0.2.1\n2001:db8::/64\n", False, [], None, 300

    def do_GET(self):
        type(self).asked.append(self.headers["If-None-Match"])
        is_known = self.headers["If-None-Match"] == self.tag()
        self.send_response(304 if is_known else 200)
        self.send_header("Cache-Control", f"private, max-age={self.max_age}, must-revalidate")
        if self.count is not None:
            self.send_header("Ringfence-Count", self.count)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("ETag", self.tag())
        self.end_headers()
        if is_known:
            return
        self.wfile.write(b"%x\r\n%s\r\n" % (len(self.values), self.values.encode()))
        if not self.is_cut:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def tag(self):
        return f'"{hash(self.values)}"'

    def log_message(self, *_):
        pass


def main():
    with tempfile.TemporaryDirectory() as folder, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lists) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url, held = f"http://127.0.0.1:{server.server_port}/v1/ips.txt", pathlib.Path(folder, "held")
        told = pathlib.Path(folder, "told")
        pathlib.Path(folder, "nft").write_text(f"#!/bin/sh\ncat > {told}\n")
        os.chmod(pathlib.Path(folder, "nft"), 0o755)

        def follow():
            return subprocess.run([sys.executable, str(FOLLOW), url, "--file", str(held), "--nft", "inet filter blocked", "--every", "0"],
                                  env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True)

        assert follow().returncode == 0
        assert held.read_text() == "192.0.2.1\n2001:db8::/64\n"
        assert told.read_text() == "flush set inet filter blocked\nadd element inet filter blocked { 192.0.2.1 }\n"
        Lists.values, Lists.is_cut = "192.0.2.2\n", True
        assert "kept what there was" in follow().stderr
        assert held.read_text() == "192.0.2.1\n2001:db8::/64\n"
        Lists.is_cut = False
        follow()
        assert held.read_text() == "192.0.2.2\n"
        Lists.values, Lists.count = "192.0.2.3\n", "2"
        assert "not whole" in follow().stderr
        assert held.read_text() == "192.0.2.2\n"

        # While its server answers, with 304 too, it holds; when the lease is over without one it lets go.
        Lists.count, Lists.max_age = "1", 1
        following = subprocess.Popen([sys.executable, str(FOLLOW), url, "--file", str(held), "--every", "0.2"], stderr=subprocess.PIPE, text=True)

        def wait_until(done):
            deadline = time.monotonic() + 30
            while not done():
                assert time.monotonic() < deadline
                time.sleep(0.05)

        wait_until(lambda: held.read_text() == "192.0.2.3\n")
        asked = len(Lists.asked)
        wait_until(lambda: len(Lists.asked) > asked + 8)
        assert held.read_text() == "192.0.2.3\n"
        server.shutdown()
        server.server_close()
        wait_until(lambda: held.read_text() == "")
        following.terminate()
        assert "the lease has run out" in following.communicate()[1]
    print("example: file and set follow; what is cut or not whole changes nothing; without a lease nothing is held")


if __name__ == "__main__":
    main()
