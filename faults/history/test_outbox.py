"""Mails without events, and events without mails."""

import unittest

from faults.history.story import Story

_ALL = ("nothing",)


class Mails(unittest.TestCase):
    def setUp(self) -> None:
        self.story = Story()
        self.token = self.story.register("first1")
        self.story.mail("confirm", "ccc")

    def _change(self, status: int | None = 200) -> None:
        self.token = self.story.change(self.token, "first1", "second2", status)

    def _kinds(self) -> list[str]:
        return self.story.kinds(*_ALL)

    def test_every_event_has_its_mail(self) -> None:
        self.story.forgot()
        self.story.mail("reset", "aaa")
        self._change()
        self.story.mail("password_changed")
        self.assertEqual(self._kinds(), [])

    def test_a_change_without_its_mail(self) -> None:
        self._change()
        self.assertEqual(self._kinds(), ["mail_lost"])
        self.assertEqual(self.story.verdict().mails_lost, 1)

    def test_a_registration_without_its_mail(self) -> None:
        self.story.history.mails.clear()
        self.assertEqual(self._kinds(), ["mail_lost"])

    def test_who_has_confirmed_needs_no_other_mail(self) -> None:
        self.story.call("resend")
        self.story.confirm("ccc")
        self.assertEqual(self._kinds(), [])

    def test_a_reset_mail_is_lost_or_taken_back(self) -> None:
        self.story.forgot()
        self.assertEqual(self._kinds(), ["mail_lost"])
        self._change(503)
        self.assertEqual(self._kinds(), [])

    def test_a_lock_without_its_mail(self) -> None:
        self.story.wait(60)
        for number in range(3):
            self.story.login(f"guess{number}", 400)
        self.story.login("first1", 403)
        self.assertEqual(self._kinds(), ["mail_lost"])
        self.story.mail("account_locked")
        self.assertEqual(self._kinds(), [])

    def test_a_lock_that_is_told_after_a_reset(self) -> None:
        self.story.forgot()
        self.story.mail("reset", "aaa")
        self.story.reset("aaa", "second2")
        self.story.mail("password_changed")
        self.assertEqual(self._kinds(), [])
        self.story.mail("account_was_locked")
        self.assertEqual(self._kinds(), ["mail_without_event"])

        self.setUp()
        self.story.forgot()
        self.story.mail("reset", "aaa")
        for number in range(3):
            self.story.login(f"guess{number}", 400)
        self.story.reset("aaa", "second2")
        self.story.mail("password_changed")
        self.story.mail("account_was_locked")
        self.assertEqual(self._kinds(), [])

    def test_a_mail_of_a_refused_change(self) -> None:
        self._change(400)
        self.story.mail("password_changed")
        wrong = ["live_token_refused", "mail_without_event"]
        self.assertEqual(self._kinds(), wrong)
        self.assertEqual(self.story.verdict().mails_for_rollback, 1)

    def test_a_mail_too_many(self) -> None:
        self._change()
        self.story.mail("password_changed")
        self.story.mail("password_changed")
        self.assertEqual(self._kinds(), ["mail_without_event"])

    def test_a_mail_may_come_again_after_a_while(self) -> None:
        self._change()
        self.story.mail("password_changed")
        self.story.wait(10)
        self.story.mail("password_changed")
        self.assertEqual(self._kinds(), [])

    def test_a_mail_may_come_again_at_once_when_the_outbox_was_hurried(self) -> None:
        self._change()
        self.story.mail("password_changed")
        self.story.history.hurried_at = self.story.now
        self.story.mail("password_changed")
        self.assertEqual(self._kinds(), [])

    def test_a_mail_before_its_event(self) -> None:
        self.story.mail("reset", "aaa")
        self.story.forgot()
        self.assertEqual(self._kinds(), ["mail_without_event", "mail_lost"])

    def test_a_change_without_an_answer_may_have_a_mail(self) -> None:
        for is_mailed in (False, True):
            self.setUp()
            self._change(None)
            if is_mailed:
                self.story.mail("password_changed")
            self.assertEqual(self._kinds(), [])

    def test_a_mail_of_a_change_that_cannot_have_happened(self) -> None:
        first = self.token
        self._change(503)
        self.story.mail("password_changed")
        # From the old password to a third one: the unknown change was never there.
        self.story.change(first, "first1", "third3")
        self.story.mail("password_changed")
        self.assertEqual(self._kinds(), ["mail_without_event"])

    def test_a_mail_that_nobody_knows_and_one_to_nobody(self) -> None:
        self.story.mail("unknown")
        self.story.mail("reset", "aaa", to="nobody@example.com")
        self.assertEqual(self._kinds(), ["mail_without_event", "mail_without_event"])


if __name__ == "__main__":
    unittest.main()
