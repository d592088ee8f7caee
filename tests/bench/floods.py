#!/usr/bin/env python3
"""Floods a node with one kind of bulk work from a few kept-alive connections, each sending its next request when the last
one was answered, for a bounded time; says at the end what was done. Or burns as much processor time as a flood's client did.

  floods.py batch|list|export|import ADDRESS TOKEN_FILE SECONDS CLIENTS PAGE
  floods.py burn SHARE - SECONDS - -

PAGE: codes of a page of a list or export, rows of an import."""

import http.client
import itertools
import json
import pathlib
import random
import sys
import threading
import time

ITEMS = 100      # of a batch
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def batches():
    for n in itertools.count():
        yield "POST", "/v1/codes/batch", json.dumps({"items": [
            {"path": "pages/flood", "query": {"n": n * ITEMS + i}, "tags": ["flood"]} for i in range(ITEMS)]}), "application/json"


def pages(path, page):
    """From the newest on; from the beginning again after the last."""
    cursor = ""
    while True:
        answer = yield "GET", f"{path}?limit={page}" + (f"&cursor={cursor}" if cursor else ""), None, None
        cursor = answer or ""


def imports(page):
    """Codes that were made elsewhere, each one new: nothing is cheaper for being there already."""
    pick = random.Random()
    while True:
        rows = ["id,state,pool,owner,path,query,tags,created_at,expires_at,version,kind"]
        rows += ["elsewhere-" + "".join(pick.choices(LETTERS, k=18)) + ",bound,default,elsewhere,pages/flood,,,2026-01-01T00:00:00.000Z,,1,imported"
                 for _ in range(page)]
        yield "POST", "/v1/import", "\n".join(rows) + "\n", "text/csv"


def requests(kind, page):
    return {"batch": batches, "list": lambda: pages("/v1/codes", page), "export": lambda: pages("/v1/export", page),
            "import": lambda: imports(page)}[kind]()


def next_cursor(answer, body):
    if answer.getheader("Qrwell-Next-Cursor"):
        return answer.getheader("Qrwell-Next-Cursor")
    # Not parsed: the client's processor time is taken from what is measured.
    tail = body[-200:].decode("utf-8", "replace")
    return tail.split('"next_cursor":"', 1)[1].split('"', 1)[0] if '"next_cursor":"' in tail else ""


def client(kind, address, token, until, done, page):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    ask = requests(kind, page)
    answered = None
    while time.monotonic() < until:
        method, path, body, media = ask.send(answered)
        headers = {"Authorization": f"Bearer {token}", **({"Content-Type": media} if media else {})}
        began = time.monotonic()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        as_wanted = answer.status == 200 and (kind != "import" or text.startswith(b'{"added":%d,' % page))
        done.append((answer.status, time.monotonic() - began, len(text), b"" if as_wanted else text[:300]))
        answered = next_cursor(answer, text) if kind in ("list", "export") else None
        if answer.status in (429, 503):
            time.sleep(0.05)  # it was told to wait


def flood(kind, address, token, seconds, clients, page):
    done, until = [], time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(kind, address, token, until, done, page)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [status for status, *_ in done]
    times = sorted(took for _, took, *_ in done) or [0.0]
    return {"requests": len(done), "a_second": len(done) / seconds, "bytes": sum(size for *_, size, _ in done),
            "p50_ms": times[len(times) // 2] * 1e3, "max_ms": times[-1] * 1e3,
            "statuses": {str(s): statuses.count(s) for s in sorted(set(statuses))},
            "said": next((text.decode("utf-8", "replace") for *_, text in done if text), ""), "cpu_s": time.process_time()}


def burn(share, seconds):
    """Every 2 ms anew, as a client's wake-ups come."""
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        while time.monotonic() < now + 0.002 * share:
            pass
        time.sleep(max(0.0, now + 0.002 - time.monotonic()))
    return {"cpu_s": time.process_time()}


if __name__ == "__main__":
    kind, where, token_file, seconds, clients, page = sys.argv[1:]
    if kind == "burn":
        print(json.dumps(burn(min(1.0, float(where)), float(seconds))))
    else:
        print(json.dumps(flood(kind, where, pathlib.Path(token_file).read_text().strip(), float(seconds), int(clients), int(page))))
