#!/usr/bin/env python3
"""What a server took comes out of its data directory as files: `replay` gives the same of them as of the files that were sent, and a new
server that they are sent to publishes the same. Not while a server runs, and nothing is overwritten.

    export_test.py --programs build/release/bin
"""
import argparse
import json
import pathlib
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import services  # noqa: E402
from overrides_test import Server  # noqa: E402


def export(program, data, out, *options, expect=0):
    done = subprocess.run([program, "export", "reports", "--data", str(data), "--out", str(out), *options], capture_output=True, text=True)
    assert done.returncode == expect, f"exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def send(server, sample):
    for file in services.partner_files(sample):
        server.run("ingest", "--partner", file.stem, "--rejects", f"{server.folder}/{file.stem}.rejects", str(file))
    server.run("status", "--wait-quiet", "120")


def replayed(program, reports, out):
    services.run(program, "replay", reports, "--out", out)
    indicators, campaigns = ([json.loads(line) for line in open(out / f"{name}.jsonl")] for name in ("indicators", "campaigns"))
    return [services.without_past(indicator) for indicator in indicators], campaigns


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    program = str(parser.parse_args().programs.resolve() / "ringfence")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sample, out = folder / "sample", folder / "exported"
        services.run(program, "sample", "--reports", "3000", "--seed", "11", "--out", sample)
        (folder / "one").mkdir()
        server = Server(program, str(folder / "one"), "--partitions", "3")
        data = folder / "one/data"
        send(server, sample)
        said = export(program, data, out, expect=3)
        assert "does a server run on it?" in said and not out.exists(), said
        published = server.set()
        server.stop()

        said = export(program, data, out)
        partners = [file.stem for file in services.partner_files(sample)]
        assert len(partners) > 2 and all(f"{out}/{partner}.jsonl" in said for partner in partners), said
        assert sorted(file.name for file in out.iterdir()) == [f"{partner}.jsonl" for partner in partners]
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in out.iterdir()) and stat.S_IMODE(out.stat().st_mode) == 0o700
        before, after = replayed(program, sample, folder / "before"), replayed(program, out, folder / "after")
        assert before == after and len(before[0]) > 1000, [[len(of) for of in both] for both in (before, after)]

        # What is there stays as it is.
        (out / f"{partners[0]}.jsonl").write_text("mine\n")
        assert "exists" in export(program, data, out, expect=3)
        assert (out / f"{partners[0]}.jsonl").read_text() == "mine\n"
        said = export(program, data, folder / "alone", "--partner", partners[1])
        assert [file.name for file in (folder / "alone").iterdir()] == [f"{partners[1]}.jsonl"], said
        assert (folder / "alone" / f"{partners[1]}.jsonl").read_bytes() == (out / f"{partners[1]}.jsonl").read_bytes()
        assert "nobody" in export(program, data, folder / "none", "--partner", "nobody", expect=3)
        assert "no server has written here" in export(program, folder / "nowhere", folder / "none", expect=3)
        assert not (folder / "none").exists() and not (folder / "nowhere").exists()
        services.run(program, "export", "reports", "--data", data, expect=2)
        services.run(program, "export", expect=2)

        # A new data directory of one's own log; exporting has changed nothing in the old one.
        server.start()
        assert server.set() == published
        server.stop()
        (out / f"{partners[0]}.jsonl").unlink()
        export(program, data, folder / "again")
        (folder / "two").mkdir()
        other = Server(program, str(folder / "two"))
        send(other, folder / "again")
        services.expect_equal(published, other.set(), "the set of a new data directory")
        other.stop()
    print(f"{len(partners)} partners' reports, {len(before[0])} indicators: the same again, replayed and sent anew")


if __name__ == "__main__":
    sys.exit(main())
