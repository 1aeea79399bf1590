# SPDX-License-Identifier: MIT
"""Certificates for the tests, by openssl(1): an authority of our own, what it
signed for servers and clients, and some that nobody should accept."""
import subprocess
import time


# What a real authority writes: Python 3.13 demands the key identifiers and the
# usages, OpenSSL 3.5 knows no certificate of -1 days. `openssl ca` takes dates of
# the past in every release.
CONFIG = """
[req]
distinguished_name = subject
string_mask = utf8only
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca]
default_ca = issuer
[issuer]
database = index
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = policy
x509_extensions = leaf
[policy]
commonName = supplied
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
"""
SECONDS_OF_A_DAY = 24 * 3600


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True,
                          capture_output=True, timeout=60, **options)


def date(seconds_from_now):
    return time.strftime("%Y%m%d%H%M%SZ",
                         time.gmtime(time.time() + seconds_from_now))


class Files:
    """Paths in one directory: NAME.pem and NAME.key for each name below."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "config").write_text(CONFIG)
        (directory / "index").write_text("")
        self.authority("ca", "Test CA")
        self.authority("other-ca", "Other CA")
        self.issue("server", "localhost")
        self.issue("alice", "alice")
        self.issue("late", "late", days=-1)
        self.issue("late-server", "localhost", days=-1)
        self.issue("evil", "evil\x1b[2J\nline", days=-1)
        self.issue("mallory", "mallory", by="other-ca")
        openssl("pkey", "-in", self.key("server"), "-aes256",
                "-passout", "pass:secret", "-out", self.key("locked"))

    def cert(self, name):
        return self.directory / f"{name}.pem"

    def key(self, name):
        return self.directory / f"{name}.key"

    def new_key(self, name, algorithm):
        """ALGORITHM: "ec", a curve like "P-384", or the bits of an RSA key."""
        curve = "P-256" if algorithm == "ec" else algorithm
        how = (["EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
               if str(curve).startswith("P-")
               else ["RSA", "-pkeyopt", f"rsa_keygen_bits:{algorithm}"])
        openssl("genpkey", "-algorithm", *how, "-out", self.key(name))

    def request(self, name, subject, algorithm, *more):
        self.new_key(name, algorithm)
        return openssl("req", "-new", "-config", self.directory / "config",
                       "-key", self.key(name), "-subj", f"/CN={subject}",
                       *more).stdout

    def authority(self, name, subject, by=None):
        """A root, or an intermediate that BY has signed."""
        if by:
            self.sign(name, self.request(name, subject, "ec"), by,
                      30 * SECONDS_OF_A_DAY, "authority")
        else:
            self.request(name, subject, "ec", "-x509", "-days", 30,
                         "-extensions", "authority", "-out", self.cert(name))

    def sign(self, name, request, by, seconds, section="leaf"):
        """A certificate that ends in SECONDS, and began before, or now."""
        path = self.directory / f"{name}.request"
        path.write_bytes(request)
        openssl("ca", "-batch", "-notext", "-config", "config",
                "-cert", self.cert(by), "-keyfile", self.key(by),
                "-startdate", date(min(seconds, 0) - SECONDS_OF_A_DAY),
                "-enddate", date(seconds), "-extensions", section,
                "-in", path, "-out", self.cert(name), cwd=self.directory)

    def issue(self, name, subject, by="ca", days=10, algorithm="ec",
              seconds=None):
        """Returns the options of a server that uses it."""
        if not self.cert(name).exists():
            self.sign(name, self.request(name, subject, algorithm), by,
                      days * SECONDS_OF_A_DAY if seconds is None else seconds)
        return self.options(name)

    def options(self, name="server"):
        return ["--tls-cert", self.cert(name), "--tls-key", self.key(name)]

    def demanding(self, name="server"):
        """The same for a server that wants certificates of its clients."""
        return [*self.options(name), "--tls-client-ca", self.cert("ca")]
