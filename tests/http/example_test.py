#!/usr/bin/env python3
"""examples/follow.py: holds what a list says, in a file and in nftables, and keeps it when an answer is cut off.

    example_test.py
"""
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

FOLLOW = pathlib.Path(__file__).parents[2] / "examples" / "follow.py"


class Lists(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    values, is_cut, asked = "192.0.2.1\n2001:db8::/64\n", False, []

    def do_GET(self):
        type(self).asked.append(self.headers["If-None-Match"])
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(self.values), self.values.encode()))
        if not self.is_cut:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

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
        server.shutdown()
    print("example: file and set follow; a cut answer changes nothing")


if __name__ == "__main__":
    main()
