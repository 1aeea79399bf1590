# SPDX-License-Identifier: MIT
"""Raw HTTP requests, and what may come back.

A case is (name, bytes, verdicts, why). A verdict is a tuple of the statuses of
all responses on the connection: a request that was smuggled behind another
shows as one response too many. REFUSED: one response of 400 or more, which
comes though the client neither sends more nor closes, and then the end.
ANSWERED: the client closes its side after the bytes.

Where the RFC leaves a choice to the server, each choice is listed, except 2xx
for what it may refuse: this server is strict.
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
        ("an empty line only", "", BAD),
        ("a method alone", "GET", BAD),
        ("no version", "GET /", BAD),
        ("no version but its space", "GET / ", BAD),
        ("no target", "GET HTTP/1.1", BAD),
        ("an empty target", "GET  HTTP/1.1", BAD),
        ("two spaces before the target", "GET  / HTTP/1.1", BAD),
        ("two spaces before the version", "GET /  HTTP/1.1", BAD),
        ("a space before the method", " GET / HTTP/1.1", BAD),
        ("a space after the version", "GET / HTTP/1.1 ", BAD),
        ("a tab instead of the first space", "GET\t/ HTTP/1.1", BAD),
        ("a tab instead of the second space", "GET /\tHTTP/1.1", BAD),
        ("a fourth word", "GET / HTTP/1.1 x", BAD),
        ("a space in the target", "GET /a b HTTP/1.1", BAD),
        ("a vertical tab as separator", "GET\x0b/ HTTP/1.1", BAD),
        ("a form feed as separator", "GET /\x0cHTTP/1.1", BAD),
        ("a NUL in the method", "G\0ET / HTTP/1.1", BAD),
        ("a NUL in the target", "GET /\0 HTTP/1.1", BAD),
        ("a NUL in the version", "GET / HTTP/1.\0", BAD),
        ("a delimiter in the method", "GE(T / HTTP/1.1", BAD),
        ("a quote in the method", 'GE"T / HTTP/1.1', BAD),
        ("a colon in the method", "GET: / HTTP/1.1", BAD),
        ("a method beyond ASCII", "G\xc9T / HTTP/1.1", BAD),
        ("an unknown method", "BREW / HTTP/1.1", NOT_IMPLEMENTED),
        ("a method in small letters", "get / HTTP/1.1", (400, 405, 501)),
        ("a method and more letters", "GETX / HTTP/1.1", NOT_IMPLEMENTED),
        ("CONNECT", "CONNECT a:443 HTTP/1.1", (400, 405, 501)),
        ("CONNECT without a port", "CONNECT a HTTP/1.1", (400, 501)),
        ("HTTP/2.0", "GET / HTTP/2.0", (400, 505)),
        ("HTTP/3.0", "GET / HTTP/3.0", (400, 505)),
        ("HTTP/0.9 with a version", "GET / HTTP/0.9", (400, 505)),
        ("the HTTP/2 preface", "PRI * HTTP/2.0", (400, 505)),
        ("a version in small letters", "GET / http/1.1", BAD),
        ("a version without a minor", "GET / HTTP/1", BAD),
        ("a version with a dot only", "GET / HTTP/1.", BAD),
        ("a minor version of two digits", "GET / HTTP/1.10", BAD),
        ("a major version of two digits", "GET / HTTP/01.1", BAD),
        ("a version that is not a number", "GET / HTTP/1.x", BAD),
        ("a negative version", "GET / HTTP/-1.1", BAD),
        ("a space in the version", "GET / HTTP/ 1.1", BAD),
        ("a version of another protocol", "GET / HTTPS/1.1", BAD),
        ("SIP", "OPTIONS sip:a SIP/2.0", BAD)]:
    refused(name, head(line=line), statuses, "RFC 9112 3")

refused("HTTP/0.9 without a version", "GET /\r\n", BAD, "RFC 9112 3")
refused("a request line that ends in two CR", f"GET / HTTP/1.1\r\r\n{HOST}\r\n")

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
        ("an asterisk", "*"), ("a relative path", "a"),
        ("a host and a port", "a:80"), ("a query alone", "?a"),
        ("a fragment", "/#a"), ("a fragment in the query", "/?a#b"),
        ("a lone percent sign", "/%"), ("a cut escape", "/%4"),
        ("an escape of no digits", "/%zz"), ("a backslash", "/\\"),
        ("a quote", '/"'), ("an angle bracket", "/<a>"), ("a brace", "/{a}"),
        ("a bar", "/a|b"), ("a caret", "/^"), ("a backtick", "/`"),
        ("a square bracket", "/[a]"), ("bytes beyond ASCII", "/\xc3\xa4"),
        ("a DEL", "/\x7f"), ("a control byte", "/\x01"), ("an escape", "/\x1b[1m"),
        ("a URL without slashes", "http:a"), ("one slash only", "http:/a"),
        ("a URL without a host", "http:///"), ("no host but a port", "http://:80/"),
        ("user information", "http://u:p@a/"), ("a foreign scheme", "ftp://a/"),
        ("a file", "file:///etc/passwd"), ("a script", "javascript:alert(1)"),
        ("a port that is no number", "http://a:b/"),
        ("a port out of range", "http://a:65536/"),
        ("an IPv6 host that does not end", "http://[::1/"),
        ("an IPv6 host that is none", "http://[::x]/"),
        ("a URL with a backslash", "http://a\\@b/"),
        ("a URL with a control byte", "http://a\x01/")]:
    refused(f"target: {name}", head(line=f"GET {target} HTTP/1.1"), BAD,
            "RFC 9112 3.2")

for name, target, status in [
        ("a URL", "http://b/", 200), ("a URL with a port", "http://b:80/", 200),
        ("a URL of IPv6", "http://[::1]:80/", 200),
        ("a URL without a path", "http://b", 200),
        ("a URL with a query only", "http://b?c", 200),
        ("a scheme in capitals", "HTTP://b/", 200),
        ("a URL of nothing", "http://b/x", 404),
        ("a query", "/?a=b&c=d", 200), ("an empty query", "/?", 200),
        ("a slash in the query", "/?a/b?c", 200),
        ("two slashes", "//", 404), ("an escaped NUL", "/%00", 404),
        ("dots", "/../who", 404), ("escaped dots", "/%2e%2e/who", 404),
        ("dots that lead outside", "/../../../etc/passwd", 404),
        ("all that a path may have", "/:@!$&'()*+,;=-._~a1%7e", 404)]:
    answered(f"target: {name}", head(line=f"GET {target} HTTP/1.1"), status,
             why="RFC 9112 3.2")

for name, target, status in [
        ("a letter", "/%77ho", 200), ("small digits of a capital's", "/%57ho", 404),
        ("all letters", "/%77%68%6f", 200), ("digits in capitals", "/%77h%6F", 200),
        ("and a query", "/%77ho?a", 200), ("in a URL", "http://b/%77ho", 200),
        ("a slash, which is another path", "/%2Fwho", 404),
        ("the first slash", "/%2fwho", 404),
        ("an escape of an escape", "/%2577ho", 404),
        ("a query's mark", "/who%3Fa", 404), ("a NUL behind it", "/who%00", 404),
        ("a blank behind it", "/who%20", 404), ("more behind it", "/who%61", 404),
        ("less than it", "/%77h", 404), ("beyond ASCII", "/%F7ho", 404)]:
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
refused("a request line that ends in LF", f"GET / HTTP/1.1\n{HOST}\r\n")
refused("a field that ends in LF", "GET / HTTP/1.1\r\nHost: a\n\r\n")
refused("a head that ends in LF", f"GET / HTTP/1.1\r\n{HOST}\n")
refused("lines that end in CR", "GET / HTTP/1.1\rHost: a\r\r")
refused("a CR in a value", head("X: a\rb\r\n"))
refused("a CR before CR LF", head("X: a\r\r\n"))
refused("a CR before a name", head("\rX: a\r\n"))
refused("an LF first", "\n" + HELLO)
refused("two empty lines first", "\r\n\r\n" + HELLO)
refused("a CR first", "\r" + HELLO)
refused("a space first", " " + HELLO)
refused("a byte order mark first", b"\xef\xbb\xbf" + HELLO.encode())
answered("one empty line first", "\r\n" + HELLO, 200)
answered("an empty line between two requests", HELLO + "\r\n" + HELLO, 200, 200)

for name, field in [
        ("a space before the colon", "X : a\r\n"),
        ("a tab before the colon", "X\t: a\r\n"),
        ("a space before the name", " X: a\r\n"),
        ("a tab before the name", "\tX: a\r\n"),
        ("a folded value", "X: a\r\n b\r\n"),
        ("a value folded with a tab", "X: a\r\n\tb\r\n"),
        ("a folded line that is empty", "X: a\r\n \r\n"),
        ("no colon", "X\r\n"),
        ("no name", ": a\r\n"),
        ("a space in the name", "X Y: a\r\n"),
        ("a NUL in the name", "X\0: a\r\n"),
        ("a NUL in the value", "X: a\0b\r\n"),
        ("a control byte in the value", "X: \x01\r\n"),
        ("a backspace in the value", "X: \x08\r\n"),
        ("an escape in the value", "X: \x1b[31m\r\n"),
        ("a vertical tab in the value", "X: \x0b\r\n"),
        ("a DEL in the value", "X: \x7f\r\n"),
        ("a name beyond ASCII", "X\xe4: a\r\n"),
        ("a quote in the name", 'X": a\r\n'),
        ("a parenthesis in the name", "X(): a\r\n"),
        ("a slash in the name", "X/Y: a\r\n"),
        ("an at sign in the name", "X@: a\r\n"),
        ("a bracket in the name", "[X]: a\r\n"),
        ("a comma in the name", "X,Y: a\r\n")]:
    refused(f"field: {name}", head(field), BAD, "RFC 9112 5")

for name, field in [
        ("no value", "X:\r\n"), ("no space", "X:a\r\n"),
        ("blanks around the value", "X: \t a \t\r\n"),
        ("a colon in the value", "X: a:b\r\n"), ("a tab in the value", "X: a\tb\r\n"),
        ("a value beyond ASCII", "X: \xe4\xff\r\n"),
        ("every mark that a name may have", "!#$%&'*+-.^_`|~: a\r\n"),
        ("the same name twice", "X: a\r\nX: b\r\n"),
        ("a quote that does not end", 'X: "a\r\n')]:
    answered(f"field: {name}", head(field), 200, why="RFC 9110 5")

refused("a space after the request line", f"GET / HTTP/1.1\r\n {HOST}\r\n", BAD,
        "RFC 9112 2.2")

# ---- Host (RFC 9112 3.2, RFC 9110 7.2) ----

for name, host in [
        ("missing", ""), ("empty", "Host:\r\n"), ("a blank", "Host: \r\n"),
        ("twice the same", "Host: a\r\nHost: a\r\n"),
        ("two of them", "Host: a\r\nHost: b\r\n"),
        ("two, in other letters", "Host: a\r\nHOST: b\r\n"),
        ("a list", "Host: a, b\r\n"), ("a space", "Host: a b\r\n"),
        ("a path", "Host: a/b\r\n"), ("a query", "Host: a?b\r\n"),
        ("a fragment", "Host: a#b\r\n"), ("user information", "Host: u@a\r\n"),
        ("a URL", "Host: http://a\r\n"), ("a port only", "Host: :80\r\n"),
        ("a port that is no number", "Host: a:b\r\n"),
        ("a port out of range", "Host: a:65536\r\n"),
        ("a negative port", "Host: a:-1\r\n"), ("two ports", "Host: a:1:2\r\n"),
        ("IPv6 without brackets", "Host: ::1\r\n"),
        ("IPv6 that does not end", "Host: [::1\r\n"),
        ("more after IPv6", "Host: [::1]a\r\n"),
        ("empty brackets", "Host: []\r\n"), ("a cut escape", "Host: a%4\r\n"),
        ("beyond ASCII", "Host: \xe4\r\n"), ("a backslash", "Host: a\\b\r\n"),
        ("a space before the colon", "Host : a\r\n"),
        ("folded", "Host:\r\n a\r\n")]:
    refused(f"Host: {name}", head(host=host), BAD, "RFC 9112 3.2")
refused("Host: missing, though the target has one",
        "GET http://a/ HTTP/1.1\r\n\r\n", BAD, "RFC 9112 3.2")
refused("Host: two of them in HTTP/1.0",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", BAD, "RFC 9112 3.2")
for name, host in [
        ("a name", "a.example"), ("a port", "a:8080"), ("an empty port", "a:"),
        ("IPv4", "127.0.0.1:80"), ("IPv6", "[::1]"), ("IPv6 and a port", "[::1]:80"),
        ("an underscore", "a_b"), ("other than the target's", "other")]:
    target = "http://a/" if name.startswith("other") else "/"
    answered(f"Host: {name}",
             head(line=f"GET {target} HTTP/1.1", host=f"Host: {host}\r\n"), 200,
             why="RFC 9112 3.2")
answered("Host: missing in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200,
         why="RFC 9112 3.2")

# ---- Content-Length (RFC 9110 8.6, RFC 9112 6.3) ----

for name, value in [
        ("a plus", "+5"), ("a minus", "-5"), ("a hexadecimal", "0x5"),
        ("a hexadecimal digit", "a"), ("an octal mark", "0o5"), ("a space", "5 5"),
        ("a list", "5, 5"), ("a list of two", "5, 6"), ("a comma", "5,"),
        ("nothing", ""), ("a fraction", "5.0"), ("an exponent", "5e0"),
        ("a word", "five"), ("a quote", '"5"'), ("an underscore", "1_0"),
        ("a letter after it", "5x"), ("a digit beyond ASCII", "\xb2"),
        ("a semicolon", "5;"), ("a vertical tab", "\x0b5")]:
    refused(f"length: {name}", post(f"Content-Length: {value}\r\n", "12345"),
            BAD, "RFC 9110 8.6")
for name, value in [
        ("two GiB", "2147483648"), ("beyond 64 bits", "18446744073709551616"),
        ("that wraps to 5", "18446744073709551621"), ("of 100 digits", "9" * 100)]:
    refused(f"length: {name}", post(f"Content-Length: {value}\r\n", "12345"),
            (BAD, TOO_LARGE), "RFC 9110 8.6")
refused("length: twice the same",
        post("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"), BAD,
        "RFC 9112 6.3")
refused("length: two of them",
        post("Content-Length: 0\r\nContent-Length: 5\r\n", "12345"), BAD,
        "RFC 9112 6.3")
refused("length: two of them, in other letters",
        post("Content-Length: 5\r\ncontent-length: 0\r\n", "12345"), BAD,
        "RFC 9112 6.3")
refused("length: a space before the colon",
        post("Content-Length : 5\r\n", "12345"), BAD, "RFC 9112 5.1")
refused("length: folded", post("Content-Length:\r\n 5\r\n", "12345"), BAD,
        "RFC 9112 5.2")
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
        ("after a length", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", BAD),
        ("and a length of 0",
         "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", BAD),
        ("twice", "Transfer-Encoding: chunked\r\n" * 2, BAD),
        ("and identity in another",
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", BAD),
        ("after identity in another",
         "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", BAD),
        ("twice in a list", "Transfer-Encoding: chunked, chunked\r\n", (400, 501)),
        ("not last", "Transfer-Encoding: chunked, gzip\r\n", (400, 501)),
        ("after gzip", "Transfer-Encoding: gzip, chunked\r\n", (400, 501)),
        ("after identity", "Transfer-Encoding: identity, chunked\r\n", (400, 501)),
        ("before identity", "Transfer-Encoding: chunked, identity\r\n", (400, 501)),
        ("identity", "Transfer-Encoding: identity\r\n", (400, 501)),
        ("gzip", "Transfer-Encoding: gzip\r\n", (400, 501)),
        ("empty", "Transfer-Encoding:\r\n", (400, 501)),
        ("a letter before", "Transfer-Encoding: xchunked\r\n", (400, 501)),
        ("a letter after", "Transfer-Encoding: chunkedx\r\n", (400, 501)),
        ("a cut word", "Transfer-Encoding: chunk\r\n", (400, 501)),
        ("a vertical tab", "Transfer-Encoding: \x0bchunked\r\n", BAD),
        ("a NUL after", "Transfer-Encoding: chunked\0\r\n", BAD),
        ("quoted", 'Transfer-Encoding: "chunked"\r\n', (400, 501)),
        ("a parameter", "Transfer-Encoding: chunked;q=1\r\n", (400, 501)),
        ("a comma before", "Transfer-Encoding: , chunked\r\n", (400, 501)),
        ("a comma after", "Transfer-Encoding: chunked,\r\n", (400, 501)),
        ("a space in it", "Transfer-Encoding: chun ked\r\n", (400, 501)),
        ("a space before the colon", "Transfer-Encoding : chunked\r\n", BAD),
        ("a tab before the colon", "Transfer-Encoding\t: chunked\r\n", BAD),
        ("folded", "Transfer-Encoding:\r\n chunked\r\n", BAD),
        ("a space before the name", " Transfer-Encoding: chunked\r\n", BAD),
        ("behind a bare LF", "X: a\nTransfer-Encoding: chunked\r\n", BAD),
        ("behind a bare CR", "X: a\rTransfer-Encoding: chunked\r\n", BAD)]:
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
        ("no size", "\r\n", BAD), ("a size of no digit", "x\r\n", BAD),
        ("a size that begins with 0x", "0x5\r\n12345\r\n0\r\n\r\n", BAD),
        ("a plus", "+5\r\n12345\r\n", BAD), ("a minus", "-5\r\n12345\r\n", BAD),
        ("a space before the size", " 5\r\n12345\r\n", BAD),
        ("a space after the size", "5 \r\n12345\r\n", BAD),
        ("a tab after the size", "5\t\r\n12345\r\n", BAD),
        ("an underscore", "1_0\r\n", BAD), ("a comma", "5,5\r\n", BAD),
        ("an LF after the size", "5\n12345\r\n", BAD),
        ("a CR after the size", "5\r12345\r\n", BAD),
        ("no line end after the data", "5\r\n123450\r\n", BAD),
        ("an LF after the data", "5\r\n12345\n0\r\n\r\n", BAD),
        ("a CR after the data", "5\r\n12345\r0\r\n\r\n", BAD),
        ("data that is too long", "5\r\n1234567\r\n0\r\n\r\n", BAD),
        ("an empty line after a chunk", "5\r\n12345\r\n\r\n0\r\n\r\n", BAD),
        ("a size of 17 digits", "0" * 16 + "5\r\n12345\r\n", (BAD, TOO_LARGE)),
        ("a size that wraps", "10000000000000005\r\n12345\r\n", (BAD, TOO_LARGE)),
        ("a size of 64 bits", "f" * 16 + "\r\n", (BAD, TOO_LARGE)),
        ("a size of 100 digits", "f" * 100 + "\r\n", (BAD, TOO_LARGE)),
        ("two GiB", "80000000\r\n", (BAD, TOO_LARGE)),
        ("an empty extension", "5;\r\n12345\r\n", BAD),
        ("an LF in an extension", "5;a\n12345\r\n", BAD),
        ("a CR in an extension", "5;a\rb\r\n12345\r\n", BAD),
        ("a NUL in an extension", "5;a=\0\r\n12345\r\n", BAD),
        ("an extension that does not end", '5;a="b\r\n12345\r\n', BAD),
        ("an extension of 300 bytes", f"5;{'a' * 300}\r\n12345\r\n", (400, 413, 431)),
        ("a trailer without a name", "0\r\n: a\r\n\r\n", BAD),
        ("a trailer without a colon", "0\r\na\r\n\r\n", BAD),
        ("a folded trailer", "0\r\na: b\r\n c\r\n\r\n", BAD),
        ("a space before a trailer's colon", "0\r\na : b\r\n\r\n", BAD),
        ("a trailer that ends in LF", "0\r\na: b\n\r\n", BAD),
        ("a control byte in a trailer", "0\r\na: \x01\r\n\r\n", BAD),
        ("an end in LF", "0\r\n\n", BAD), ("an end in two LF", "0\n\n", BAD),
        ("trailers of 100 kB", "0\r\n" + "a: b\r\n" * 17000, (400, 413, 431))]:
    refused(f"chunks: {name}", post("Transfer-Encoding: chunked\r\n", body),
            statuses, "RFC 9112 7.1")

for name, body in [
        ("one", CHUNKS), ("none", "0\r\n\r\n"), ("zeros", "0000\r\n\r\n"),
        ("of ten, in a capital", "A\r\n0123456789\r\n0\r\n\r\n"),
        ("of ten, in a small letter", "a\r\n0123456789\r\n0\r\n\r\n"),
        ("of bytes that look like an end", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
        ("a size of 16 digits", "0" * 15 + "5\r\n12345\r\n0\r\n\r\n"),
        ("an extension", "5;a\r\n12345\r\n0;b=c\r\n\r\n"),
        ("an extension in quotes", '5;a="b;\\""\r\n12345\r\n0\r\n\r\n'),
        ("blanks around an extension", "5 ; a = b\r\n12345\r\n0\r\n\r\n"),
        ("a trailer", "0\r\na: b\r\n\r\n"),
        ("a trailer that says a length", "0\r\nContent-Length: 5\r\n\r\n"),
        ("a trailer that says Host", "0\r\nHost: b\r\n\r\n"),
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
        ("a query of 100 kB", head(line=f"GET /?{'a' * 100_000} HTTP/1.1"), 414),
        ("a method of 100 kB", head(line=f"{'A' * 100_000} / HTTP/1.1"),
         (400, 414, 501)),
        ("a version of 100 kB", head(line=f"GET / HTTP/1.{'1' * 100_000}"),
         (400, 414, 505)),
        ("100 kB without a line's end", "A" * 100_000, (400, 414, 501)),
        ("a line just too long", head(line=f"GET /{'a' * 8179} HTTP/1.1"), 414),
        ("a value of 100 kB", head(f"X: {'a' * 100_000}\r\n"), 431),
        ("a name of 100 kB", head(f"{'X' * 100_000}: a\r\n"), (400, 431)),
        ("a host of 100 kB", head(host=f"Host: {'a' * 100_000}\r\n"), (400, 431)),
        ("10,000 fields", head("X: a\r\n" * 10_000), 431),
        ("65 fields", head("X: a\r\n" * 64), 431),
        ("fields of 33 kB", head("".join(f"X{i}: {'a' * 1000}\r\n"
                                         for i in range(33))), 431),
        ("a tab for each of 100 kB", head("X:" + "\t" * 100_000 + "\r\n"), 431),
        ("100 kB of a field that does not end", f"GET / HTTP/1.1\r\nX: {'a' * 100_000}",
         431)]:
    refused(f"limit: {name}", data, statuses, "RFC 9110 5.4")
answered("limit: a line of 8 KiB", head(line=f"GET /?{'a' * 8177} HTTP/1.1"), 200,
         why="RFC 9112 3")
answered("limit: 64 fields", head("X: a\r\n" * 63), 200, why="RFC 9110 5.4")
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
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"), ("NULs", bytes(64)),
        ("bytes of 255", b"\xff" * 64 + b"\r\n"), ("SMTP", b"EHLO a\r\n"),
        ("a PROXY line", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"),
        ("a shell's words", b"() { :; }; echo x\r\n"),
        ("a response", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]:
    refused(f"not HTTP: {name}", data, BAD, "RFC 9112 3")

# ---- WebSocket handshakes (RFC 6455 4.2) ----

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = "Connection: upgrade\r\nUpgrade: websocket\r\n"
VERSION = "Sec-WebSocket-Version: 13\r\n"
ECHO = "GET /echo HTTP/1.1"
for name, fields, status in [
        ("no upgrade", "", 426),
        ("no upgrade in Connection", "Upgrade: websocket\r\n" + KEY + VERSION, 426),
        ("no upgrade but the option", "Connection: upgrade\r\n" + KEY + VERSION, 426),
        ("no version", UPGRADE + KEY, 426),
        ("an old version", UPGRADE + KEY + "Sec-WebSocket-Version: 8\r\n", 426),
        ("a version of no number", UPGRADE + KEY + "Sec-WebSocket-Version: x\r\n",
         426)]:
    answered(f"WebSocket: {name}", head(fields, ECHO), status, why="RFC 6455 4.2")
for name, fields in [
        ("no key", UPGRADE + VERSION),
        ("two keys", UPGRADE + KEY + KEY + VERSION),
        ("an empty key", UPGRADE + "Sec-WebSocket-Key:\r\n" + VERSION),
        ("a short key", UPGRADE + "Sec-WebSocket-Key: dGhl\r\n" + VERSION),
        ("a long key", UPGRADE + KEY.replace("==", "aaaa==") + VERSION),
        ("a key that is not base64", UPGRADE + KEY.replace("dG", "d*") + VERSION),
        ("a body", UPGRADE + KEY + VERSION + "Content-Length: 1\r\n")]:
    refused(f"WebSocket: {name}", head(fields, ECHO), BAD, "RFC 6455 4.2.1")
refused("WebSocket: POST", head(UPGRADE + KEY + VERSION, "POST /echo HTTP/1.1"),
        (400, 405), "RFC 6455 4.2.1")
answered("WebSocket: HTTP/1.0", head(UPGRADE + KEY + VERSION, "GET /echo HTTP/1.0"),
         426, why="RFC 9110 7.8")
answered("WebSocket: where there is none", head(UPGRADE + KEY + VERSION), 200,
         why="RFC 9110 7.8")
