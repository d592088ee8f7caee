"""What every operation may answer: it is refused before anybody looks at what it asks for."""

import contextlib
import socket

from end_to_end.harness import call, wait_until
from end_to_end.status_world import UNKNOWN_ID, raw, read_answer


def of_http(world, operation, status):
    """A function that provokes what the parser says; None for what it does not."""
    w = world
    return {
        400: lambda: raw(w.address_of(operation), f"{operation.method} {w.path_of(operation)} HTTP/1.1\r\n\r\n".encode()),
        411: lambda: w.sent(operation, "Content-Type: application/json"),
        413: lambda: w.sent(operation, "Content-Length: 67108865"),
        414: lambda: w.sent(operation, path="/" + "x" * 20000),
        417: lambda: w.sent(operation, "Expect: a-miracle", "Content-Length: 2"),
        431: lambda: w.sent(operation, "X-Filler: " + "x" * 20000),
        501: lambda: w.sent(operation, "Transfer-Encoding: gzip, chunked"),
        505: lambda: w.sent(operation, version="2.0"),
    }.get(status)


def too_late(world, operations):
    """408 to each of the operations, all of them at once: a request whose end never comes."""
    with contextlib.ExitStack() as stack:
        open_ones = {}
        for operation in operations:
            host, port = world.address_of(operation).rsplit(":", 1)
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            head = world.head_of(operation, "Content-Length: 2")
            connection.sendall(head if operation.method in ("POST", "PATCH") else head[:-2])
            open_ones[operation.id] = connection
        return {name: read_answer(connection, "GET") for name, connection in open_ones.items()}


def no_place(world, operations):
    """503 to each of the operations: all places of the listener are taken by requests that are not complete."""
    node = world.second
    out = {}
    with contextlib.ExitStack() as stack:
        for address, listener in ((node.admin_address, "admin"), (node.address, "open")):
            host, port = address.rsplit(":", 1)
            for _ in range(2):
                stack.enter_context(socket.create_connection((host, int(port)), timeout=30)).sendall(b"GET /v1/scenes/x HTTP/1.1\r\n")
            wait_until(lambda a=address: raw(a, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").status == 503, what=f"{listener} to be full")
        for operation in operations:
            address = node.admin_address if operation.is_operators else node.address
            out[operation.id] = raw(address, world.head_of(operation))
    return out


NEED = {"listCodes": ("read", "writer"), "issueCode": ("issue", "reader"), "issueCodes": ("issue", "reader"), "getCode": ("read", "writer"),
        "changeCode": ("issue", "reader"), "revokeCode": ("issue", "reader"), "getStats": ("read", "writer"),
        "listPools": ("read", "writer"), "getPool": ("read", "writer"), "listApps": ("read", "writer"), "listNodes": ("read", "writer"),
        "listActors": ("read", "writer"), "getStatus": ("read", "writer"), "beginExport": ("read", "writer"), "listJobs": ("read", "writer"),
        "showJob": ("read", "writer"), "cancelJob": ("read", "writer"), "resumeJob": ("read", "writer"), "exportedFile": ("read", "writer"),
        "badRows": ("read", "writer")}
BODIES = {"issueCode": {"path": "pages/a"}, "issueCodes": {"items": [{"path": "pages/a"}]}, "changeCode": {"path": "pages/b"},
          "addKey": {"name": "nobody", "scopes": ["read"]}}


def of_keys(world, operation, status):
    if status not in (401, 403):
        return None
    key = "qw_shop_" + "x" * 43 if status == 401 else getattr(world, NEED.get(operation.id, ("admin", "shop"))[1])
    body, fields = BODIES.get(operation.id), {"Authorization": f"Bearer {key}"}
    if operation.id == "importCodes":
        body, fields["Content-Type"] = "id\n", "text/csv"
    return lambda: call(world.address_of(operation), operation.method, world.path_of(operation), body, fields, timeout_s=30)


def of_rates(world, operation, status):
    """Asks for what there is not, or in a wrong way, until the key's rate for calls of this kind is used up."""
    if status != 429 or operation.id in ("issueCode", "refreshToken"):
        return None  # have cases of their own

    def ask():
        key = world.n.key(world.fresh("slow"), ("issue", "read", "admin"), rate_per_s=1)
        path = operation.path.replace("{id}", UNKNOWN_ID if operation.path.startswith("/v1/codes") else "999999").replace("{name}", "nobody")
        body = {"odd": 1} if operation.method in ("POST", "PATCH") else None
        for _ in range(50):
            answer = call(world.address_of(operation), operation.method, path, body, {"Authorization": f"Bearer {key}"}, timeout_s=30)
            if answer.status == 429:
                break
        return answer
    return ask


def provoke(world, operation, status):
    """Answers of this status, as far as all operations have it in common."""
    if status == 415:
        path = f"/v1/scenes/{UNKNOWN_ID}" if operation.id == "resolveScene" else ""  # an answer that lies ready looks at no body
        asks = [lambda: world.sent(operation, "Content-Encoding: gzip", "Content-Type: application/json", "Content-Length: 2", body=b"{}", path=path)]
    else:
        asks = [of_http(world, operation, status), of_keys(world, operation, status), of_rates(world, operation, status)]
    return [ask() for ask in asks if ask]


def odd(world, operation):
    """Answers, of whatever status, to what nobody would send and what changes nothing."""
    if operation.method == "DELETE":
        return  # it would do what it says
    if operation.method == "GET":
        yield world.sent(operation, "Content-Encoding: gzip", "Content-Length: 2", body=b"{}")
        yield world.sent(operation, "Content-Type: text/odd", "Content-Length: 2", body=b"{}")
        yield world.sent(operation, "Accept: text/odd", "Range: bytes=0-0", "If-None-Match: *", "If-Match: *")
        path = world.path_of(operation)
        yield world.sent(operation, path=path + ("&" if "?" in path else "?") + "odd=1&odd")
    yield world.sent(operation, "X-Request-Id: " + "x" * 65, "Content-Length: 1", body=b"{")
