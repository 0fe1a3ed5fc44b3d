"""Each planted bug still fits the source; whether it is found takes a build and a run each."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from faults.planted.build import ROOT
from faults.planted.patches import all_planted


class Patches(unittest.TestCase):
    def test_every_patch_fits(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name)
            shutil.copytree(ROOT / "src", copy / "src")
            environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent)}
            for planted in all_planted():
                command = ["git", "apply", "--check", "-C1", planted.path]
                with self.subTest(planted.name):
                    done = subprocess.run(
                        command, cwd=copy, env=environment, capture_output=True, text=True
                    )
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_bug_says_what_finds_it(self) -> None:
        for planted in all_planted():
            with self.subTest(planted.name):
                self.assertTrue(planted.about.endswith("."))
                self.assertTrue(planted.finds)


if __name__ == "__main__":
    unittest.main()
