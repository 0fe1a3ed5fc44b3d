"""What the measurements share: programs, folder, databases. Made when first needed."""

import os
from contextlib import ExitStack

from . import accounts, servers
from .postgres import Postgres


class Bench:
    """One run."""

    def __init__(self, binary, example, folder, stack: ExitStack, *, quick, progress):
        self.binary, self.example = binary, example
        self.folder = folder
        self.quick = quick
        self.progress = progress
        self.secret = accounts.secret()
        self.threads = os.cpu_count()
        self._stack = stack
        self._phc = accounts.password_hash()
        self._postgres = None
        self._databases = {}

    def pick(self, quick, whole):
        """A length or a number that depends on how long the run may take."""
        return quick if self.quick else whole

    @property
    def postgres(self):
        """The server."""
        if not self._postgres:
            self.progress.note("starting PostgreSQL")
            self._postgres = Postgres(self.folder, self._stack)
        return self._postgres

    def database(self, engine, count=accounts.ROTATION):
        """A database of an engine with so many accounts."""
        key = (engine, count)
        if key not in self._databases:
            self.progress.note(f"filling {engine} with {count:,} accounts")
            self._databases[key] = self._fill(engine, count)
        return self._databases[key]

    def doorward(self, database, name="doorward", **settings):
        """Runs doorward on a database, for the length of a block; PASSWORD__HASH_WAIT="1s"."""
        settings = {"PASSWORD__HASH_THREADS": str(self.threads), **settings}
        return servers.doorward(self.binary, database.url, self.secret, name, settings)

    def reference(self, kind, database):
        """Runs a reference, for the length of a block."""
        return servers.reference(self.example, kind, database.url, self.secret)

    def _fill(self, engine, count):
        tokens, emails = accounts.rotation(self.folder, count, self.secret)
        if engine == "postgres":
            name = f"accounts_{count}"
            self.postgres.psql(f"CREATE DATABASE {name}")
            url = self.postgres.url(name)
            servers.migrate(self.binary, url, self.secret)
            accounts.fill_postgres(self.postgres, name, count, self._phc)
        else:
            file = self.folder / f"accounts-{count}.db"
            url = f"sqlite://{file}"
            servers.migrate(self.binary, url, self.secret)
            accounts.fill_sqlite(file, count, self._phc)
        return accounts.Database(engine, url, tokens, emails)
