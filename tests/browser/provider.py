"""A small OpenID provider on this machine: whoever comes is logged in with one e-mail address."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "alexnet", "client secret"


class Provider:
    """Serves on a free port until it is ended; ``email`` is whom it vouches for."""

    def __init__(self, email: str) -> None:
        self.email = email
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
        self.nonces: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                if parts.path == "/authorize":
                    code = f"code {len(provider.nonces)}"
                    provider.nonces[code] = query.get("nonce", "")
                    self.send_response(302)
                    answer = urlencode({"code": code, "state": query["state"]})
                    self.send_header("Location", f"{query['redirect_uri']}?{answer}")
                    self.end_headers()
                elif parts.path == "/keys":
                    self._json({"keys": [provider.key.as_dict(private=False)]})
                else:
                    self._json(provider.description)

            def do_POST(self) -> None:
                fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                user, _, password = base64.b64decode(self.headers["Authorization"].split()[1]).decode().partition(":")
                assert (user, password.replace("+", " ")) == (CLIENT, SECRET)
                now = int(time.time())
                claims = {
                    "iss": provider.address,
                    "aud": CLIENT,
                    "sub": "1",
                    "iat": now,
                    "exp": now + 600,
                    "nonce": provider.nonces[fields["code"][0]],
                    "email": provider.email,
                    "email_verified": True,
                }
                token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, provider.key)
                self._json({"access_token": "x", "token_type": "Bearer", "expires_in": 600, "id_token": token})

            def _json(self, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def description(self) -> dict[str, object]:
        """What OpenID Connect Discovery 1.0 asks for."""
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()
