#!/usr/bin/env python3
"""Reports over HTTP: what the OpenAPI document says is so, whatever is sent. schemathesis makes requests of the document, right
ones and wrong ones; no answer may be a 5xx, of a status or form that the document does not have, or take what it must not.

    edge_test.py --program build/release/bin/ringfence [--examples 60]
"""
import argparse
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import requests

import world

REPORT = {"reportId": "case-1", "occurredAt": "2026-03-01T09:30:00Z", "victim": {"country": "US"},
          "identifiers": [{"type": "IDENTIFIER_TYPE_PHONE", "value": "(212) 555-0142", "role": "IDENTIFIER_ROLE_CALLBACK"}]}
# Lines are no media type that schemathesis knows.
LINES = """
import json
import schemathesis

@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")
"""
AS = {"x-ringfence-partner": "acme"}


def post(server, body, **headers):
    return requests.post(server.url + "/v1/reports", data=body, headers=AS | {k.replace("_", "-"): v for k, v in headers.items()}, timeout=30)


def expect(condition, what):
    if not condition:
        sys.exit(what)


def check_by_hand(server):
    lines = json.dumps(REPORT) + "\n" + "nonsense\n"
    answer = post(server, lines, Content_Type="application/x-ndjson")
    outcomes = [result["outcome"] for result in answer.json()["results"]]
    expect(answer.status_code == 200 and outcomes == ["OUTCOME_ACCEPTED", "OUTCOME_REJECTED"], f"lines: {answer.text}")
    compressed = post(server, gzip.compress(lines.encode()), Content_Type="application/x-ndjson", Content_Encoding="gzip")
    expect(compressed.status_code == 200 and compressed.json() == answer.json(), f"gzip: {compressed.status_code} {compressed.text}")
    document = post(server, json.dumps({"reports": [REPORT]}), Content_Type="application/json")
    expect(document.status_code == 200, f"the same again: {document.text}")
    # One megabyte of zeros becomes a kilobyte: what counts is what comes out.
    bomb = post(server, gzip.compress(b"0" * (20 << 20)), Content_Type="application/x-ndjson", Content_Encoding="gzip")
    expect(bomb.status_code == 413, f"what is large once it is unpacked: {bomb.status_code}")
    expect(post(server, b"0" * (5 << 20), Content_Type="application/x-ndjson").status_code == 413, "a large body")
    with requests.Session() as session:
        for _ in range(3):
            again = session.post(server.url + "/v1/reports", data=b"0" * (5 << 20), headers=AS, timeout=30)
            expect(again.status_code == 413, f"a large body, on a connection that is used again: {again.status_code}")
            expect(session.get(server.url + "/healthz/live", timeout=30).status_code == 200, "the connection goes on")
    def chunks():
        yield json.dumps(REPORT).encode()
    chunked = requests.post(server.url + "/v1/reports", data=chunks(), headers=AS | {"Content-Type": "application/x-ndjson"}, timeout=30)
    expect(chunked.status_code == 200, f"a chunked body: {chunked.status_code}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--examples", type=int, default=60)
    options = parser.parse_args()
    server = world.World(options.program, 10, 1)
    try:
        check_by_hand(server)
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "schemathesis.toml").write_text('hooks = "lines"\n')
            pathlib.Path(folder, "lines.py").write_text(LINES)
            command = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", server.url + "/v1/openapi.json", "--url", server.url,
                       "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
                                   "response_schema_conformance,negative_data_rejection,unsupported_method",
                       "--max-examples", str(options.examples), "--seed", "7", "--header", "x-ringfence-partner: acme", "--no-color"]
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400)
        print(done.stdout[-6000:])
        expect(done.returncode == 0, f"schemathesis: exit {done.returncode}")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
