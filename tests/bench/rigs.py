"""What is measured and what measures: nginx as the reference, a node with a stock made beforehand, qrload."""

import json
import pathlib
import pwd
import os
import shutil
import socket
import statistics
import subprocess
import time

from end_to_end import harness

from bench import machine

BIN = harness.BIN
NOWHERE = "127.0.0.1:1"  # where a node that must not stock looks for WeChat


class Missing(Exception):
    """Something that must be there before anything can be measured."""


def find_nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def check_all_there():
    for name in ("qrwell", "wechat-sim", "qrload", "make_stock", "make_store"):
        if not os.access(BIN / name, os.X_OK):
            raise Missing(f"{BIN / name} is not there: build it with tools/build release qrwell wechat-sim qrload make_stock make_store")
    if not find_nginx():
        raise Missing("nginx is not there: tools/setup --tests installs nginx-light (apt-get install nginx-light)")


class Nginx:
    """One worker that answers a fixed 200 to everything, with bodies as long as ours: the most that this machine, its loopback
    and the same client allow."""

    def __init__(self, folder, issue_bytes, scan_bytes):
        self.folder = folder / "nginx"
        self.folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % probe.getsockname()[1]
        user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
        body = lambda size: '{"id":"00000000000000000000","path":"%s"}' % ("x" * max(0, size - 41))
        temp = " ".join(f"{what}_temp_path {what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
{user} worker_processes 1; daemon off; pid nginx.pid; error_log stderr warn;
events {{ worker_connections 16384; }}
http {{
  access_log off; {temp}
  keepalive_requests 1000000000; keepalive_timeout 600s;
  server {{
    listen {self.address} backlog=4096;
    default_type application/json;
    location /v1/codes {{ return 200 '{body(issue_bytes)}'; }}
    location / {{ return 200 '{body(scan_bytes)}'; }}
  }}
}}
""")
        self.process = harness.Process([find_nginx(), "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"],
                                       self.folder / "nginx.log")
        harness.wait_until(self.answers, what="nginx: " + self.process.text())
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.pid = int(children[0])

    def answers(self):
        if not self.process.alive():
            raise Missing(f"nginx ended: {self.process.text()}")
        try:
            return harness.call(self.address, "GET", "/").status == 200
        except OSError:
            return False

    def stop(self):
        self.process.stop()


class StockedNode(harness.Node):
    """A node whose stock was made beforehand and that never calls WeChat."""

    def __init__(self, folder):
        super().__init__(folder, NOWHERE, low=0, high=1, windows=harness.closed_window())

    def make_stock(self, stock, bound, ids):
        """In memory first, if there is room, since there a sync costs nothing; then copied to where it is measured."""
        began = time.monotonic()
        memory = pathlib.Path("/dev/shm")
        roomy = memory.is_dir() and shutil.disk_usage(memory).free > (stock + bound) * 2048 and os.access(memory, os.W_OK)
        draft_folder = memory / f"qrwell-bench-{os.getpid()}" if roomy else self.folder
        try:
            draft_folder.mkdir(exist_ok=True)
            draft = StockedNode(draft_folder) if roomy else self
            done = subprocess.run([str(BIN / "make_stock"), "-c", str(draft.config), "--stock", str(stock), "--bound", str(bound),
                                   "--ids", str(ids)], capture_output=True, text=True, timeout=600, check=False)
            if done.returncode != 0:
                raise Missing(f"make_stock: {done.stderr.strip()}")
            if roomy:
                shutil.copytree(draft.data, self.data)
                os.sync()
        finally:
            if roomy:
                shutil.rmtree(draft_folder, ignore_errors=True)
        return {**json.loads(done.stdout), "made_s": time.monotonic() - began}

    def start_timed(self):
        """Milliseconds from the start of the program to the log's `ready`, and to the first 200 of /readyz?for=issue."""
        self.starts += 1
        log = self.folder / f"node-{self.starts}.log"
        began = time.monotonic()
        self.process = harness.Process([str(BIN / "qrwell"), "serve", "-c", str(self.config)], log)

        def ready():
            assert self.process.alive(), f"the node ended: {self.process.text()[-2000:]}"
            lines = [line for line in self.process.text().splitlines() if '"msg":"ready"' in line and line.endswith("}")]
            return json.loads(lines[0]) if lines else None

        line = harness.wait_until(ready, 60, "the node to be ready", every_s=0.002)
        ready_ms = (time.monotonic() - began) * 1e3
        self.address, self.admin_address = line["listen"], line["admin_listen"]
        harness.wait_until(lambda: harness.call(self.admin_address, "GET", "/readyz?for=issue").status == 200, 30,
                           "/readyz?for=issue", every_s=0.002)
        return {"log_ms": ready_ms, "ready_ms": (time.monotonic() - began) * 1e3, "rss_mb": machine.rss_mb(self.process.pid)}


class Load:
    """qrload against somebody, with the processor time that it cost them."""

    def __init__(self, key_file, ids_file, connections):
        self.key_file, self.ids_file, self.connections = key_file, ids_file, connections

    def run(self, address, pid, mix, seconds, rate=None, count=None, ids=None):
        command = [str(BIN / "qrload"), "--url", f"http://{address}", "--key-file", str(self.key_file), "--mix", mix,
                   "--connections", str(self.connections), "--duration", str(seconds), "--json"]
        command += ["--idempotency", "0.5"] if mix == "issue" else ["--ids", str(ids or self.ids_file)]
        command += (["--rate", f"{rate:.0f}/s"] if rate else []) + (["--count", str(count)] if count else [])
        meter = machine.Meter([pid])
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
        used = meter.read()
        try:
            said = json.loads(done.stdout)
        except ValueError:
            raise Missing(f"qrload said nothing: {done.stderr.strip()}") from None
        kind = said[mix]
        # nginx does not echo the target, which qrload calls wrong: for it, a 200 is all that is asked.
        good = sum(n for status, n in kind["by_status"].items() if status in ("200", "201"))
        return {"rate": good / said["elapsed_s"] if said["elapsed_s"] else 0.0, "answers": good, "ok": kind["ok"],
                "sent": kind["sent"] + said["unsent"], "not_200": kind["sent"] + said["unsent"] - good,
                "times_ms": kind["times_ms"], "cpu_us": used["cpu_s"][pid] * 1e6 / max(1, good),
                "server_cores": used["cpu_s"][pid] / said["elapsed_s"], "client_cores": said["busy_s"] / said["elapsed_s"],
                "rss_mb": machine.rss_mb(pid), "others": used["others"]}


def spread(values):
    """Median, least and most."""
    values = list(values)
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}
