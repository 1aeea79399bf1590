# SPDX-License-Identifier: MIT
"""Raw HTTP requests, and what may come back.

A case is (name, bytes, verdicts, why). A verdict is a tuple of the statuses of
all responses on the connection: a request that was smuggled behind another
shows as one response too many. REFUSED: one response of 400 or more, which
comes though the client neither sends more nor closes, and then the end.
ANSWERED: the client closes its side after the bytes.

Where the RFC leaves a choice to the server, each choice is listed, except 2xx
for what it may refuse: this server is strict. Here is one case of each kind; what
the parser takes and refuses, byte for byte, is in tests/unit/test_http.c.
"""

HOST = "Host: a\r\n"
HELLO = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BAD, TOO_LARGE, NOT_IMPLEMENTED = 400, 413, 501

REFUSED, ANSWERED = [], []


def refused(name, data, statuses=(BAD,), why="RFC 9112 2.2"):
    data = data.encode("latin-1") if isinstance(data, str) else data
    statuses = (statuses,) if isinstance(statuses, int) else statuses
    REFUSED.append((name, data, statuses, why))


def answered(name, data, *statuses, why="RFC 9112 2.2"):
    data = data.encode("latin-1") if isinstance(data, str) else data
    ANSWERED.append((name, data, statuses, why))


def head(fields="", line="GET / HTTP/1.1", host=HOST):
    return f"{line}\r\n{host}{fields}\r\n"


def post(fields, body=""):
    """With a request behind it, which is answered if the body's end was seen
    where we see it."""
    return head(fields, "POST / HTTP/1.1") + body


# ---- the request line (RFC 9112 3) ----

for name, line, statuses in [
        ("no version", "GET /", BAD),
        ("two spaces before the target", "GET  / HTTP/1.1", BAD),
        ("a NUL in the target", "GET /\0 HTTP/1.1", BAD),
        ("an unknown method", "BREW / HTTP/1.1", NOT_IMPLEMENTED),
        ("CONNECT", "CONNECT a:443 HTTP/1.1", (400, 405, 501)),
        ("CONNECT without a port", "CONNECT a HTTP/1.1", (400, 501)),
        ("HTTP/2.0", "GET / HTTP/2.0", (400, 505)),
        ("HTTP/0.9 with a version", "GET / HTTP/0.9", (400, 505))]:
    refused(name, head(line=line), statuses, "RFC 9112 3")
refused("HTTP/0.9 without a version", "GET /\r\n", BAD, "RFC 9112 3")

for name, line, status in [
        ("HTTP/1.2, which is 1.1 to us", "GET / HTTP/1.2", 200),
        ("HTTP/1.9, which is 1.1 to us", "GET / HTTP/1.9", 200),
        ("HEAD", "HEAD / HTTP/1.1", 200),
        ("POST", "POST / HTTP/1.1", 405),
        ("PUT", "PUT / HTTP/1.1", 405),
        ("DELETE", "DELETE / HTTP/1.1", 405),
        ("PATCH", "PATCH / HTTP/1.1", 405),
        ("TRACE", "TRACE / HTTP/1.1", 405),
        ("OPTIONS", "OPTIONS / HTTP/1.1", 204),
        ("OPTIONS of the server", "OPTIONS * HTTP/1.1", 204),
        ("OPTIONS of nothing", "OPTIONS /x HTTP/1.1", 404),
        ("a page that is not there", "GET /x HTTP/1.1", 404),
        ("POST to a page that is not there", "POST /x HTTP/1.1", 404)]:
    answered(name, head(line=line), status, why="RFC 9110 9")

# ---- the target (RFC 9112 3.2, RFC 3986) ----

for name, target in [
        ("a relative path", "a"), ("an escape of no digits", "/%zz"),
        ("bytes beyond ASCII", "/\xc3\xa4"), ("a URL without a host", "http:///"),
        ("user information", "http://u:p@a/"), ("a foreign scheme", "ftp://a/")]:
    refused(f"target: {name}", head(line=f"GET {target} HTTP/1.1"), BAD,
            "RFC 9112 3.2")

for name, target, status in [
        ("a URL", "http://b/", 200), ("a URL without a path", "http://b", 200),
        ("a URL of nothing", "http://b/x", 404), ("a query", "/?a=b&c=d", 200),
        ("an escaped NUL", "/%00", 404), ("escaped dots", "/%2e%2e/who", 404),
        ("dots that lead outside", "/../../../etc/passwd", 404)]:
    answered(f"target: {name}", head(line=f"GET {target} HTTP/1.1"), status,
             why="RFC 9112 3.2")

for name, target, status in [
        ("all letters", "/%77%68%6f", 200), ("in a URL", "http://b/%77ho", 200),
        ("a slash, which is another path", "/%2Fwho", 404)]:
    answered(f"escaped: {name}", head(line=f"GET {target} HTTP/1.1"), status,
             why="RFC 9110 4.2.3, RFC 3986 6.2.2.2")

# In clear nobody has proved that this is the host that is meant.
for name, line in [
        ("a page", "GET https://a/ HTTP/1.1"),
        ("in capitals", "GET HTTPS://a/ HTTP/1.1"),
        ("with a port", "GET https://a:443/who HTTP/1.1"),
        ("without a path", "GET https://a HTTP/1.1"),
        ("a page that is not there", "GET https://a/x HTTP/1.1"),
        ("POST", "POST https://a/ HTTP/1.1"),
        ("OPTIONS", "OPTIONS https://a HTTP/1.1"),
        ("HTTP/1.0", "GET https://a/ HTTP/1.0")]:
    refused(f"https in clear: {name}", head(line=line), 421, "RFC 9110 7.4")
answered("OPTIONS of the server as a URL", head(line="OPTIONS http://a HTTP/1.1"),
         204, why="RFC 9112 3.2.4")

# ---- preconditions (RFC 9110 13), of pages without tag or date ----

for name, fields, status in [
        ("If-None-Match: any", "If-None-Match: *\r\n", 304),
        ("If-None-Match: any, in small letters", "if-none-match:*\r\n", 304),
        ("If-None-Match: a tag", 'If-None-Match: "a"\r\n', 200),
        ("If-None-Match: tags", 'If-None-Match: "a", W/"b"\r\n', 200),
        ("If-None-Match: a tag like an asterisk", 'If-None-Match: "*"\r\n', 200),
        ("If-Match: any", "If-Match: *\r\n", 200),
        ("If-Match: a tag", 'If-Match: "a"\r\n', 412),
        ("If-Match: a weak tag", 'If-Match: W/"a"\r\n', 412),
        ("If-Match: tags", 'If-Match: "a", "b"\r\n', 412),
        ("If-Match: in two fields", 'If-Match: "a"\r\nIf-Match: "b"\r\n', 412),
        ("If-Match: nothing", "If-Match:\r\n", 412),
        ("If-Match comes first", 'If-None-Match: *\r\nIf-Match: "a"\r\n', 412),
        ("both are any", "If-Match: *\r\nIf-None-Match: *\r\n", 304),
        ("a date, without one of ours",
         "If-Modified-Since: Sat, 29 Oct 2044 19:43:31 GMT\r\n", 200),
        ("a date of long ago",
         "If-Unmodified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n", 200),
        ("a date that is none", "If-Modified-Since: yesterday\r\n", 200),
        ("a date is ignored beside a tag", 'If-None-Match: "a"\r\n'
         "If-Modified-Since: Sat, 29 Oct 2044 19:43:31 GMT\r\n", 200),
        ("a range", "Range: bytes=0-1\r\n", 200),
        ("a range that is none", "Range: bytes=9-1\r\n", 200),
        ("a range of a tag", 'Range: bytes=0-1\r\nIf-Range: "a"\r\n', 200)]:
    answered(f"precondition: {name}", head(fields) + HELLO, status, 200,
             why="RFC 9110 13.2")
for name, line, status in [
        ("HEAD", "HEAD / HTTP/1.1", 304), ("what is not there", "GET /x HTTP/1.1", 404),
        ("a wrong method", "PUT / HTTP/1.1", 405),
        ("OPTIONS", "OPTIONS / HTTP/1.1", 204),
        ("an upgrade that is missing", "GET /echo HTTP/1.1", 426)]:
    answered(f"precondition: {name}", head("If-None-Match: *\r\n", line), status,
             why="RFC 9110 13.2.1")

# ---- lines and bytes (RFC 9112 2.2, 5; RFC 9110 5.5) ----

refused("lines that end in LF", "GET / HTTP/1.1\nHost: a\n\n")
refused("two empty lines first", "\r\n\r\n" + HELLO)
refused("a space after the request line", f"GET / HTTP/1.1\r\n {HOST}\r\n")
answered("one empty line first", "\r\n" + HELLO, 200)
answered("an empty line between two requests", HELLO + "\r\n" + HELLO, 200, 200)
for name, field in [
        ("a space before the colon", "X : a\r\n"),
        ("a folded value", "X: a\r\n b\r\n"),
        ("a NUL in the value", "X: a\0b\r\n")]:
    refused(f"field: {name}", head(field), BAD, "RFC 9112 5")
answered("field: blanks and bytes beyond ASCII", head("X: \t \xe4 \xff \t\r\n"), 200,
         why="RFC 9110 5")

# ---- Host (RFC 9112 3.2, RFC 9110 7.2) ----

for name, host in [
        ("missing", ""), ("twice the same", "Host: a\r\nHost: a\r\n"),
        ("none", "Host: a/b\r\n")]:
    refused(f"Host: {name}", head(host=host), BAD, "RFC 9112 3.2")
refused("Host: missing, though the target has one",
        "GET http://a/ HTTP/1.1\r\n\r\n", BAD, "RFC 9112 3.2")
answered("Host: other than the target's",
         head(line="GET http://a/ HTTP/1.1", host="Host: other\r\n"), 200,
         why="RFC 9112 3.2")
answered("Host: missing in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200,
         why="RFC 9112 3.2")

# ---- Content-Length (RFC 9110 8.6, RFC 9112 6.3) ----

refused("length: a list", post("Content-Length: 5, 5\r\n", "12345"), BAD,
        "RFC 9110 8.6")
refused("length: that wraps to 5",
        post("Content-Length: 18446744073709551621\r\n", "12345"), (BAD, TOO_LARGE),
        "RFC 9110 8.6")
refused("length: two of them",
        post("Content-Length: 0\r\nContent-Length: 5\r\n", "12345"), BAD,
        "RFC 9112 6.3")
answered("length: 0", post("Content-Length: 0\r\n") + HELLO, 405, 200)
answered("length: leading zeros",
         post("Content-Length: 005\r\n", "12345") + HELLO, 405, 200)
answered("length: of a GET", head("Content-Length: 5\r\n") + "12345" + HELLO,
         200, 200, why="RFC 9110 9.3.1")
answered("length: of a HEAD",
         head("Content-Length: 5\r\n", "HEAD / HTTP/1.1") + "12345" + LAST,
         200, 200, why="RFC 9110 9.3.2")
answered("length: a request in the body",
         post(f"Content-Length: {len(LAST)}\r\n", LAST) + HELLO, 405, 200)
answered("length: of OPTIONS",
         head("Content-Length: 5\r\n", "OPTIONS / HTTP/1.1") + "12345" + HELLO,
         204, 200)
answered("length: of nothing", head("Content-Length: 5\r\n", "PUT /x HTTP/1.1") +
         "12345" + HELLO, 404, 200)
answered("length: a body that never ends", post("Content-Length: 5\r\n", "1234"))
answered("no length: the body is another request", post("", "x / HTTP/1.1\r\n\r\n"),
         405, 501, why="RFC 9112 6.3")

# ---- Transfer-Encoding (RFC 9112 6.1, 6.3, 7.1) ----

CHUNKS = "5\r\n12345\r\n0\r\n\r\n"
for name, fields, statuses in [
        ("and a length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", BAD),
        ("after gzip", "Transfer-Encoding: gzip, chunked\r\n", (400, 501)),
        ("not last", "Transfer-Encoding: chunked, gzip\r\n", (400, 501)),
        ("behind a bare LF", "X: a\nTransfer-Encoding: chunked\r\n", BAD)]:
    refused(f"chunked: {name}", post(fields, CHUNKS), statuses, "RFC 9112 6.1")
refused("chunked: in HTTP/1.0",
        head("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0") + CHUNKS, BAD,
        "RFC 9112 6.1")
answered("chunked: in other letters",
         post("TRANSFER-ENCODING: Chunked\r\n", CHUNKS) + HELLO, 405, 200)
answered("chunked: a name that only looks like it",
         head("Transfer_Encoding: chunked\r\n") + HELLO, 200, 200)
answered("chunked: a length that only looks like it",
         head("Content_Length: 5\r\n") + HELLO, 200, 200)

for name, body, statuses in [
        ("a size of no digit", "x\r\n", BAD),
        ("data that is too long", "5\r\n1234567\r\n0\r\n\r\n", BAD),
        ("a size that wraps", "10000000000000005\r\n12345\r\n", (BAD, TOO_LARGE)),
        ("a NUL in an extension", "5;a=\0\r\n12345\r\n", BAD),
        ("an extension of 300 bytes", f"5;{'a' * 300}\r\n12345\r\n", (400, 413, 431)),
        ("a folded trailer", "0\r\na: b\r\n c\r\n\r\n", BAD),
        ("trailers of 100 kB", "0\r\n" + "a: b\r\n" * 17000, (400, 413, 431))]:
    refused(f"chunks: {name}", post("Transfer-Encoding: chunked\r\n", body),
            statuses, "RFC 9112 7.1")

for name, body in [
        ("one", CHUNKS), ("none", "0\r\n\r\n"),
        ("of bytes that look like an end", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
        ("blanks around an extension", "5 ; a = b\r\n12345\r\n0\r\n\r\n"),
        ("a trailer that says a length", "0\r\nContent-Length: 5\r\n\r\n"),
        ("a request in a chunk", f"{len(LAST):x}\r\n{LAST}\r\n0\r\n\r\n"),
        ("many", "1\r\nx\r\n" * 5000 + "0\r\n\r\n")]:
    answered(f"chunks: {name}",
             post("Transfer-Encoding: chunked\r\n", body) + HELLO, 405, 200,
             why="RFC 9112 7.1")
answered("chunks: without a last one",
         post("Transfer-Encoding: chunked\r\n", "5\r\n12345\r\n"))

# ---- limits (RFC 9112 3, RFC 9110 5.4, RFC 6585 5) ----

for name, data, statuses in [
        ("a target of 100 kB", head(line=f"GET /{'a' * 100_000} HTTP/1.1"), 414),
        ("100 kB without a line's end", "A" * 100_000, (400, 414, 501)),
        ("a value of 100 kB", head(f"X: {'a' * 100_000}\r\n"), 431),
        ("65 fields", head("X: a\r\n" * 64), 431),
        ("100 kB of a field that does not end", f"GET / HTTP/1.1\r\nX: {'a' * 100_000}",
         431)]:
    refused(f"limit: {name}", data, statuses, "RFC 9110 5.4")
answered("limit: a line of 8 KiB", head(line=f"GET /?{'a' * 8177} HTTP/1.1"), 200,
         why="RFC 9112 3")
answered("limit: a field of 30 kB", head(f"X: {'a' * 30_000}\r\n") + HELLO, 200, 200,
         why="RFC 9110 5.4")

# ---- connections (RFC 9112 9, RFC 9110 7.6.1, 10.1.1) ----

answered("two requests", HELLO + HELLO, 200, 200, why="RFC 9112 9.3.2")
answered("nothing after close", LAST + HELLO, 200, why="RFC 9112 9.6")
answered("close among others",
         head("Connection: x, Close\r\n") + HELLO, 200, why="RFC 9110 7.6.1")
answered("close in a second field",
         head("Connection: x\r\nConnection: close\r\n") + HELLO, 200,
         why="RFC 9110 7.6.1")
answered("close wins over keep-alive",
         head("Connection: keep-alive, close\r\n") + HELLO, 200,
         why="RFC 9112 9.3")
answered("a word that only begins like close",
         head("Connection: closed\r\n") + HELLO, 200, 200, why="RFC 9110 7.6.1")
answered("HTTP/1.0 ends", "GET / HTTP/1.0\r\n\r\n" + HELLO, 200,
         why="RFC 9112 9.3")
answered("HTTP/1.0 is kept on request",
         "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + HELLO, 200, 200,
         why="RFC 9112 9.3")
refused("an expectation that nobody knows", head("Expect: magic\r\n"),
        (400, 417), "RFC 9110 10.1.1")
answered("Expect of HTTP/1.0", "POST / HTTP/1.0\r\nExpect: 100-continue\r\n"
         "Content-Length: 5\r\n\r\n12345", 405, why="RFC 9110 10.1.1")
answered("Expect with empty members",
         head("Expect: , 100-continue ,\r\n"), 200, why="RFC 9110 5.6.1.2")
refused("Expect among others", head("Expect: 100-continue, magic\r\n"),
        (400, 417), "RFC 9110 10.1.1")
answered("Expect without a body", head("Expect: 100-continue\r\n"), 200,
         why="RFC 9110 10.1.1")
answered("Expect, and the body is there", head(
    "Expect: 100-continue\r\nContent-Length: 5\r\n", "POST / HTTP/1.1") + "12345",
         405, why="RFC 9110 10.1.1")
answered("an upgrade that nobody knows",
         head("Connection: upgrade\r\nUpgrade: foo/2\r\n"), 200, why="RFC 9110 7.8")
answered("h2c, which is not here", head(
    "Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"),
         200, why="RFC 9110 7.8")
answered("half a head", "GET / HTTP/1.1\r\nHost:", why="RFC 9112 8")
answered("nothing at all", "", why="RFC 9112 8")
answered("an answer, then half a head", HELLO + "GET / HT", 200, why="RFC 9112 8")

# ---- not HTTP ----

for name, data in [
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"), ("bytes of 255", b"\xff" * 64 + b"\r\n")]:
    refused(f"not HTTP: {name}", data, BAD, "RFC 9112 3")

# ---- WebSocket handshakes (RFC 6455 4.2) ----

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = "Connection: upgrade\r\nUpgrade: websocket\r\n"
VERSION = "Sec-WebSocket-Version: 13\r\n"
ECHO = "GET /echo HTTP/1.1"
for name, fields, status in [
        ("no upgrade", "", 426),
        ("an old version", UPGRADE + KEY + "Sec-WebSocket-Version: 8\r\n", 426)]:
    answered(f"WebSocket: {name}", head(fields, ECHO), status, why="RFC 6455 4.2")
for name, fields in [
        ("no key", UPGRADE + VERSION),
        ("a body", UPGRADE + KEY + VERSION + "Content-Length: 1\r\n")]:
    refused(f"WebSocket: {name}", head(fields, ECHO), BAD, "RFC 6455 4.2.1")
refused("WebSocket: POST", head(UPGRADE + KEY + VERSION, "POST /echo HTTP/1.1"),
        (400, 405), "RFC 6455 4.2.1")
answered("WebSocket: HTTP/1.0", head(UPGRADE + KEY + VERSION, "GET /echo HTTP/1.0"),
         426, why="RFC 9110 7.8")
answered("WebSocket: where there is none", head(UPGRADE + KEY + VERSION), 200,
         why="RFC 9110 7.8")
