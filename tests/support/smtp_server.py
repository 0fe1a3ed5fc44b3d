"""A mail server for the tests: aiosmtpd, with a few ways to be unpleasant.

Prints `{"port": n}` when it listens, then each message that it took as a line of JSON. Ends
when its standard input is closed, so that it never outlives the test that started it.
"""

import argparse
import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# A handshake that fails on purpose is no news.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.simplefilter("ignore")


class Handler:
    def __init__(self, options):
        self.options = options
        self.left = options.times
        self.recipient = None

    def answer(self, stage):
        """The configured refusal, as often as it is to be given."""
        if self.options.at != stage or self.left == 0:
            return None
        self.left -= 1
        return f"{self.options.refuse} refused on purpose for {self.recipient}"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.recipient = address
        refusal = self.answer("rcpt")
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.options.hang:
            tell({"hangs": True})
            await asyncio.sleep(self.options.hang)
            server.transport.abort()
        refusal = self.answer("data")
        if refusal is None:
            tell({
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "tls": session.ssl is not None,
                "login": session.auth_data if session.authenticated else None,
                "message": envelope.content.decode("utf-8", "surrogateescape"),
            })
        return refusal or "250 OK"


def tell(what):
    print(json.dumps(what), flush=True)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="a PEM file with certificate and key")
    parser.add_argument("--tls", choices=["starttls", "wrapped"])
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--at", choices=["rcpt", "data"])
    parser.add_argument("--refuse", help="the status, as 451")
    parser.add_argument("--times", type=int, default=-1)
    parser.add_argument("--hang", type=float, help="seconds, then the connection is dropped")
    parser.add_argument("--utf8", action="store_true", help="offer SMTPUTF8")
    return parser.parse_args()


async def serve(options):
    context = None
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate)
    starttls = options.tls == "starttls"

    def authenticate(server, session, envelope, mechanism, data):
        given = isinstance(data, LoginPassword) and (data.login, data.password)
        right = given == (options.user.encode(), options.password.encode())
        return AuthResult(success=right, handled=False, auth_data=options.user)

    def connection():
        return SMTP(
            Handler.shared,
            enable_SMTPUTF8=options.utf8,
            hostname="localhost",
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=authenticate if options.user else None,
            auth_required=bool(options.user),
            auth_require_tls=starttls,
        )

    Handler.shared = Handler(options)
    wrapped = context if options.tls == "wrapped" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, options.host, options.port, ssl=wrapped)
    tell({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve(parse()))
