#!/usr/bin/env python3
"""Keeps a file, or an nftables set, in step with a list of Ringfence's. What it holds is replaced as a whole or not at all; once the
lease has run out (Cache-Control: max-age) nobody can retract to it any more, and it holds nothing.

    follow.py http://127.0.0.1:7780/v1/ips.txt --file /etc/blocked-ips
    follow.py http://127.0.0.1:7780/v1/ips.txt --nft "inet filter blocked" [--every 60]      (--every 0: once)
"""
import argparse, http.client, os, re, subprocess, sys, time, urllib.error, urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--file")
parser.add_argument("--nft", help="FAMILY TABLE SET of IPv4 addresses, with flags interval")
parser.add_argument("--every", type=float, default=60)
options, tag, until = parser.parse_args(), None, None


def hold(values, text):
    if options.file:
        with open(options.file + ".new", "w") as new:
            new.write(text)
        os.replace(options.file + ".new", options.file)
    if options.nft:
        elements = ", ".join(v for v in values if ":" not in v)
        commands = f"flush set {options.nft}\n" + (f"add element {options.nft} {{ {elements} }}\n" if elements else "")
        subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=True)       # one transaction


while True:
    try:
        request = urllib.request.Request(options.url, headers={"If-None-Match": tag} if tag else {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text, headers = answer.read().decode(), answer.headers      # raises where the answer is cut off
            values = [line for line in text.split("\n") if line and not line.startswith("#")]
            if ".txt" in options.url and headers["Ringfence-Count"] not in (None, str(len(values))):     # one value a line
                raise ValueError("the list is not whole")
            hold(values, text)
            tag = headers["ETag"]
        except urllib.error.HTTPError as error:
            if error.code != 304:
                raise
            headers = error.headers
        until = time.monotonic() + int((re.search(r"max-age=(\d+)", headers["Cache-Control"] or "") or [0, 300])[1])
    except (OSError, ValueError, http.client.HTTPException, subprocess.CalledProcessError) as error:
        if options.every and (until is None or time.monotonic() > until):
            print("nothing is held any more, the lease has run out:", error, file=sys.stderr)
            hold([], "")
            tag, until = None, float("inf")     # said and done once
        else:
            print("kept what there was:", error, file=sys.stderr)
    if options.every == 0:
        break
    time.sleep(options.every)
