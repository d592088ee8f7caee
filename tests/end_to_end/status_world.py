"""What tests/end_to_end/test_every_status.py provokes answers with: a node with a code in every state and keys of every kind."""

import contextlib
import fcntl
import functools
import http.client
import socket
import sqlite3
import urllib.parse

from end_to_end.harness import Answer, Node, call, wait_until

PREFIX = "https://q.example.cn/"
UNKNOWN_ID = "zzzzzzzzzzzzzzzzzzzz"

COLUMNS = "id,state,pool,owner,path,query,tags,created_at,expires_at,version,kind"
ROW = ",bound,default,shop,pages/a,,,2026-11-21T08:15:30.123Z,,1,wxacode"  # behind its id

POOLS = f"""
  - name: links
    app: homes
    page: pages/qr/index
    stock: {{ low: 0, high: 0 }}
    on_empty: [link]
    link_prefixes: ["{PREFIX}"]
  - name: kept
    app: homes
    page: pages/qr/index
    stock: {{ low: 1, high: 1, reserve: 1 }}
    on_empty: []
"""

CASES = {}  # (operationId, status) -> functions of a world that give one answer or several


def case(operation, *statuses):
    def add(function):
        for status in statuses:
            CASES.setdefault((operation, status), []).append(function)
        return function
    return add


def raw(address, request):
    """Bytes as they are -> the first answer to them."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        with contextlib.suppress(ConnectionError):  # who is refused early may be answered before all is sent
            connection.sendall(request)
        return read_answer(connection, request.split(b" ", 1)[0].decode())


def read_answer(connection, method):
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


class World:
    """A node with a code in every state and keys of every kind."""

    def __init__(self, test):
        self.test, self.sim = test, test.simulator("--latency", "1:5")
        self.n = test.node(self.sim, low=200, high=300, pool_extra=POOLS, extra=(
            "limits: { header_timeout: 1s, body_timeout: 100ms, scan_flush: 100ms, db_timeout: 1s, batch_deadline: 2s }")).start()
        self.n.wait_for_stock(100)
        self.names = 0
        self.shop, self.reader = self.n.key("shop"), self.n.key("reader", ("read",), owner="shop")
        self.writer = self.n.key("writer", ("issue",), owner="shop")
        self.boss = self.n.key("boss", ("issue", "read", "admin"))
        self.narrow = self.n.key("narrow", ("issue", "read"), owner="shop", pools=["default"], paths=["pages/house/"])
        self.code = self.bind()
        self.link = wait_until(lambda: (a := self.n.issue(self.shop, pool="links")).status == 201 and a, what="a link code").json["id"]
        self.revoked, self.expired = self.bind(), self.bind(expires_in=1)
        self.n.call("DELETE", f"/v1/codes/{self.revoked}", None, self.shop)
        wait_until(lambda: self.ask("GET", f"/v1/scenes/{self.expired}").status == 410, what="a code to expire")

    def fresh(self, what="name"):
        self.names += 1
        return f"{what}-{self.names}"

    def bind(self, **more):
        answer = self.n.issue(self.shop, **more)
        assert answer.status == 201, answer
        return answer.json["id"]

    def issue(self, key=None, headers=None, **more):
        return self.ask("POST", "/v1/codes", {"path": "pages/house/detail", **more}, key or self.shop, headers)

    def ask(self, method, path, body=None, key=None, headers=None):
        return self.n.call(method, path, body, key, headers, timeout_s=30)

    def op(self, method, path, body=None, key=None, headers=None):
        """On the operators' listener."""
        headers = {"Authorization": f"Bearer {key or self.n.admin_token}", **(headers or {})}
        return call(self.n.admin_address, method, path, body, headers, timeout_s=30)

    def path_of(self, operation):
        """The path and the query that an operation needs, of things that there are."""
        names = {"pools": "default", "apps": "homes", "keys": "shop"}
        job = self.bad_import if operation.id == "badRows" else self.export if operation.tells_of_jobs else None
        path = operation.path.replace("{id}", str(job) if job else self.code)
        if "{name}" in path:
            path = path.replace("{name}", names[path.split("/")[2]])
        needed = {"resolveLink": {"q": PREFIX + self.link}, "prefetchScene": {"query": f"scene={self.code}"},
                  "continueImport": {"offset": 1}}.get(operation.id)
        return path + ("?" + urllib.parse.urlencode(needed) if needed else "")

    def address_of(self, operation):
        return self.n.admin_address if operation.is_operators else self.n.address

    def head_of(self, operation, *fields, path="", version="1.1"):
        lines = [f"{operation.method} {path or self.path_of(operation)} HTTP/{version}", "Host: qr.example.com",
                 f"Authorization: Bearer {self.boss}", *fields]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def sent(self, operation, *fields, body=b"", **more):
        return raw(self.address_of(operation), self.head_of(operation, *fields, **more) + body)

    def job(self, number):
        """When it has ended."""
        return wait_until(lambda: (j := self.op("GET", f"/v1/jobs/{number}").json)["state"] not in ("queued", "running") and j,
                          timeout_s=60, what=f"the end of job {number}")

    def csv(self, method, path, text, key=None):
        return self.ask(method, path, text, key or self.boss, {"Content-Type": "text/csv"})

    @functools.cached_property
    def export(self):
        """The number of an export that is done."""
        return self.job(self.ask("POST", "/v1/exports", {}, self.shop).json["id"])["id"]

    @functools.cached_property
    def bad_import(self):
        """The number of an import of which a row was bad."""
        return self.job(self.csv("POST", "/v1/imports", f"{COLUMNS}\n!{ROW}\n").json["id"])["id"]

    @functools.cached_property
    def second(self):
        """Another node of the same account, with places for two clients."""
        folder = self.test.folder / "second"
        folder.mkdir()
        node = Node(folder, self.sim, low=1, high=1, extra="limits: { connections_max: 2, header_timeout: 5min }")
        self.test.addCleanup(lambda: node.process and node.process.stop())
        return node.start()

    def delete_image(self, code):
        files = [file for file in (self.n.data / "images").rglob("*") if file.is_file() and code in file.name]
        assert files, f"no image of {code}"
        for file in files:
            file.unlink()

    @contextlib.contextmanager
    def store_locked(self):
        """Another process writes and does not end: nobody else can."""
        with sqlite3.connect(self.n.data / "qrwell.db", timeout=30, isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                db.execute("ROLLBACK")
        db.close()

    def job_of_another_node(self):
        """Its number; as a node that shares the store would have written it."""
        with contextlib.closing(sqlite3.connect(self.n.data / "qrwell.db", timeout=30)) as db, db:
            number = db.execute("SELECT max(job_id) + 1 FROM jobs").fetchone()[0]
            columns = [row[1] for row in db.execute("PRAGMA table_info(jobs)")]
            taken = ", ".join({"job_id": "?", "node": "'n9'", "state": "1"}.get(name, name) for name in columns)
            db.execute(f"INSERT INTO jobs SELECT {taken} FROM jobs WHERE job_id = ?", (number, number - 1))
        return number

    @contextlib.contextmanager
    def store_silent(self):
        """Another process has all locks of the log: whoever reads or writes waits for it. (SQLite: 8 bytes from 120 in the -shm file.)"""
        with open(self.n.data / "qrwell.db-shm", "r+b") as shared:
            def take():
                try:
                    fcntl.lockf(shared, fcntl.LOCK_EX | fcntl.LOCK_NB, 8, 120)
                    return True
                except OSError:
                    return False
            wait_until(take, every_s=0.001, what="the locks of the log")
            try:
                yield
            finally:
                fcntl.lockf(shared, fcntl.LOCK_UN, 8, 120)
