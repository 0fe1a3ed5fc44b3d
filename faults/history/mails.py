"""The mails that doorward delivered, as .eml files in a folder."""

import email.parser
import email.policy
import os
import re
from collections.abc import Iterator
from pathlib import Path

# The subjects of the letters, whatever the product is called.
_SUBJECTS = (
    (re.compile(r"Welcome to "), "welcome"),
    (re.compile(r"Confirm your address for "), "confirm"),
    (re.compile(r"Choose a new password for "), "reset"),
    (re.compile(r"Your password for .* was changed$"), "password_changed"),
    (re.compile(r"Your account at .* is locked "), "account_locked"),
    (re.compile(r"Your account at .* was locked "), "account_was_locked"),
    (re.compile(r"You have an account at .* already$"), "already_registered"),
)
_TOKEN = re.compile(r"^Token: (\S+)\r?$", re.MULTILINE)


def read_new(folder: Path, known: set[str]) -> Iterator[tuple[str, str, str | None]]:
    """Kind, canonical address and one-time token of each mail whose file is not `known` yet."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".eml"))
    except FileNotFoundError:
        # It is made with the first mail.
        return
    for name in names:
        if name not in known:
            known.add(name)
            yield parse((folder / name).read_bytes())


def parse(message: bytes) -> tuple[str, str, str | None]:
    """What a mail says; a kind of its own for one that nobody knows."""
    mail = email.parser.BytesParser(policy=email.policy.default).parsebytes(message)
    subject, to = str(mail["subject"]), mail["to"].addresses[0].addr_spec
    kind = next((kind for pattern, kind in _SUBJECTS if pattern.match(subject)), "unknown")
    text = mail.get_body(("plain",)).get_content()
    token = _TOKEN.search(text)
    return kind, to.lower(), token and token[1]
