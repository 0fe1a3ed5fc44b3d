"""The lockout's bounds: three failures within 100 s lock for 50 s."""

import unittest

from faults.history.story import Story


class Lockouts(unittest.TestCase):
    def setUp(self) -> None:
        self.story = Story(failures=3, window_s=100, freeze_s=50)
        self.token = self.story.register("first1")

    def _fail(self, times: int, status: int | None = 400) -> None:
        for number in range(times):
            self.story.login(f"guess{number}", status)

    def _kinds(self) -> list[str]:
        return self.story.kinds("mail_lost")

    def test_a_lock_comes_and_goes(self) -> None:
        self._fail(3)
        self.story.login("first1", 403)
        self.story.wait(50)
        self.story.login("first1")
        self.assertEqual(self._kinds(), [])

    def test_a_login_passes_the_lock(self) -> None:
        self._fail(3)
        self.story.login("first1")
        self.assertEqual(self._kinds(), ["lock_passed"])

    def test_a_wrong_password_is_looked_at_behind_the_lock(self) -> None:
        self._fail(4)
        self.assertEqual(self._kinds(), ["lock_passed"])

    def test_a_change_passes_the_lock(self) -> None:
        self._fail(3)
        self.story.change(self.token, "first1", "second2")
        self.assertEqual(self._kinds(), ["lock_passed"])

    def test_guesses_side_by_side_may_all_be_looked_at(self) -> None:
        for number in range(8):
            self.story.login(f"guess{number}", 400, at=(110, 112))
        self.story.login("first1", 403)
        self.assertEqual(self._kinds(), [])

    def test_a_right_password_in_between_ends_the_count(self) -> None:
        self._fail(2)
        self.story.login("first1")
        self._fail(2)
        self.story.login("first1")
        self.assertEqual(self._kinds(), [])
        self._fail(1)
        self.story.login("first1", 403)
        self.assertEqual(self._kinds(), ["lock_without_failures"])

    def test_one_without_an_answer_may_have_ended_the_count(self) -> None:
        self._fail(2)
        self.story.login("first1", None)
        self._fail(2)
        self.story.login("first1")
        self.assertEqual(self._kinds(), [])

    def test_one_without_an_answer_may_have_been_the_last(self) -> None:
        for status in (200, 403):
            self.setUp()
            self._fail(2)
            self._fail(1, 503)
            self.story.login("first1", status)
            self.assertEqual(self._kinds(), [])

    def test_too_few_failures(self) -> None:
        self._fail(2)
        self.story.login("first1", 403)
        self.assertEqual(self._kinds(), ["lock_without_failures"])

    def test_failures_too_far_apart(self) -> None:
        for pause, status, expected in (
            (101, 200, []),
            (101, 403, ["lock_without_failures"]),
            (90, 403, []),
        ):
            self.setUp()
            self._fail(2)
            self.story.wait(pause)
            self._fail(1)
            self.story.login("first1", status)
            self.assertEqual(self._kinds(), expected)

    def test_a_lock_that_is_too_long(self) -> None:
        self._fail(3)
        self.story.wait(51)
        self.story.login("first1", 403)
        self.assertEqual(self._kinds(), ["lock_without_failures"])

    def test_attempts_do_not_make_it_longer(self) -> None:
        self._fail(3)
        for _ in range(4):
            self.story.wait(15)
            self.story.login("first1", 403)
        self.assertEqual(self._kinds(), ["lock_without_failures"])

    def test_a_reset_unlocks(self) -> None:
        for status, expected in ((200, []), (403, ["lock_without_failures"])):
            self.setUp()
            self._fail(3)
            self.story.forgot()
            self.story.mail("reset", "aaa")
            self.story.reset("aaa", "second2")
            self.story.login("second2", status)
            self.assertEqual(self._kinds(), expected)

    def test_a_reset_without_an_answer_may_have_unlocked(self) -> None:
        self._fail(3)
        self.story.forgot()
        self.story.mail("reset", "aaa")
        self.story.reset("aaa", "second2", 503)
        self.story.login("first1", 400)
        self.assertEqual(self._kinds(), [])

    def test_an_address_without_an_account_is_locked_too(self) -> None:
        for number in range(4):
            self.story.login(f"guess{number}", 400, address="nobody@example.com")
        self.assertEqual(self._kinds(), ["lock_passed"])


if __name__ == "__main__":
    unittest.main()
