#!/usr/bin/env python3
"""Keeps a file, or an nftables set, in step with a list of Ringfence's. What it holds is replaced as a whole or not at all.

    follow.py http://127.0.0.1:7780/v1/ips.txt --file /etc/blocked-ips
    follow.py http://127.0.0.1:7780/v1/ips.txt --nft "inet filter blocked" [--every 60]      (--every 0: once)
"""
import argparse, http.client, os, subprocess, sys, time, urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("--file")
parser.add_argument("--nft", help="FAMILY TABLE SET of IPv4 addresses, with flags interval")
parser.add_argument("--every", type=float, default=60)
options, tag = parser.parse_args(), None
while True:
    try:
        request = urllib.request.Request(options.url, headers={"If-None-Match": tag} if tag else {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()       # raises where the answer is cut off
        if options.file:
            with open(options.file + ".new", "w") as new:
                new.write(text)
            os.replace(options.file + ".new", options.file)
        if options.nft:
            values = ", ".join(v for v in text.split() if ":" not in v)
            commands = f"flush set {options.nft}\n" + (f"add element {options.nft} {{ {values} }}\n" if values else "")
            subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=True)   # one transaction
        tag = answer.headers["ETag"]
    except (OSError, ValueError, http.client.HTTPException, subprocess.CalledProcessError) as error:
        if getattr(error, "code", None) != 304:
            print("kept what there was:", error, file=sys.stderr)
    if options.every == 0:
        break
    time.sleep(options.every)
