"""The search through an address's calls: what it finds, and what it must let pass."""

import unittest

from faults.history.story import Story


class Passwords(unittest.TestCase):
    def test_an_ordinary_life_is_right(self) -> None:
        story = Story()
        token = story.register("first1")
        story.login("first1")
        story.check(token)
        changed = story.change(token, "first1", "second2")
        story.check(token, 400)
        story.check(changed)
        story.login("first1", 400)
        story.login("second2")
        self.assertEqual(story.kinds(), [])
        self.assertEqual(story.verdict().requests, 8)

    def test_an_old_password_is_accepted_after_a_change(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2")
        story.login("first1")
        self.assertEqual(story.kinds(), ["old_password_accepted"])

    def test_both_passwords_can_work_while_a_change_runs(self) -> None:
        for status in (200, 400):
            story = Story()
            token = story.register("first1")
            story.change(token, "first1", "second2", at=(110, 120))
            story.login("first1", status, at=(111, 112))
            story.login("second2", 400 if status == 200 else 200, at=(113, 114))
            self.assertEqual(story.kinds(), [])

    def test_a_change_does_not_go_back(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", at=(110, 120))
        story.login("second2", at=(111, 112))
        story.login("first1", at=(113, 114))
        self.assertEqual(story.kinds(), ["old_password_accepted"])

    def test_the_new_password_is_refused(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2")
        story.login("second2", 400)
        self.assertEqual(story.kinds(), ["right_password_refused"])
        self.assertEqual(story.verdict().lost_writes, 1)

    def test_an_acknowledged_account_is_missing(self) -> None:
        story = Story()
        story.register("first1")
        story.login("first1", 400)
        self.assertEqual(story.kinds(), ["account_missing"])
        self.assertEqual(story.verdict().lost_writes, 1)

    def test_a_guess_is_accepted(self) -> None:
        story = Story()
        story.register("first1")
        story.login("guess1")
        self.assertEqual(story.kinds(), ["wrong_password_accepted"])

    def test_the_password_of_a_refused_change_is_accepted(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2")
        story.change(token, "first1", "third3", 400)
        story.login("third3")
        self.assertEqual(story.kinds(), ["old_password_accepted"])

    def test_a_change_with_the_wrong_password_is_accepted(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "guess1", "second2")
        self.assertEqual(story.kinds(), ["wrong_password_accepted"])

    def test_a_refused_current_password_was_the_right_one(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", 400, code="wrong_password")
        self.assertEqual(story.kinds(), ["account_missing"])


class Unknown(unittest.TestCase):
    def test_a_change_without_an_answer_may_or_may_not_have_happened(self) -> None:
        for first, second in ((200, 400), (400, 200)):
            for status in (503, None):
                story = Story()
                token = story.register("first1")
                story.change(token, "first1", "second2", status)
                story.login("first1", first)
                story.login("second2", second)
                self.assertEqual(story.kinds(), [])

    def test_it_may_happen_much_later_but_not_twice(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", None)
        story.login("first1")
        story.wait(60)
        story.login("second2")
        self.assertEqual(story.kinds(), [])
        story.login("first1")
        self.assertEqual(story.kinds(), ["old_password_accepted"])

    def test_it_cannot_happen_after_another_change(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", None)
        story.change(token, "first1", "third3")
        story.login("second2")
        self.assertEqual(story.kinds(), ["old_password_accepted"])

    def test_a_change_that_follows_an_unknown_one_proves_it(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", 503)
        second = story.login("second2")
        story.change(second, "second2", "third3")
        story.login("third3")
        story.check(token, 400)
        self.assertEqual(story.kinds(), [])

    def test_a_registration_without_an_answer_may_have_happened(self) -> None:
        for status, login in ((400, 200), (201, 400)):
            story = Story()
            story.register("first1", None)
            story.register("second2", status)
            story.login("first1", login)
            self.assertEqual(story.kinds(), [])

    def test_a_connection_that_was_refused_changed_nothing(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", None, error="refused")
        story.login("second2")
        self.assertEqual(story.kinds(), ["old_password_accepted"])

    def test_failures_say_nothing(self) -> None:
        story = Story()
        token = story.register("first1")
        story.login("first1", 503)
        story.check(token, None)
        story.check(token, 503)
        story.forgot(503)
        self.assertEqual(story.kinds(), [])


class Tokens(unittest.TestCase):
    def test_a_dead_token_is_accepted(self) -> None:
        for kill in ("change", "reset"):
            story = Story()
            token = story.register("first1")
            if kill == "change":
                story.change(token, "first1", "second2")
            else:
                story.forgot()
                story.mail("reset", "aaa")
                story.reset("aaa", "second2")
            story.check(token)
            self.assertEqual(story.kinds(), ["dead_token_accepted"])

    def test_a_token_may_be_looked_at_before_the_change(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", at=(110, 120))
        story.check(token, at=(119, 130))
        self.assertEqual(story.kinds(), [])

    def test_a_live_token_is_refused(self) -> None:
        story = Story()
        story.register("first1")
        token = story.login("first1")
        story.check(token, 400)
        self.assertEqual(story.kinds(), ["live_token_refused"])

    def test_the_token_of_a_login_dies_with_its_password(self) -> None:
        story = Story()
        first = story.register("first1")
        token = story.login("first1", at=(110, 130))
        story.change(first, "first1", "second2", at=(111, 112))
        story.check(token, 400)
        self.assertEqual(story.kinds(), [])

    def test_two_changes_with_one_token(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2", at=(110, 120))
        story.change(token, "first1", "third3", at=(111, 121))
        self.assertEqual(story.kinds(), ["dead_token_accepted"])

    def test_a_forged_token(self) -> None:
        story = Story()
        story.register("first1")
        story.check(None)
        self.assertEqual(story.kinds(), ["forged_token_accepted"])

    def test_a_wrong_password_shows_that_the_token_was_taken(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2")
        story.change(token, "guess1", "third3", 400, code="wrong_password")
        self.assertEqual(story.kinds(), ["dead_token_accepted"])


class Registrations(unittest.TestCase):
    def test_two_registrations_of_one_address(self) -> None:
        story = Story()
        story.register("first1", at=(110, 120))
        story.register("second2", at=(111, 121))
        self.assertEqual(story.kinds(), ["second_account"])

    def test_one_of_two_may_win(self) -> None:
        story = Story()
        story.register("first1", at=(110, 120))
        story.register("second2", 400, at=(111, 112))
        story.login("second2", 400)
        self.assertEqual(story.kinds(), [])

    def test_taken_by_nobody(self) -> None:
        story = Story()
        story.register("first1", 400)
        self.assertEqual(story.kinds(), ["taken_without_account"])

    def test_after_a_violation_it_goes_on_and_finds_the_next(self) -> None:
        story = Story()
        token = story.register("first1")
        story.change(token, "first1", "second2")
        story.login("first1")
        story.login("first1")
        story.login("second2")
        self.assertEqual(story.kinds(), ["old_password_accepted", "old_password_accepted"])


class OneTimeTokens(unittest.TestCase):
    def setUp(self) -> None:
        self.story = Story()
        self.token = self.story.register("first1")

    def _mailed(self, *tokens: str) -> None:
        for token in tokens:
            self.story.forgot()
            self.story.mail("reset", token)

    def test_two_winners_of_one_token(self) -> None:
        self._mailed("aaa")
        self.story.reset("aaa", "second2", at=(110, 120))
        self.story.reset("aaa", "third3", at=(111, 121))
        self.assertEqual(self.story.kinds(), ["one_time_token_twice"])

    def test_one_winner_of_many(self) -> None:
        self._mailed("aaa")
        self.story.reset("aaa", "second2", 400, at=(110, 120))
        self.story.reset("aaa", "third3", at=(111, 121))
        self.story.reset("aaa", "fourth4", None, at=(112, 113))
        self.story.login("third3")
        self.story.login("second2", 400)
        self.assertEqual(self.story.kinds(), [])

    def test_one_without_an_answer_may_have_used_it(self) -> None:
        self._mailed("aaa")
        self.story.reset("aaa", "second2", None)
        self.story.reset("aaa", "third3", 400)
        self.story.login("second2")
        self.assertEqual(self.story.kinds(), [])

    def test_it_is_gone_and_nothing_came_of_it(self) -> None:
        self._mailed("aaa")
        self.story.reset("aaa", "second2", 503)
        self.story.reset("aaa", "third3", 400)
        self.story.login("first1")
        self.assertEqual(self.story.kinds(), ["old_password_accepted"])

    def test_a_live_one_is_refused(self) -> None:
        self._mailed("aaa")
        self.story.reset("aaa", "second2", 400)
        self.assertEqual(self.story.kinds(), ["live_one_time_token_refused"])

    def test_the_password_of_a_losing_reset_is_accepted(self) -> None:
        self._mailed("aaa")
        self.story.reset("aaa", "second2")
        self.story.reset("aaa", "third3", 400)
        self.story.login("third3")
        self.assertEqual(self.story.kinds(), ["old_password_accepted"])

    def test_others_are_dead_after_a_reset_or_a_change(self) -> None:
        for kill in ("reset", "change"):
            self.setUp()
            self._mailed("aaa", "bbb")
            if kill == "reset":
                self.story.reset("bbb", "second2")
            else:
                self.story.change(self.token, "first1", "second2")
            self.story.reset("aaa", "third3")
            self.assertEqual(self.story.kinds(), ["dead_one_time_token_accepted"])

    def test_a_mail_on_its_way_when_the_password_changes_is_taken_back(self) -> None:
        for late in (False, True):
            self.setUp()
            self.story.forgot()
            # Either the mail is delayed, or it was asked for while the change was under way.
            start = self.story.now
            self.story.change(self.token, "first1", "second2", at=(start, start + 5))
            if late:
                self.story.forgot(at=(start + 1, start + 2))
            self.story.mail("reset", "aaa")
            self.story.reset("aaa", "third3")
            expected = [] if late else ["dead_one_time_token_accepted"]
            self.assertEqual(self.story.kinds("mail_lost"), expected)

    def test_a_token_of_a_locked_mail_resets(self) -> None:
        for number in range(3):
            self.story.login(f"guess{number}", 400)
        self.story.mail("account_locked", "aaa")
        self.story.reset("aaa", "second2")
        self.story.login("second2")
        self.assertEqual(self.story.kinds(), [])

    def test_a_confirm_token_works_once_and_for_nothing_else(self) -> None:
        self.story.mail("confirm", "ccc")
        self.story.confirm("ccc")
        self.story.confirm("ccc", 400)
        self.assertEqual(self.story.kinds(), [])
        self.story.confirm("ccc")
        self.assertEqual(self.story.kinds(), ["one_time_token_twice"])

    def test_a_confirm_token_is_no_reset_token(self) -> None:
        self.story.mail("confirm", "ccc")
        self.story.reset("ccc", "second2", 400)
        self.assertEqual(self.story.kinds(), [])
        self.story.reset("ccc", "third3")
        self.assertEqual(self.story.kinds(), ["dead_one_time_token_accepted"])


if __name__ == "__main__":
    unittest.main()
