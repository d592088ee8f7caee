"""What a client sees of HTTP itself: ranges, keys that guard nothing, and places when there are few."""

import contextlib
import http.client
import socket

from end_to_end.harness import EndToEnd, call, wait_until


class OverHttp(EndToEnd):
    def stocked(self, **more):
        node = self.node(self.simulator("--latency", "1:5"), low=20, high=40, **more).start()
        node.wait_for_stock(20)
        return node, node.key()

    def test_the_image_comes_in_parts_as_long_as_it_is_the_same(self):
        node, key = self.stocked()
        image = f"/v1/codes/{node.issue(key).json['id']}/image"
        whole = call(node.address, "GET", image)
        tag, size = whole.headers["etag"], len(whole.body)
        self.assertIn("gmt", whole.headers["date"].lower())
        cases = [
            ({"Range": "bytes=2-5"}, 206, whole.body[2:6], f"bytes 2-5/{size}"),
            ({"Range": "bytes=-4"}, 206, whole.body[-4:], f"bytes {size - 4}-{size - 1}/{size}"),
            ({"Range": f"bytes={size - 1}-"}, 206, whole.body[-1:], f"bytes {size - 1}-{size - 1}/{size}"),
            ({"Range": "bytes=2-5", "If-Range": tag}, 206, whole.body[2:6], f"bytes 2-5/{size}"),
            ({"Range": "bytes=2-5", "If-Range": '"another"'}, 200, whole.body, None),
            ({"Range": "bytes=2-5", "If-Range": "W/" + tag}, 200, whole.body, None),
            ({"Range": "bytes=2-5", "If-Range": whole.headers["date"]}, 200, whole.body, None),
            ({"Range": "bytes=2-5", "If-None-Match": tag}, 304, b"", None),
            ({"Range": "bytes=2-5,7-8"}, 200, whole.body, None),
            ({"Range": "bytes=five"}, 200, whole.body, None),
        ]
        for headers, status, body, content_range in cases:
            with self.subTest(headers=headers):
                answer = call(node.address, "GET", image, headers=headers)
                self.assertEqual((answer.status, answer.body), (status, body))
                self.assertEqual(answer.headers.get("content-range"), content_range)
        outside = call(node.address, "GET", image, headers={"Range": f"bytes={size}-"})
        self.assert_problem(outside, 416, "range_not_satisfiable", str(size))
        self.assertEqual(outside.headers["content-range"], f"bytes */{size}")

    def test_what_would_be_taken_for_nothing_is_refused(self):
        node, key = self.stocked()
        for value in ("", " ", "a b", "x" * 129, "\xe9"):
            with self.subTest(value=value[:20]):
                answer = node.issue(key, headers={"Idempotency-Key": value})
                self.assert_problem(answer, 400, "invalid_request", "Idempotency-Key", "1 to 128 visible ASCII")
        for wanted in (["live"], ["link"]):
            answer = node.issue(key, on_empty=wanted)
            self.assert_problem(answer, 400, "invalid_request", "on_empty", wanted[0], "pool 'default', which is []")
        self.assertEqual(node.issue(key, on_empty=[]).status, 201)
        packed = node.call("POST", "/v1/codes", b"\x1f\x8b", key,
                           {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.assert_problem(packed, 415, "unsupported_media_type", "Content-Encoding")
        self.assertTrue(node.verify()["ok"])

    def test_with_all_places_taken_a_new_client_is_served_or_told_so_at_once(self):
        node, key = self.stocked(extra="limits: { connections_max: 3, idle_timeout: 1h, header_timeout: 5min }")
        code = node.issue(key).json["id"]
        host, port = node.address.rsplit(":", 1)
        with contextlib.ExitStack() as open_ones:
            for _ in range(3):
                half = open_ones.enter_context(socket.create_connection((host, int(port)), timeout=10))
                half.sendall(b"GET /v1/scenes/" + code.encode())  # at work: its request is not complete
            wait_until(lambda: node.metrics()["qrwell_http_connections"]['listener="open"'] >= 3, what="three at work")
            answer = call(node.address, "GET", f"/v1/scenes/{code}")
            self.assert_problem(answer, 503, "overloaded")
            self.assertEqual((answer.headers["retry-after"], answer.headers["connection"]), ("1", "close"))
        with contextlib.ExitStack() as open_ones:
            idle = [http.client.HTTPConnection(host, int(port), timeout=10) for _ in range(3)]
            for connection in idle:
                open_ones.callback(connection.close)
                connection.request("GET", f"/v1/scenes/{code}")
                self.assertEqual(connection.getresponse().read()[:1], b"{")
            # Each of them keeps its place for a second.
            wait_until(lambda: call(node.address, "GET", f"/v1/scenes/{code}").status == 200, what="a place")
            self.assertEqual(idle[0].sock.recv(1), b"", "the one that was idle longest made room")
        counts = node.metrics()
        self.assertGreaterEqual(counts["qrwell_http_connections_refused_total"]['listener="open"'], 1)
        self.assertGreaterEqual(counts["qrwell_http_connections_evicted_total"]['listener="open"'], 1)
