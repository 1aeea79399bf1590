# SPDX-License-Identifier: MIT
"""Certificates for the tests, by openssl(1): an authority of our own, what it
signed for servers and clients, and some that nobody should accept."""
import subprocess


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True,
                          capture_output=True, timeout=60, **options)


class Files:
    """Paths in one directory: NAME.pem and NAME.key for each name below."""

    def __init__(self, directory):
        self.directory = directory
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

    def authority(self, name, subject):
        self.new_key(name, "ec")
        openssl("req", "-x509", "-new", "-key", self.key(name), "-days", 30,
                "-subj", f"/CN={subject}", "-out", self.cert(name))

    def issue(self, name, subject, by="ca", days=10, algorithm="ec"):
        """Returns the options of a server that uses it."""
        if not self.cert(name).exists():
            self.new_key(name, algorithm)
            request = openssl("req", "-new", "-key", self.key(name),
                              "-subj", f"/CN={subject}").stdout
            openssl("x509", "-req", "-CA", self.cert(by),
                    "-CAkey", self.key(by), "-days", days,
                    "-extfile", self.extensions(), "-out", self.cert(name),
                    input=request)
        return self.options(name)

    def extensions(self):
        path = self.directory / "extensions"
        path.write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")
        return path

    def options(self, name="server"):
        return ["--tls-cert", self.cert(name), "--tls-key", self.key(name)]

    def demanding(self, name="server"):
        """The same for a server that wants certificates of its clients."""
        return [*self.options(name), "--tls-client-ca", self.cert("ca")]
