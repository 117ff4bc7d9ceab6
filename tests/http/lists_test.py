#!/usr/bin/env python3
"""Lists over HTTP as their consumers read them, from a real server: JSON lines, CSV, addresses, hosts file, zone, phone list, private list.

    lists_test.py --program build/release/bin/ringfence [--reports 2000] [--seed 1]
"""
import argparse
import csv
import gzip
import hashlib
import hmac
import http.client
import io
import json
import shutil
import pathlib
import subprocess
import time

import dns.zone
from list_update import Damaged, HeldList
from world import World

TYPES = {"IDENTIFIER_TYPE_PHONE": 1, "IDENTIFIER_TYPE_SENDER_ID": 2, "IDENTIFIER_TYPE_IP": 3, "IDENTIFIER_TYPE_DOMAIN": 4,
         "IDENTIFIER_TYPE_URL": 5, "IDENTIFIER_TYPE_EMAIL": 6, "IDENTIFIER_TYPE_REMOTE_ACCESS_ID": 7, "IDENTIFIER_TYPE_IBAN": 8,
         "IDENTIFIER_TYPE_BANK_ACCOUNT": 9, "IDENTIFIER_TYPE_UPI": 10, "IDENTIFIER_TYPE_WALLET": 11,
         "IDENTIFIER_TYPE_SOCIAL_HANDLE": 15, "IDENTIFIER_TYPE_APP": 16, "IDENTIFIER_TYPE_PAYMENT_HANDLE": 17}
ALL_PATHS = ["/v1/indicators.jsonl?min_action=monitor", "/v1/indicators.csv?min_action=monitor", "/v1/ips.txt",
             "/v1/hosts.txt?min_action=challenge", "/v1/rpz.zone?min_action=challenge", "/v1/phones.csv?min_action=challenge",
             "/v1/phones.bin", "/v1/private.bin", "/metrics"]


def get(world, path, **headers):
    connection = http.client.HTTPConnection(world.http, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def text(world, path):
    response, body = get(world, path)
    assert response.status == 200, (path, response.status, body[:200])
    return body.decode()


def indicators(world, query=""):
    return [json.loads(line) for line in text(world, "/v1/indicators.jsonl" + query).splitlines()]


def subscribed(world, *options):
    held = {}
    for line in world.run("subscribe", "--server", world.grpc, "--json", "--once", *options).splitlines():
        event = json.loads(line)
        if "upsert" in event:
            held[event["upsert"]["indicatorId"]] = event["upsert"]
    return held


def whole_sets(world):
    for query, options in (("", ()), ("?min_action=monitor", ("--min-action", "monitor"))):
        ours = {i["indicatorId"]: i for i in indicators(world, query)}
        assert ours == subscribed(world, *options) and ours, query
    rows = list(csv.DictReader(io.StringIO(text(world, "/v1/indicators.csv"), newline="")))
    assert {row["indicator_id"]: row["value"] for row in rows} == {i["indicatorId"]: i["value"] for i in indicators(world)}
    return f"{len(ours)} indicators as Subscribe sends them"


def dns_lists(world):
    domains = {i["value"]: i for i in indicators(world, "?types=domain&min_action=block")}
    assert domains, "a world without blocked domains"
    hosts = [line.split()[1] for line in text(world, "/v1/hosts.txt").splitlines() if not line.startswith("#")]
    assert set(hosts) == set(domains) and len(hosts) == len(domains)
    zone = dns.zone.from_text(text(world, "/v1/rpz.zone"), origin="rpz.example.", relativize=True)
    named = {str(name) for name, node in zone.nodes.items() if str(name) != "@"}
    wanted = set(domains) | {"*." + value for value, i in domains.items() if i.get("scope") == "SCOPE_SUBTREE"}
    assert named == wanted, named ^ wanted
    assert zone.get_soa().expire == 300
    ips = text(world, "/v1/ips.txt").split()
    assert sorted(ips) == sorted(i["value"] for i in indicators(world, "?types=ip&min_action=challenge"))
    return f"{len(domains)} domains in hosts file and zone"


def conditional_and_compressed(world):
    for path in ALL_PATHS[:-1]:
        plain, body = get(world, path)
        packed, packed_body = get(world, path, Accept_Encoding="gzip")
        if packed.headers["Content-Encoding"] == "gzip":
            packed_body = gzip.decompress(packed_body)
        if plain.headers["ETag"] == packed.headers["ETag"] and "zone" not in path:
            assert packed_body == body, path
        same, nothing = get(world, path, If_None_Match=packed.headers["ETag"])
        assert (same.status, nothing) == (304, b"") or same.headers["ETag"] != packed.headers["ETag"], path
        assert "max-age=300" in plain.headers["Cache-Control"] and plain.headers["Expires"], path
    assert get(world, ALL_PATHS[0], Accept_Encoding="gzip")[0].headers["Content-Encoding"] == "gzip"
    return f"{len(ALL_PATHS) - 1} lists"


def by_curl(world):
    if not shutil.which("curl"):
        return "no curl here"
    tag, out = str(world.folder / "etag"), str(world.folder / "curl.out")
    sizes = []
    for _ in range(2):
        subprocess.run(["curl", "-sf", "--compressed", "--etag-save", tag, "--etag-compare", tag, "-w", "%{http_code}", "-o", out,
                        world.url + "/v1/indicators.csv"], check=True, stdout=subprocess.DEVNULL)
        sizes.append(len(open(out).read()))
    assert sizes[0] > 0 and sizes[1] in (0, sizes[0]), sizes
    return f"{sizes[0]} bytes, then none"


def follow(world, path, held):
    response, body = get(world, f"{path}?from={held.version}&min_action=challenge")
    assert response.status == 200, body
    whole = held.apply(body)
    assert held.version == response.headers["Ringfence-Version"]
    return whole, body


def first_lines(world, files, count):
    """Files of the same names with the first lines only."""
    folder = pathlib.Path(world.folder, "first-lines")
    folder.mkdir()
    for file in map(pathlib.Path, files):
        (folder / file.name).write_text("".join(file.open().readlines()[:count]))
    return sorted(folder.iterdir())


def sorted_lists(world, rest):
    """Followed while reports come in; every answer is cut off at many places first. A few reports make a difference; after
    many the whole list may be shorter than it."""
    phones, private = HeldList(1), HeldList(2)
    key = bytes.fromhex(text(world, "/v1/private.key").strip())
    sizes = []
    for step, files in enumerate(([], first_lines(world, rest, 20), rest)):
        if step:
            world.ingest(files)
            # A list is made anew every five seconds at most.
            time.sleep(5.5)
        for path, held in (("/v1/phones.bin", phones), ("/v1/private.bin", private)):
            before = (list(held.values), held.version)
            _, body = get(world, f"{path}?from={held.version}&min_action=challenge")
            for cut in {*range(0, len(body), max(1, len(body) // 50)), len(body) - 1}:
                try:
                    held.apply(body[:cut])
                    raise AssertionError("a part was taken for the whole")
                except Damaged:
                    assert (held.values, held.version) == before
            whole, body = follow(world, path, held)
            assert step > 1 or whole == (step == 0)
            sizes.append(len(body))
        listed = indicators(world, "?min_action=challenge")
        assert phones.values == sorted(int(i["value"][1:]) for i in listed if i["type"] == "IDENTIFIER_TYPE_PHONE")
        assert text(world, "/v1/phones.csv?min_action=challenge").split() == ["number"] + [f"+{n}" for n in phones.values]
        prefixes = {int.from_bytes(hmac.digest(key, b"%d\0%s" % (TYPES[i["type"]], i["value"].encode()), hashlib.sha256)[:4], "big")
                    for i in listed}
        assert private.values == sorted(prefixes)
    return f"{len(phones.values)} numbers, {len(private.values)} prefixes; bytes sent {sizes}"


def over_a_restart(world):
    """A version is good after a restart."""
    phones = HeldList(1)
    follow(world, "/v1/phones.bin", phones)
    world.stop()
    world.start()
    world.await_quiet()
    whole, _ = follow(world, "/v1/phones.bin", phones)
    assert not whole and phones.values
    return "differences go on"


def pages_of_taxii(world):
    for collection in json.loads(text(world, "/taxii2/ringfence/collections/"))["collections"]:
        base, following = f"/taxii2/ringfence/collections/{collection['id']}/objects/", ""
        while True:
            page = json.loads(text(world, base + following))
            yield json.dumps(page, ensure_ascii=False)
            if not page.get("more"):
                break
            following = "?next=" + page["next"]


def answers_of_the_console(world, campaigns):
    api = "/api/v1/"
    for path in ("session", "overview", "campaigns", "partners", "consumers", "overrides", "holds", "status"):
        yield text(world, api + path)
    for campaign in campaigns:
        for part in ("", "/graph", "/indicators.csv", "/stix.json"):
            yield text(world, f"{api}campaigns/{campaign}{part}")


def answers_of_commands(world, campaigns):
    """As an analyst on this machine, who may see most."""
    server = ("--server", world.grpc)
    held = world.run("subscribe", *server, "--json", "--once", "--min-action", "monitor")
    yield held
    values = [json.loads(line)["upsert"]["value"] for line in held.splitlines()[:200] if "upsert" in json.loads(line)]
    assert len(values) > 100
    yield world.run("lookup", *server, "--json", *values)
    for campaign in campaigns:
        yield world.run("campaigns", *server, "--json", campaign, "--members", "1000")
        yield world.run("explain", "campaign", *server, "--json", campaign)
    for value in values[:20]:
        yield world.run("explain", "indicator", *server, value)


def no_victims(world):
    """No output, and no log, holds what a report says of its victim, or the narrative."""
    campaigns = [json.loads(line)["campaignId"] for line in
                 world.run("campaigns", "--server", world.grpc, "--json", "--limit", "10").splitlines()]
    assert campaigns
    outputs = [get(world, path)[1].decode("latin-1") for path in ALL_PATHS]
    for source in (pages_of_taxii(world), answers_of_the_console(world, campaigns), answers_of_commands(world, campaigns)):
        outputs += source
    world.log.flush()
    outputs.append((world.folder / "server.log").read_text())
    output = "\n".join(outputs)
    listed = {identifier["value"] for report in world.reports() for identifier in report.get("identifiers", [])}
    secrets = set()
    for report in world.reports():
        for handle in report.get("victim", {}).get("handles", []):
            secrets.update(value for value in (handle.get("value"), handle.get("token")) if value and len(value) > 5)
        if len(report.get("narrative", "")) > 20:
            secrets.add(report["narrative"])
        secrets.update(p["reference"] for p in report.get("payments", []) if len(p.get("reference", "")) > 8)
    assert len(secrets) > 100
    # A value that another report names as the fraudsters' is listed as that.
    found = [secret for secret in secrets - listed if secret in output]
    assert not found, f"{len(found)} of {len(secrets)} victims' values are in outputs"
    return f"{len(secrets)} values, {len(output)} characters"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--reports", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    world = World(options.program, options.reports, options.seed)
    world.check(world.files[:-2], ((sorted_lists, world.files[-2:]), (whole_sets,), (dns_lists,), (conditional_and_compressed,),
                                   (by_curl,), (no_victims,), (over_a_restart,)))


if __name__ == "__main__":
    main()
