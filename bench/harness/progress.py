"""Progress on standard error: a bar on a terminal, a line for each step elsewhere."""

import sys
import threading
import time

_WIDTH = 24


class Progress:
    """Knows what is still to come, by the estimates of the steps, in seconds."""

    def __init__(self, steps):
        self._steps = steps
        self._is_terminal = sys.stderr.isatty()
        self._begun = 0
        self._started = 0.0
        self._note = ""
        self._stop = threading.Event()
        self._drawer = None

    def say(self, text):
        """One line that stays."""
        clear = "\r\x1b[K" if self._is_terminal else ""
        print(f"{clear}{text}", file=sys.stderr, flush=True)

    def note(self, text):
        """What the step is at."""
        self._note = text

    def __enter__(self):
        if self._is_terminal:
            self._drawer = threading.Thread(target=self._draw, daemon=True)
            self._drawer.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        if self._drawer:
            self._drawer.join()
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def begin(self, name):
        """The next step."""
        self._begun += 1
        self._started = time.monotonic()
        self._note = ""
        if not self._is_terminal:
            self.say(f"[{self._begun}/{len(self._steps)}] {name}, {self._left()}")

    def finish(self, name):
        """The step is done."""
        took = time.monotonic() - self._started
        self.say(f"[{self._begun}/{len(self._steps)}] {name}: done in {took:.0f} s")

    def _left(self):
        ahead = sum(estimate for _, estimate in self._steps[self._begun :])
        estimate = self._steps[self._begun - 1][1]
        left = ahead + max(0, estimate - (time.monotonic() - self._started))
        return f"about {left / 60:.0f} min left" if left > 90 else f"about {left:.0f} s left"

    def _draw(self):
        while not self._stop.wait(0.5):
            if not self._begun:
                continue
            name, estimate = self._steps[self._begun - 1]
            part = min(1, (time.monotonic() - self._started) / max(estimate, 1))
            bar = ("#" * round(part * _WIDTH)).ljust(_WIDTH, ".")
            where = f"[{self._begun}/{len(self._steps)}] {name} {bar} {self._left()} {self._note}"
            print(f"\r\x1b[K{where[:99]}", end="", file=sys.stderr, flush=True)
