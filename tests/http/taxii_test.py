#!/usr/bin/env python3
"""STIX over TAXII as the world's own clients read it, from a real server, while reports come in; and the same requests to medallion.

    taxii_test.py --program build/release/bin/ringfence [--reports 3000] [--seed 2] [--validate 60]
"""
import argparse
import collections
import json
import time

import medallion
import requests
import stix2
from stix2validator import ValidationOptions, validate_instance
from taxii2client.v21 import Collection, Server, as_pages
from world import World

MEDIA_TYPE = "application/taxii+json;version=2.1"
# A second is shown when it is over everywhere; marks come every second.
SHOWN_AFTER_SECONDS = 3
# Which campaign an indicator is in, and what that is called, is as of the reading: it may be another for a while, and the same again, without
# a record of the indicator's.
AS_OF_READING = ("relationship", "campaign")
# Ids follow from content (UUIDv5), and accounts are of what platforms there are.
EXPECTED_WARNINGS = ("is not a valid UUIDv4 ID", "with an 'account_type' of")


def pages(collection, **query):
    objects = []
    for page in as_pages(collection.get_objects, per_request=500, **query):
        objects += page.get("objects", [])
    return objects


def paged_once_while_others_write(world, loads):
    """Of what did not change meanwhile each object comes exactly once, and no version comes twice."""
    server = Server(world.url + "/taxii2/")
    collection = next(c for c in server.default.collections if "analysts" in c.title)
    time.sleep(SHOWN_AFTER_SECONDS)
    before = {o["id"]: o.get("modified") for o in pages(collection)}
    running = world.begin_ingest(loads)
    seen = collections.Counter()
    for o in pages(collection):
        seen[o["id"], o.get("modified")] += 1
    assert all(process.wait(300) == 0 for process in running)
    world.await_quiet()
    time.sleep(SHOWN_AFTER_SECONDS)
    after = {o["id"]: o.get("modified") for o in pages(collection)}
    assert len(after) > len(before) > 0
    for key, version in before.items():
        if after.get(key) == version and version and not key.startswith(AS_OF_READING):
            assert seen[key, version] == 1, (key, seen[key, version])
    assert all(count == 1 for (_, version), count in seen.items() if version)
    return f"{len(before)} objects before, {len(after)} after"


def polled_by_date(world):
    """added_after and X-TAXII-Date-Added-Last alone lead through all of it."""
    for info in requests.get(world.url + "/taxii2/ringfence/collections/", timeout=30).json()["collections"]:
        url = f"{world.url}/taxii2/ringfence/collections/{info['id']}/"
        ids, after, repeated = collections.Counter(), "2000-01-01T00:00:00Z", 0
        while True:
            answer = requests.get(url + "manifest/", params={"added_after": after, "limit": 301}, timeout=30)
            entries = answer.json().get("objects", [])
            ids.update(entry["id"] for entry in entries)
            dates = [entry["date_added"] for entry in entries]
            assert dates == sorted(dates)
            repeated += len(dates) - len(set(dates))
            if entries:
                assert answer.headers["X-TAXII-Date-Added-First"] == dates[0]
                assert answer.headers["X-TAXII-Date-Added-Last"] == dates[-1]
                after = dates[-1]
            if not answer.json().get("more"):
                break
        # What one label moved at once may coincide with something, now and then; never all of it.
        assert repeated <= 0.02 * len(ids), (repeated, len(ids))
        assert set(ids.values()) == {1}
        assert set(ids) == {o["id"] for o in pages(Collection(url))}
    return f"{len(ids)} in the last collection, {repeated} of a date that another has"


def valid_stix(world, at_most):
    collection = next(c for c in Server(world.url + "/taxii2/").default.collections if "analysts" in c.title)
    objects = pages(collection)
    types, warnings = collections.Counter(), collections.Counter()
    ids = {o["id"] for o in objects}
    for o in objects:
        kind = o["type"] + (" revoked" if o.get("revoked") else "")
        types[kind] += 1
        for reference in [v for k, v in o.items() if k.endswith("_ref")] + [r for k, v in o.items() if k.endswith("_refs") for r in v]:
            assert reference in ids, (o["id"], reference)
        if types[kind] > at_most:
            continue
        result = validate_instance(o, ValidationOptions(version="2.1"))
        assert result.is_valid, [str(error) for error in result.errors]
        warnings.update(str(w) for w in result.warnings or [] if not any(known in str(w) for known in EXPECTED_WARNINGS))
        stix2.parse(o, allow_custom=True)
        if o["type"] in ("ipv4-addr", "domain-name", "url", "email-addr"):
            # The reference implementation makes the same id.
            assert stix2.parse({k: v for k, v in o.items() if k != "id"}, allow_custom=True)["id"] == o["id"]
    assert not warnings, warnings.most_common(5)
    for wanted in ("indicator", "sighting", "campaign", "relationship", "observed-data", "phone-number", "bank-account"):
        assert types[wanted], wanted
    return dict(types)


def below_three(world):
    """For all but analysts no count is below three, and nothing is there that is only monitored."""
    for collection in Server(world.url + "/taxii2/").default.collections:
        if "analysts" in collection.title:
            continue
        for o in pages(collection):
            assert o["type"] != "observed-data"
            assert o.get("count", 3) >= 3, o
    return "none"


def shape(value):
    if isinstance(value, dict):
        return {key: shape(v) for key, v in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def beside_medallion(world):
    """The same requests to OASIS's own server for tests, on the same objects."""
    ours = f"{world.url}/taxii2/ringfence/collections/green/"
    objects = requests.get(ours + "objects/", params={"limit": 40}, timeout=30).json()["objects"]
    manifest = requests.get(ours + "manifest/", params={"limit": 40}, timeout=30).json()["objects"]
    # It wants a version of every object, which observables have not, and takes an extension's own "version" for that.
    objects = [o for o in objects if "created" in o and o["type"] != "extension-definition"]
    manifest = [dict(m, media_type="application/stix+json;version=2.1") for m in manifest if m["id"] in {o["id"] for o in objects}]
    root = "theirs"
    data = {"/discovery": {"title": "t", "default": f"http://localhost/{root}/", "api_roots": [f"http://localhost/{root}/"]},
            root: {"information": {"title": "r", "versions": [MEDIA_TYPE], "max_content_length": 1 << 20}, "status": [],
                     "collections": [{"id": "c", "title": "c", "can_read": True, "can_write": False,
                                      "media_types": ["application/stix+json;version=2.1"], "objects": objects, "manifest": manifest}]}}
    (world.folder / "medallion.json").write_text(json.dumps(data))
    app = medallion.application_instance
    settings = {"users": {"u": "p"}, "taxii": {"max_page_size": 100},
                "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend",
                            "filename": str(world.folder / "medallion.json")}}
    for name in settings:
        medallion.set_config(app, name, settings)
    medallion.register_blueprints(app)
    client = app.test_client()
    one = next(o["id"] for o in objects if o["type"] == "indicator")
    login = {"Authorization": "Basic dTpw"}
    asked = 0
    for path in ("", "objects/", "manifest/", f"objects/{one}/", f"objects/{one}/versions/", "objects/indicator--no/",
                 "objects/?limit=2", "manifest/?limit=2", "objects/?limit=0", "objects/?match[type]=indicator&limit=3",
                 "objects/?added_after=2020-01-01T00:00:00.000000Z&limit=1"):
        for accept in (MEDIA_TYPE, "application/taxii+json;version=2.0", "text/html"):
            theirs = client.get(f"/{root}/collections/c/" + path, headers={"Accept": accept, **login})
            mine = requests.get(ours + path, headers={"Accept": accept}, timeout=30)
            assert mine.status_code == theirs.status_code, (path, accept, mine.status_code, theirs.status_code)
            asked += 1
            if mine.status_code != 200:
                continue
            assert mine.headers["Content-Type"] == theirs.headers["Content-Type"], path
            for header in ("X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"):
                assert (header in mine.headers) or header not in theirs.headers, (path, header)
            mine, theirs = mine.json(), theirs.get_json(force=True)
            for answer in (mine, theirs):
                answer.pop("alias", None)
                # It writes "more": false where there is no more, the standard allows either.
                if not answer.get("more"):
                    answer.pop("more", None)
            if "objects" in mine and path.startswith("objects"):
                mine.update(objects=len(mine["objects"]) > 0)
                theirs.update(objects=len(theirs["objects"]) > 0)
            assert shape(mine) == shape(theirs), (path, shape(mine), shape(theirs))
    return f"{asked} requests with the same answers"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--reports", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--validate", type=int, default=60, help="objects of each type")
    options = parser.parse_args()
    world = World(options.program, options.reports, options.seed)
    world.check(world.files[:-1], ((paged_once_while_others_write, world.files[-1:]), (polled_by_date,), (valid_stix, options.validate),
                                   (below_three,), (beside_medallion,)))


if __name__ == "__main__":
    main()
