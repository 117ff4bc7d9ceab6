"""A server of its own for a test, on a made-up world."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


class World:
    """Without reports it is empty. Options are the server's."""

    def __init__(self, program, reports, seed, options=()):
        self.options = options
        self.program = str(pathlib.Path(program).resolve())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringfence-http-"))
        if reports:
            self.run("sample", "--reports", str(reports), "--seed", str(seed), "--out", str(self.folder / "sample"))
        self.files = sorted(p for p in (self.folder / "sample").glob("*.jsonl") if p.stem != "truth")
        self.log = open(self.folder / "server.log", "w")
        self.start()

    def start(self):
        self.server = subprocess.Popen([self.program, "serve", "--data", str(self.folder / "data"), "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0",
                                        *self.options],
                                       stdout=subprocess.PIPE, stderr=self.log, text=True)
        served = re.search(r"gRPC on ([^,]+), HTTP on http://([^/]+)/", self.server.stdout.readline())
        if not served:
            sys.exit("the server does not start: see " + str(self.folder / "server.log"))
        self.grpc, self.http = served.groups()
        self.url = f"http://{self.http}"

    def run(self, *command):
        done = subprocess.run([self.program, *command], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def begin_ingest(self, files):
        return [subprocess.Popen([self.program, "ingest", "--server", self.grpc, "--partner", file.stem,
                                  "--rejects", str(self.folder / (file.stem + ".rejects")), str(file)],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for file in files]

    def ingest(self, files):
        for process in self.begin_ingest(files):
            assert process.wait(300) == 0
        self.await_quiet()

    def await_quiet(self):
        self.run("status", "--server", self.grpc, "--wait-quiet", "240")

    def check(self, files, checks):
        """Sends these files' reports, then calls each with this world and its arguments and prints what it says. The folder stays where
        one fails."""
        try:
            self.ingest(files)
            for check, *arguments in checks:
                print(f"{check.__name__}: {check(self, *arguments)}", flush=True)
        except BaseException:
            self.stop()
            print("see", self.folder)
            raise
        self.remove()

    def reports(self):
        for file in self.files:
            with open(file) as lines:
                for line in lines:
                    try:
                        yield json.loads(line)
                    except ValueError:
                        pass        # samples hold what is no report, too

    def stop(self):
        self.server.terminate()
        assert self.server.wait(60) == 0

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)
