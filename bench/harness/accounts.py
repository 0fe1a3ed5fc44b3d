"""Accounts and their tokens, made without the service: it would hash for hours."""

import base64
import ctypes
import hashlib
import hmac
import json
import os
import sqlite3
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from . import tools
from .errors import BenchError

PASSWORD = "abc123"
MEMORY_KIB = 19_456
ITERATIONS = 2

# How many accounts take turns in a measurement.
ROTATION = 1_000

# The columns that an account needs; triggers and other tables keep themselves up to date.
_COLUMNS = "(id, email, email_key, password_hash, created_at)"
_EMAIL = "'user' || i || '@bench.example'"


@dataclass
class Database:
    """A filled database, and the files of those whose turn it is in it."""

    engine: str
    url: str
    tokens: Path
    emails: Path


def secret():
    """A signing secret, as `openssl rand -base64 48` prints it."""
    return base64.b64encode(os.urandom(48)).decode()


def rotation(folder, accounts, signing_secret):
    """Files with the tokens and the addresses of 1,000 accounts spread over all."""
    step = accounts // ROTATION
    ids = range(step, accounts + 1, step)
    tokens, emails = folder / f"tokens-{accounts}", folder / f"emails-{accounts}"
    tokens.write_text("".join(f"{token(signing_secret, id)}\n" for id in ids))
    emails.write_text("".join(f"user{id}@bench.example\n" for id in ids))
    return tokens, emails


def token(signing_secret, account):
    """An access token as src/security/access_token.rs makes them."""
    now = int(time.time())
    claims = {
        "iss": "doorward",
        "sub": str(account),
        "iat": now,
        "exp": now + 86_400,
        "jti": str(uuid.uuid4()),
        "ver": 1,
    }
    signed = f"{_part({'typ': 'JWT', 'alg': 'HS256'})}.{_part(claims)}"
    signature = hmac.digest(signing_secret.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{_base64url(signature)}"


def password_hash():
    """The PHC string of everybody's password; the same salt does no harm here."""
    encoded = ctypes.create_string_buffer(256)
    password, salt = PASSWORD.encode(), os.urandom(16)
    failed = tools.library(tools.LIBARGON2).argon2id_hash_encoded(
        *map(ctypes.c_uint32, (ITERATIONS, MEMORY_KIB, 1)),
        *(password, ctypes.c_size_t(len(password)), salt, ctypes.c_size_t(len(salt))),
        *(ctypes.c_size_t(32), encoded, ctypes.c_size_t(len(encoded))),
    )
    if failed:
        raise BenchError(f"libargon2 made no hash: error {failed}")
    return encoded.value.decode()


def fill_postgres(server, database, accounts, phc):
    """Numbers its accounts from 1."""
    server.psql(
        f"INSERT INTO users {_COLUMNS} OVERRIDING SYSTEM VALUE"
        f" SELECT i, {_EMAIL}, {_EMAIL}, '{phc}', now() FROM generate_series(1, {accounts}) AS i",
        database,
    )
    server.psql(
        "SELECT setval(pg_get_serial_sequence('users', 'id'), max(id)) FROM users", database
    )
    server.psql("VACUUM ANALYZE", database)
    # Otherwise it comes in the middle of a measurement.
    server.psql("CHECKPOINT", database)


def fill_sqlite(file, accounts, phc):
    """Numbers its accounts from 1."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO users {_COLUMNS}"
            f" SELECT i, {_EMAIL}, {_EMAIL}, ?, '2026-01-01T00:00:00+00:00' FROM n",
            (accounts, phc),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _part(value):
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
