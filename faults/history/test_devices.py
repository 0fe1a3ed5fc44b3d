"""Known devices and strangers: three failures within 100 s lock for 50 s."""

import unittest

from faults.history import device_tokens
from faults.history.story import Story


class Devices(unittest.TestCase):
    def setUp(self) -> None:
        self.story = Story(failures=3, window_s=100, freeze_s=50)
        self.token = self.story.register("first1")
        self.home = self.story.login("first1")

    def _reset(self, new: str) -> int:
        self.story.forgot()
        self.story.mail("reset", new)
        return self.story.reset(new, new)

    def _kinds(self) -> list[str]:
        return self.story.kinds("mail_lost")


class Locks(Devices):
    def test_a_lock_does_not_touch_a_known_device(self) -> None:
        self.story.guesses(3)
        self.story.login_from(self.home, "first1")
        self.story.login("first1", 403)
        self.assertEqual(self._kinds(), [])

    def test_a_known_device_is_locked_out_by_strangers(self) -> None:
        self.story.guesses(3)
        self.story.login("first1", 403, device=self.home)
        self.assertEqual(self._kinds(), ["known_device_locked_out"])

    def test_a_device_that_was_not_shown_passes_no_lock(self) -> None:
        self.story.guesses(3)
        self.story.login("first1")
        self.assertEqual(self._kinds(), ["lock_passed"])

    def test_the_failures_of_a_known_device_are_not_the_addresss(self) -> None:
        for status, expected in ((200, []), (403, ["lock_without_failures"])):
            self.setUp()
            self.story.guesses(2, device=self.home)
            self.story.guesses(1)
            self.story.login("first1", status)
            self.assertEqual(self._kinds(), expected)

    def test_a_known_devices_success_gives_strangers_no_new_guesses(self) -> None:
        for status, expected in ((403, []), (200, ["lock_passed"]), (400, ["lock_passed"])):
            self.setUp()
            self.story.guesses(2)
            self.story.login_from(self.home, "first1")
            self.story.guesses(1)
            self.story.login("guess9" if status == 400 else "first1", status)
            self.assertEqual(self._kinds(), expected)

    def test_a_strangers_success_ends_the_count_whatever_it_shows(self) -> None:
        self._reset("second2")
        self.story.guesses(2)
        # Its token is of the password before, so it is given another number.
        self.story.login("second2", device=self.home)
        self.story.guesses(2)
        self.story.login("second2")
        self.assertEqual(self._kinds(), [])

    def test_a_change_from_a_known_device_passes_the_lock(self) -> None:
        self.story.guesses(3)
        number = self.story.device(self.home)
        self.story.change(self.token, "first1", "second2", device=self.home, got_device=number)
        self.story.login("second2", 403)
        self.assertEqual(self._kinds(), [])

    def test_a_device_of_which_nobody_knows_whether_it_is_known_may_do_either(self) -> None:
        for status in (200, 400, 403):
            self.setUp()
            self.story.guesses(3)
            self.story.change(self.token, "first1", "second2", None)
            self.story.login("first1", status, device=self.home, got_device=None)
            if status == 400:
                self.story.login("second2", 403)
            self.assertEqual(self._kinds(), [])


class Deaths(Devices):
    def test_a_device_is_known_until_the_password_changes(self) -> None:
        again = self.story.login_from(self.home, "first1")
        self.story.change(self.token, "first1", "second2")
        self.story.login("second2", device=again)
        self.assertEqual(self._kinds(), [])

    def test_a_device_goes_on_being_known_after_a_change_or_a_reset(self) -> None:
        for kill in ("change", "reset"):
            self.setUp()
            if kill == "change":
                self.story.change(self.token, "first1", "second2")
            else:
                self._reset("second2")
            self.story.login_from(self.home, "second2")
            self.assertEqual(self._kinds(), ["dead_device_known"])

    def test_its_token_of_after_the_change_is_alive(self) -> None:
        number = self.story.device(self.home)
        changed = self.story.change(
            self.token, "first1", "second2", device=self.home, got_device=number
        )
        self.story.login_from(changed, "second2")
        self.assertEqual(self._kinds(), [])
        self.story.login("second2", device=changed)
        self.assertEqual(self._kinds(), ["live_device_forgotten"])

    def test_a_reset_gives_a_device_token(self) -> None:
        reset = self._reset("second2")
        self.story.guesses(3)
        self.story.login_from(reset, "second2")
        self.assertEqual(self._kinds(), [])

    def test_a_dead_device_passes_the_lock(self) -> None:
        self.story.change(self.token, "first1", "second2")
        self.story.guesses(3)
        self.story.login("guess9", 400, device=self.home)
        self.assertEqual(self._kinds(), ["dead_device_known", "lock_passed"])

    def test_a_known_device_is_forgotten(self) -> None:
        self.story.login("first1", device=self.home)
        self.assertEqual(self._kinds(), ["live_device_forgotten"])

    def test_a_change_may_come_before_the_look_or_after_it(self) -> None:
        for number in (None, self.story.device(self.home)):
            self.setUp()
            start = self.story.now
            self.story.change(self.token, "first1", "second2", at=(start, start + 5))
            shown = {"device": self.home, "at": (start + 1, start + 2)}
            self.story.login("first1", got_device=number, **shown)
            self.assertEqual(self._kinds(), [])

    def test_one_without_an_answer_may_have_killed_it_or_not(self) -> None:
        for number in (None, self.story.device(self.home)):
            self.setUp()
            self.story.change(self.token, "first1", "second2", None)
            if number is None:
                self.story.login("second2", device=self.home)
            else:
                self.story.login_from(self.home, "first1")
            self.assertEqual(self._kinds(), [])


class Estrangement(Devices):
    def test_three_failures_of_its_own_make_it_a_stranger_for_good(self) -> None:
        self.story.guesses(3, device=self.home)
        self.story.login("first1", device=self.home)
        self.story.wait(200)
        self.story.login("first1", device=self.home)
        self.assertEqual(self._kinds(), [])

    def test_a_device_is_never_estranged(self) -> None:
        self.story.guesses(3, device=self.home)
        self.story.login_from(self.home, "first1")
        self.assertEqual(self._kinds(), ["device_never_estranged"])

    def test_all_tokens_of_a_device_are_one_device(self) -> None:
        again = self.story.login_from(self.home, "first1")
        self.story.guesses(2, device=self.home)
        self.story.guesses(1, device=again)
        self.story.login_from(again, "first1")
        self.assertEqual(self._kinds(), ["device_never_estranged"])

    def test_once_a_stranger_it_guesses_like_one(self) -> None:
        for status, expected in ((403, []), (400, ["lock_passed"])):
            self.setUp()
            self.story.guesses(6, device=self.home)
            self.story.login("guess9", status, device=self.home)
            self.assertEqual(self._kinds(), expected)

    def test_a_right_password_ends_its_count(self) -> None:
        self.story.guesses(2, device=self.home)
        again = self.story.login_from(self.home, "first1")
        self.story.guesses(2, device=again)
        self.story.login_from(again, "first1")
        self.assertEqual(self._kinds(), [])
        self.story.login("first1", device=again)
        self.assertEqual(self._kinds(), ["live_device_forgotten"])

    def test_a_right_password_beside_a_failure_may_end_it_too_late(self) -> None:
        for number in (None, self.story.device(self.home)):
            self.setUp()
            self.story.guesses(2, device=self.home)
            start = self.story.now
            self.story.login_from(self.home, "first1", at=(start, start + 5))
            self.story.guesses(1, device=self.home, at=(start + 1, start + 2))
            self.story.login("first1", device=self.home, got_device=number)
            self.assertEqual(self._kinds(), [])

    def test_failures_without_an_answer_may_have_been_counted(self) -> None:
        for number in (None, self.story.device(self.home)):
            self.setUp()
            self.story.guesses(2, device=self.home)
            self.story.login("guess9", None, device=self.home)
            self.story.login("first1", device=self.home, got_device=number)
            self.assertEqual(self._kinds(), [])


class Operators(Devices):
    def _lock(self, status: int | None = 200) -> None:
        self.story.operate("lock", status, length_s=30.0)

    def test_an_operators_lock_binds_known_devices(self) -> None:
        self._lock()
        self.story.login("first1", 403, device=self.home)
        self.story.login("first1", 403)
        self.story.wait(30)
        self.story.login_from(self.home, "first1")
        self.assertEqual(self._kinds(), [])

    def test_a_device_passes_an_operators_lock(self) -> None:
        self._lock()
        self.story.login_from(self.home, "first1")
        self.assertEqual(self._kinds(), ["operator_lock_passed"])

    def test_an_operators_lock_ends(self) -> None:
        for end in ("time", "unlock", "reset"):
            for status, expected in ((200, []), (403, ["lock_without_failures"])):
                self.setUp()
                self._lock()
                if end == "time":
                    self.story.wait(31)
                elif end == "unlock":
                    self.story.operate("unlock")
                else:
                    self._reset("second2")
                self.story.login("second2" if end == "reset" else "first1", status)
                self.assertEqual(self._kinds(), expected)

    def test_a_lock_without_an_answer_may_be_there_or_not(self) -> None:
        for status in (200, 403):
            self.setUp()
            self._lock(503)
            number = self.story.device(self.home) if status == 200 else None
            self.story.login("first1", status, device=self.home, got_device=number)
            self.assertEqual(self._kinds(), [])

    def test_a_revocation_kills_tokens_and_devices(self) -> None:
        self.story.operate("revoke")
        self.story.check(self.token, 400)
        self.story.change(self.token, "first1", "second2", 400)
        again = self.story.login("first1", device=self.home)
        self.story.check(again)
        self.story.login_from(again, "first1")
        self.assertEqual(self._kinds(), [])

    def test_a_device_or_a_token_outlives_a_revocation(self) -> None:
        self.story.operate("revoke")
        self.story.login_from(self.home, "first1")
        self.story.check(self.token)
        self.assertEqual(self._kinds(), ["revoked_token_accepted", "revoked_device_known"])

    def test_a_revocation_without_an_answer_may_have_killed_them_or_not(self) -> None:
        self.story.operate("revoke", 503)
        self.story.check(self.token)
        self.story.login_from(self.home, "first1")
        self.story.check(self.token, 400)
        self.story.login("first1", device=self.home)
        self.assertEqual(self._kinds(), [])


class Texts(unittest.TestCase):
    def test_the_cookie_names_the_requests_own_token_first(self) -> None:
        cookie = "doorward_device=aaa.bbb; Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict"
        self.assertEqual(device_tokens.given(cookie), "aaa")
        self.assertIsNone(device_tokens.given("other=aaa; Path=/"))
        self.assertIsNone(device_tokens.given(""))

    def test_the_number_is_in_the_token(self) -> None:
        self.assertEqual(device_tokens.number_of("A" * 95 + "B"), "00" * 16)
        for text in ("A" * 92, "A" * 95 + "+", ""):
            self.assertIsNone(device_tokens.number_of(text))


if __name__ == "__main__":
    unittest.main()
