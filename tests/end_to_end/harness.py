"""Starts the simulator and nodes as a user would, on loopback ports that the kernel chooses, and talks to them over HTTP."""

import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ.get("QRWELL_BIN_DIR", pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"))
APPID = "wx0123456789abcdef"
SECRET = "simulated-secret-0123456789abcdef"


def closed_window():
    """A window for `windows:` that is not open for hours: without any, a pool is always open."""
    hour = (int(time.time()) // 3600 + 8 + 12) % 24  # Shanghai's hour, and half a day later
    return f'["daily {hour:02}:00-{hour:02}:30"]'


def wait_until(condition, timeout_s=20.0, what="a condition", every_s=0.05):
    """Waits for something that another process does; the bound is generous, since a test never measures time."""
    deadline = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s for {what}")
        time.sleep(every_s)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def call(address, method, path, body=None, headers=None, timeout_s=10.0):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout_s)
    try:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


class Process:
    """A child that is ended with the test, by its process id."""

    def __init__(self, command, log, env=None):
        self.log = log
        self.out = open(log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT,
                                        env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        if self.alive():
            self.process.kill()
        return self.process.wait(10)

    def stop(self, timeout_s=25.0):
        if self.alive():
            self.process.terminate()
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise AssertionError(f"{self.process.args[0]} did not end within {timeout_s} s of SIGTERM") from None
        finally:
            self.out.close()

    def text(self):
        return pathlib.Path(self.log).read_text(errors="replace")


class Simulator:
    def __init__(self, folder, *options, listen="127.0.0.1:0"):
        self.log = folder / "wechat-sim.log"
        self.process = Process([str(BIN / "wechat-sim"), "--listen", listen, "--app", f"{APPID}:{SECRET}", *options], self.log)
        found = wait_until(lambda: re.search(r"listening on (127\.0\.0\.1:\d+)", self.process.text()), what="the simulator")
        self.address = found.group(1)

    def fault(self, *faults):
        """Faults as tools/wechat-sim/README.md lists them."""
        answer = call(self.address, "POST", "/sim/faults", list(faults))
        assert answer.status == 200, answer

    def heal(self):
        self.fault({"kind": "none"})

    def state(self):
        return call(self.address, "GET", "/sim/state").json

    def app(self):
        apps = self.state()["apps"]
        return apps[APPID] if isinstance(apps, dict) else apps[0]

    def stop(self):
        if self.process.alive():
            self.process.stop()


class Node:
    """One node with an embedded store in a folder of its own; may be killed and started again."""

    def __init__(self, folder, simulator, *, per_minute=5000, live_reserve=0, low=100, high=400, reserve=0, on_empty="[]", extra="",
                 windows='["daily 00:00-24:00"]', pool_extra="", env=None):
        self.folder = folder
        self.config = folder / "qrwell.yaml"
        self.env = env
        self.starts = 0
        self.process = None
        self.admin_key = None
        wechat = simulator if isinstance(simulator, str) else simulator.address
        self.config.write_text(f"""
node: {{ name: n1, data_dir: "{folder}/data" }}
http: {{ listen: "127.0.0.1:0", admin_listen: "127.0.0.1:0" }}
apps:
  - {{ name: homes, appid: {APPID}, secret: "{SECRET}", per_minute: {per_minute}, live_reserve: {live_reserve} }}
pools:
  - name: default
    app: homes
    page: pages/qr/index
    stock: {{ low: {low}, high: {high}, reserve: {reserve} }}
    timezone: Asia/Shanghai
    windows: {windows}
    on_empty: {on_empty}
{pool_extra}
wechat: {{ hosts: ["http://{wechat}"] }}
store: {{ sqlite: "{folder}/data/qrwell.db" }}
images: {{ dir: "{folder}/data/images", min_free_bytes: 64MiB }}
log: {{ level: info, format: json }}
{extra}
""")

    @property
    def data(self):
        return self.folder / "data"

    def start(self, timeout_s=30.0):
        self.starts += 1
        log = self.folder / f"node-{self.starts}.log"
        self.process = Process([str(BIN / "qrwell"), "serve", "-c", str(self.config)], log, self.env)

        def ready():
            assert self.process.alive(), f"the node ended: {self.process.text()[-2000:]}"
            for line in self.process.text().splitlines():
                if line.startswith("{") and json.loads(line).get("msg") == "ready":
                    return json.loads(line)
            return None

        line = wait_until(ready, timeout_s, "the node to be ready", every_s=0.02)
        self.address, self.admin_address = line["listen"], line["admin_listen"]
        return self

    def kill(self):
        self.process.kill()

    def stop(self):
        code = self.process.stop() if self.process and self.process.alive() else None
        return code

    @property
    def admin_token(self):
        return (self.data / "admin.token").read_text().strip()

    def admin(self, method, path, body=None):
        return call(self.admin_address, method, path, body, {"Authorization": f"Bearer {self.admin_token}"}, timeout_s=30)

    def call(self, method, path, body=None, key=None, headers=None, timeout_s=10.0):
        headers = dict(headers or {})
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return call(self.address, method, path, body, headers, timeout_s)

    def key(self, name="shop", scopes=("issue", "read"), **more):
        answer = self.admin("POST", "/v1/keys", {"name": name, "scopes": list(scopes), **more})
        assert answer.status == 201, answer
        return answer.json["key"]

    def pool(self):
        return self.admin("GET", "/v1/pools/default").json

    def status(self):
        return self.admin("GET", "/v1/status").json

    def wait_for_stock(self, codes, timeout_s=60.0):
        return wait_until(lambda: self.pool().get("level", 0) >= codes, timeout_s, f"{codes} codes in stock")

    def issue(self, key, path="pages/house/detail", query=None, headers=None, **more):
        body = {"path": path, **({"query": query} if query is not None else {}), **more}
        return self.call("POST", "/v1/codes", body, key, headers)

    def problems(self):
        return " | ".join(f"{p['where']}: {p['what']}" for p in self.status()["problems"])

    def lines(self, **wanted):
        """The JSON lines of the log so far whose members have these values."""
        text = self.process.text()
        text = text[:text.rfind("\n") + 1]  # the last one may be half written
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in lines if all(line.get(name) == value for name, value in wanted.items())]

    def wait_for_line(self, timeout_s=20.0, **wanted):
        return wait_until(lambda: self.lines(**wanted), timeout_s, f"a line of the log with {wanted}")[-1]

    def reload(self, changes):
        """Replaces texts of the configuration, {old: new}, and has it read again (SIGHUP)."""
        text = self.config.read_text()
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        self.config.write_text(text)
        self.process.process.send_signal(signal.SIGHUP)

    def metrics(self):
        """{name: {labels: value}} of the operator's listener, every line checked against the text format."""
        answer = call(self.admin_address, "GET", "/metrics", timeout_s=30)
        assert answer.status == 200, answer
        sample = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
        comment = re.compile(r"# (?:HELP [a-zA-Z_:][a-zA-Z0-9_:]* .+|TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (?:counter|gauge|histogram))")
        out = {}
        for line in answer.body.decode().splitlines():
            if line.startswith("#"):
                assert comment.fullmatch(line), line
                continue
            found = sample.fullmatch(line)
            assert found, line
            name, labels, value = found.groups()
            assert labels not in out.setdefault(name, {}), line
            out[name][labels or ""] = float(value)
        return out

    def cli(self, *words, expect=0, input_text=None):
        done = subprocess.run([str(BIN / "qrwell"), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if expect is not None:
            assert done.returncode == expect, f"{words}: exit {done.returncode}: {done.stdout} {done.stderr}"
        return done

    def verify(self):
        done = self.cli("verify", "-c", str(self.config), "--json", expect=None)
        report = json.loads(done.stdout)
        bad = [f for f in report["findings"] if not f["ok"]]
        assert done.returncode == 0 and not bad, bad
        return report


class EndToEnd(unittest.TestCase):
    """A folder, and whatever is started in it; all of it is gone afterwards."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="qrwell-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def simulator(self, *options, **more):
        simulator = Simulator(self.folder, *options, **more)
        self.addCleanup(simulator.stop)
        return simulator

    def node(self, simulator, **settings):
        node = Node(self.folder, simulator, **settings)

        def end():
            if node.process and node.process.alive():
                node.process.kill()

        self.addCleanup(end)
        return node

    def assert_problem(self, answer, status, code, *words):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json", answer)
        problem = answer.json
        self.assertEqual(problem["status"], status)
        self.assertEqual(problem["code"], code, problem)
        for word in words:
            self.assertIn(word, problem["detail"])
        return problem


class OneNode(EndToEnd):
    """Tests that start a node, self.n, and make a key for it, self.key."""

    def draw(self, count):
        """Issues so many codes; their ids."""
        answers = [self.n.issue(self.key) for _ in range(count)]
        self.assertEqual({a.status for a in answers}, {201}, [a for a in answers if a.status != 201][:2])
        return [a.json["id"] for a in answers]

    def check_images(self, ids):
        """Each is the image that the simulator drew for this id."""
        for code in ids:
            image = self.n.call("GET", f"/v1/codes/{code}/image")
            self.assertEqual(image.status, 200)
            self.assertIn(b"scene=" + code.encode(), image.body)
