"""Answers, identities, recovery, and a history on disk."""

import tempfile
import unittest
from pathlib import Path

from faults.history.mails import parse
from faults.history.plan import steps
from faults.history.record import History
from faults.history.story import Story

_MAIL = b"""\
From: doorward <noreply@example.com>\r
To: Ann@Example.com\r
Subject: Choose a new password for doorward\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="x"\r
\r
--x\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
Choose a new password:\r
https://example.com/reset#token=3Dabc-_1\r
\r
Token: abc-_1\r
--x\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Token: wrong</p>\r
--x--\r
"""


class Answers(unittest.TestCase):
    def test_what_is_not_in_the_contract(self) -> None:
        for status, code in ((500, "internal"), (404, "not_found"), (400, "wrong_password")):
            story = Story()
            story.register("first1")
            story.login("first1", status, code=code)
            self.assertEqual(story.kinds(), ["bad_answer"])

    def test_what_a_proxy_answers_is_not_ours(self) -> None:
        story = Story()
        story.register("first1")
        for status in (502, 503, 504):
            story.login("first1", status)
        self.assertEqual(story.kinds(), [])

    def test_another_account(self) -> None:
        story = Story()
        token = story.register("first1")
        story.check(token, email="bob@example.com")
        self.assertEqual(story.kinds(), ["wrong_identity"])

    def test_two_ids_of_one_address(self) -> None:
        story = Story()
        token = story.register("first1")
        story.check(token, id=1)
        story.check(token, id=2)
        self.assertEqual(story.kinds(), ["second_account"])

    def test_two_addresses_with_one_id(self) -> None:
        story = Story()
        story.check(story.register("first1"))
        other = story.register("other1", address="bob@example.com")
        story.check(other, address="bob@example.com", email="Bob@example.com")
        self.assertEqual(story.kinds(), ["wrong_identity"])


class Recovery(unittest.TestCase):
    def test_the_slowest_kind_counts(self) -> None:
        story = Story()
        story.login("first1", 503, at=(100, 101))
        story.login("first1", 400, at=(101.5, 102))
        story.forgot(None, at=(100, 103))
        story.forgot(at=(103, 104))
        self.assertEqual(story.history.recovery(100), 3)

    def test_what_was_not_tried_says_nothing_and_what_never_came_back_is_never(self) -> None:
        story = Story()
        story.login("first1", 503, at=(90, 91))
        story.forgot(at=(100, 101))
        self.assertEqual(story.history.recovery(100), 0)
        story.login("first1", 503, at=(105, 106))
        self.assertIsNone(story.history.recovery(100))
        story.login("first1", 400, at=(112, 113))
        self.assertEqual(story.history.recovery(100), 6)


class Files(unittest.TestCase):
    def test_a_saved_history_is_the_same_again(self) -> None:
        story = Story()
        token = story.register("first1")
        story.check(token)
        story.login("first1", None)
        story.mail("confirm", "ccc")
        story.history.note("healed")
        story.history.hurry()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "history.jsonl"
            story.history.save(path)
            loaded = History.load(path)
        for part in ("calls", "mails", "lockout", "hurried_at", "base_urls", "seed"):
            self.assertEqual(getattr(loaded, part), getattr(story.history, part))
        self.assertEqual([note[1] for note in loaded.notes], ["healed"])

    def test_a_mail_gives_its_kind_its_address_and_its_token(self) -> None:
        self.assertEqual(parse(_MAIL), ("reset", "ann@example.com", "abc-_1"))


class Plans(unittest.TestCase):
    def test_a_seed_gives_the_same_plan_again_and_each_client_its_own(self) -> None:
        def first(seed: int, client: int) -> list:
            plan = steps(seed, client, 20, 2)
            return [next(plan) for _ in range(50)]

        self.assertEqual(first(7, 1), first(7, 1))
        self.assertNotEqual(first(7, 1), first(7, 2))
        self.assertNotEqual(first(7, 1), first(8, 1))


if __name__ == "__main__":
    unittest.main()
