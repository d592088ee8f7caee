"""POST /v1/codes/batch over the wire."""

import collections
import hashlib
import socket
import threading

from end_to_end.harness import EndToEnd


def statuses(answer):
    return collections.Counter(result["status"] for result in answer.json["results"])


class Batch(EndToEnd):
    def setUp(self):
        super().setUp()
        self.well = self.node(self.simulator(), low=1500, high=1600, per_minute=30000)
        self.well.start()
        self.shop = self.well.key("shop")

    def batch(self, items, key=None, headers=None, **more):
        return self.well.call("POST", "/v1/codes/batch", {"items": items, **more}, key or self.shop, headers, timeout_s=60)

    def status_of_length(self, length):
        """Of a body of blanks that is said to have this length; sent only if the node wants it."""
        host, port = self.well.address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=20) as peer:
            peer.sendall(f"POST /v1/codes/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.shop}\r\n"
                         f"Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n".encode())
            status = int(peer.recv(4096).split()[1])
            if status != 100:
                return status
            peer.sendall(b" " * length)
            return int(peer.recv(4096).split()[1])

    def test_batches(self):
        well = self.well
        well.wait_for_stock(1500)

        # five hundred, each resolves, in order
        answer = self.batch([{"path": "pages/house/detail", "query": {"house": i}} for i in range(500)])
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(statuses(answer), {201: 500})
        codes = [result["code"] for result in answer.json["results"]]
        self.assertEqual([code["query"]["house"] for code in codes], list(range(500)))
        self.assertEqual(len({code["id"] for code in codes}), 500)
        for code in codes[::100]:
            self.assertEqual(well.call("GET", f"/v1/scenes/{code['id']}").json["query"], code["query"])

        # each item for itself
        answer = self.batch([{"path": "pages/a"}, {"path": "/a"}, "x", {"path": "pages/a", "pool": "none"},
                             {"path": "pages/a", "on_empty": ["live"]}])
        self.assertEqual([result["status"] for result in answer.json["results"]], [201, 400, 400, 400, 400], answer)
        self.assertIn("path", answer.json["results"][1]["error"]["detail"])
        self.assertEqual(answer.json["results"][1]["error"]["type"], "/problems/invalid_request")

        # one key twice inside: the replay, or 422
        answer = self.batch([{"path": "pages/a", "idempotency_key": "twice"}, {"path": "pages/a", "idempotency_key": "twice"},
                             {"path": "pages/b", "idempotency_key": "twice"}])
        first, second, third = answer.json["results"]
        self.assertEqual([first["status"], second["status"], third["status"]], [201, 200, 422])
        self.assertEqual(first["code"]["id"], second["code"]["id"])
        self.assertTrue(second["replayed"])
        # and the same key alone
        single = well.issue(self.shop, "pages/a", headers={"Idempotency-Key": "twice"})
        self.assertEqual((single.status, single.json["id"]), (200, first["code"]["id"]))

        # a key for the whole batch, repeated; item 1 alone has the derived key
        items = [{"path": "pages/c", "query": {"n": i}} for i in range(40)]
        once = self.batch(items, headers={"Idempotency-Key": "order-7"})
        again = self.batch(items, headers={"Idempotency-Key": "order-7"})
        self.assertEqual(statuses(once), {201: 40})
        self.assertEqual(statuses(again), {200: 40})
        self.assertEqual([r["code"]["id"] for r in once.json["results"]], [r["code"]["id"] for r in again.json["results"]])
        derived = hashlib.sha256(b"order-7").hexdigest()[:32] + ".1"
        single = well.issue(self.shop, "pages/c", {"n": 1}, headers={"Idempotency-Key": derived})
        self.assertEqual((single.status, single.json["id"]), (200, once.json["results"][1]["code"]["id"]))

        # ten targets, a hundred times each
        targets = [{"path": "pages/reuse", "query": {"t": i % 10}, "reuse": True} for i in range(500)]
        got = [None, None]

        def send(number):
            got[number] = self.batch(targets)

        threads = [threading.Thread(target=send, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ids = {r["code"]["id"] for answer in got for r in answer.json["results"]}
        self.assertEqual(len(ids), 10)
        self.assertEqual(sum((statuses(answer) for answer in got), collections.Counter()), {201: 10, 200: 990})

        well.verify()

    def test_refused_as_a_whole(self):
        well = self.well
        self.assert_problem(self.batch([]), 400, "invalid_request", "items")
        self.assert_problem(self.batch([{"path": "pages/a"}] * 501), 400, "invalid_request", "1 to 500")
        self.assert_problem(self.batch([{"path": "pages/a"}], pool="default"), 400, "invalid_request", "pool")
        self.assert_problem(well.call("POST", "/v1/codes/batch", "{", self.shop, {"Content-Type": "application/json"}), 400,
                            "invalid_request")
        self.assert_problem(well.call("POST", "/v1/codes/batch", "{}", self.shop, {"Content-Type": "text/plain"}), 415,
                            "unsupported_media_type")
        self.assert_problem(well.call("POST", "/v1/codes/batch", {"items": [{"path": "a"}]}), 401, "unauthorized")
        reader = well.key("reader", scopes=("read",))
        self.assert_problem(self.batch([{"path": "pages/a"}], key=reader), 403, "forbidden")
        self.assert_problem(self.batch([{"path": "pages/a"}], headers={"Idempotency-Key": "a b"}), 400, "invalid_request")
        for length, status in ((4 * 1024 * 1024 + 1, 413), (4 * 1024 * 1024, 400)):
            self.assertEqual(self.status_of_length(length), status)
        answer = well.call("GET", "/v1/codes/batch", key=self.shop)
        self.assertEqual(answer.status, 405)
        self.assertIn("POST", answer.headers["allow"])

    def test_rate_and_singles_beside_it(self):
        well = self.well
        well.wait_for_stock(1500)
        slow = well.key("slow", rate_per_s=20)
        got = {}

        def send():
            got["slow"] = self.batch([{"path": "pages/a"}] * 50, key=slow)

        thread = threading.Thread(target=send)
        thread.start()
        # Others are served meanwhile.
        for _ in range(20):
            self.assertEqual(well.issue(self.shop).status, 201)
        thread.join()
        self.assertEqual(statuses(got["slow"]), {201: 50}, "items wait for their key's rate")
        tenant = well.key("tenant", paths=["pages/house"])
        answer = self.batch([{"path": "pages/house/x"}, {"path": "pages/shop"}], key=tenant)
        self.assertEqual([r["status"] for r in answer.json["results"]], [201, 403])
        well.verify()
