# SPDX-License-Identifier: Apache-2.0
"""A small FHIR client of the standard library alone, for tests."""
import http.client
import json
import ssl
import subprocess
import urllib.parse

import support

FHIR_JSON = "application/fhir+json"


def demo_bundle(name):
    """The bytes of a Bundle of demo/data."""
    return subprocess.run(["zstd", "-dc", support.ROOT / f"demo/data/{name}.json.zst"],
                          capture_output=True, check=True).stdout


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    def json(self):
        return json.loads(self.body)


class Client:
    """One connection to one node, kept open; reopened when the node closed it."""

    def __init__(self, url, certificate, token):
        self.host, self.port = urllib.parse.urlsplit(url).netloc.rsplit(":", 1)
        self.context = ssl.create_default_context(cafile=certificate)
        self.context.check_hostname = False
        self.token = token
        self.connection = None

    def send(self, method, target, body=b"", headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                self.host, int(self.port), context=self.context, timeout=support.TIMEOUT_S)
        sent = {"Accept": FHIR_JSON}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body:
            sent["Content-Type"] = FHIR_JSON
        sent.update(headers or {})
        try:
            self.connection.request(method, target, body or None, sent)
            reply = self.connection.getresponse()
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()},
                          reply.read())
        except (http.client.HTTPException, OSError):
            self.close()
            raise

    def request(self, method, path, body=b"", headers=None):
        """`path` goes on after /fhir/; an empty one is the service itself."""
        return self.send(method, "/fhir" + ("/" + path if path else ""), body, headers)

    def get_text(self, target):
        return self.send("GET", target, headers={"Accept": "*/*"}).body.decode()

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class FhirCase(support.Case):
    def client(self, network, process, member, scope="user/*.cruds system/*.rs"):
        token = self.ok("token", "new", "--home", network, "--member", member, "--scope",
                        scope).out.strip()
        client = Client(process.listening[member],
                        str(network / f"members/{member}/tls/node.crt"), token)
        self.addCleanup(client.close)
        return client
