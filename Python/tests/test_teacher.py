"""The teacher alone: nothing here needs more than Python."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from array import array
from pathlib import Path
from unittest import mock

import attent
import selections
from attent._library import library
from support import GOLDENS, ROOT, fingerprint


class SelectionTests(unittest.TestCase):
    def test_selections_equal_those_of_the_swift_teacher(self) -> None:
        golden = json.loads(GOLDENS.read_text())
        self.assertEqual(golden["cases"], selections.cases())
        self.assertGreaterEqual(len(golden["cases"]), 15)

    def test_another_seed_gives_other_selections(self) -> None:
        self.assertNotEqual(selections.teach("random", 7), selections.teach("random", 8))


class StateTests(unittest.TestCase):
    def test_a_restored_teacher_goes_on_with_the_same_bits(self) -> None:
        for policy in ("attent-simple", "infobatch", "selective-backprop", "attent-plus"):
            with self.subTest(policy):
                whole = selections.teach(policy, 3)
                first = attent.Teacher(policy, selections.COUNT, selections.EPOCHS, seed=3)
                lesson = first.next()
                selections.record(first, lesson, 0)
                other = attent.Teacher("standard", 1, 1)
                other.load_state_dict(first.state_dict())
                self.assertEqual(other.lesson, lesson)
                self.assertEqual(other.example_count, selections.COUNT)
                for start in range(selections.BATCH, len(lesson.examples), selections.BATCH):
                    selections.record(other, lesson, start)
                following = other.next()
                self.assertEqual(fingerprint(following.examples, following.weights), whole[1].split()[-1])

    def test_a_pickle_and_a_copy_are_the_same_teacher(self) -> None:
        teacher = attent.Teacher("infobatch", 50, 3)
        lesson = teacher.next()
        teacher.record([e % 5 for e in lesson.examples], lesson.examples)
        expected = pickle.loads(pickle.dumps(teacher)).next()
        self.assertEqual(copy.deepcopy(teacher).next(), expected)
        self.assertEqual(teacher.next(), expected)
        self.assertLess(len(expected.examples), 50)

    def test_a_damaged_state_is_refused_and_changes_nothing(self) -> None:
        teacher = attent.Teacher("random", 50, 3)
        lesson = teacher.next()
        state = bytearray(teacher.state_dict()["state"])
        state[len(state) // 2] ^= 1
        with self.assertRaisesRegex(attent.TeachingError, "teacher state holds"):
            teacher.load_state_dict({"state": bytes(state)})
        self.assertEqual(teacher.lesson, lesson)


class ErrorTests(unittest.TestCase):
    def test_what_is_wrong_is_said_in_a_sentence(self) -> None:
        cases = [
            ("attend", "expected one of standard"),
            ({"policy": "attent", "ratoi": 1}, "unknown key ratoi"),
            ({"annealing": 2}, "annealing is 2, expected at least 0 and below 1"),
        ]
        for policy, message in cases:
            with self.assertRaisesRegex(attent.TeachingError, message):
                attent.Teacher(policy, 10, 2)
        with self.assertRaisesRegex(attent.TeachingError, "budget is -1"):
            attent.Teacher("random", 10, 2, budget=-1)
        teacher = attent.Teacher("infobatch", 10, 2)
        with self.assertRaisesRegex(attent.TeachingError, "no lesson is being taught"):
            teacher.element_count(4)
        teacher.next()
        with self.assertRaisesRegex(attent.TeachingError, "example 10 was named, expected 0 to 9"):
            teacher.record([1.0], [10])
        with self.assertRaisesRegex(ValueError, "2 scores or confidences were given, expected 1"):
            teacher.record([1.0, 2.0], [1])
        with self.assertRaisesRegex(attent.TeachingError, "has a scoring pass"):
            attent.Teacher("attent", 10, 2).next()

    def test_an_error_in_a_scoring_pass_leaves_the_teacher_as_it_was(self) -> None:
        teacher = attent.Teacher("attent", 10, 2)
        with self.assertRaises(ZeroDivisionError):
            teacher.next(lambda examples: [1 / 0])
        self.assertIsNone(teacher.lesson)
        self.assertEqual(teacher.next(lambda examples: [0.5] * len(examples)).number, 0)


    def test_a_scoring_pass_gives_one_score_an_example(self) -> None:
        teacher = attent.Teacher("attent", 10, 2)
        cases = [
            (None, "score returned None, expected 10 scores"),
            ([], "0 scores or confidences were given, expected 10"),
            ([0.5] * 11, "11 scores or confidences were given, expected 10"),
            (([0.5] * 10, [1.0]), "1 scores or confidences were given, expected 10"),
        ]
        for scores, message in cases:
            with self.assertRaisesRegex(ValueError, message):
                teacher.next(lambda examples: scores)
            self.assertIsNone(teacher.lesson)

    def test_a_second_wish_for_scores_is_no_lesson(self) -> None:
        teacher, ask = attent.Teacher("attent", 10, 2), library.attent_teacher_next
        with mock.patch.object(library, "attent_teacher_next", lambda *given: ask(given[0], None, None, 0, given[4])):
            with self.assertRaisesRegex(attent.TeachingError, "wants 10 scores after a scoring pass"):
                teacher.next(lambda examples: [0.5] * len(examples))
        self.assertIsNone(teacher.lesson)


class NumberTests(unittest.TestCase):
    def test_scores_come_as_lists_and_buffers_of_any_type(self) -> None:
        expected = array("f", [0.0, 0.5, 1.0, 1.5])
        for scores in ([0.0, 0.5, 1.0, 1.5], expected, array("d", expected), memoryview(expected), (0, 0.5, 1, 1.5)):
            teacher = attent.Teacher("infobatch", 4, 2)
            teacher.next()
            teacher.record(scores, range(4))
            self.assertEqual(teacher.scores, expected)

    def test_elements_are_rising_and_the_whole_set_at_the_end(self) -> None:
        teacher = attent.Teacher("random-elements", 20, 2, seed=1)
        lesson = teacher.next()
        kept = teacher.element_count(16)
        self.assertEqual(kept, 4)
        rows = teacher.elements(lesson.examples[:3], kept, 16)
        for row in (list(rows[n : n + kept]) for n in range(0, len(rows), kept)):
            self.assertEqual(row, sorted(set(row)))
            self.assertTrue(0 <= row[0] and row[-1] < 16)
        teacher.next()
        self.assertEqual(teacher.element_count(16, taught=20), 16)
        self.assertEqual(teacher.progress(20), 1)

    def test_threads_share_a_teacher(self) -> None:
        teacher = attent.Teacher("infobatch", 4000, 2)
        teacher.next()
        threads = [
            threading.Thread(target=lambda n=n: [teacher.record([float(n)], [e]) for e in range(n, 4000, 4)])
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(list(teacher.scores), [e % 4 for e in range(4000)])


class PackageTests(unittest.TestCase):
    def test_importing_needs_no_torch(self) -> None:
        program = "import sys, attent; assert not {'torch', 'numpy'} & set(sys.modules); print(attent.version())"
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        self.assertEqual(result.stdout.strip(), attent.__version__)

    def test_the_package_says_that_it_is_typed(self) -> None:
        self.assertTrue((Path(attent.__file__).parent / "py.typed").exists())

    @unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
    def test_the_example_of_the_header_compiles_and_runs_in_c(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            library = Path(attent.__file__).parent / "libattent.so"
            subprocess.run(
                ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{ROOT}/Sources/CAttent",
                 Path(__file__).parent / "client.c", library, f"-Wl,-rpath,{library.parent}", "-o", f"{folder}/client"],
                check=True,
            )  # fmt: skip
            output = subprocess.run([f"{folder}/client"], check=True, capture_output=True, text=True).stdout
        teacher = attent.Teacher("attent-simple", 200, 3)
        lines = []
        while (lesson := teacher.next()) is not None:
            lines.append(f"{lesson.number} {len(lesson.examples)} {sum(n * e for n, e in enumerate(lesson.examples))}")
            teacher.record([e % 13 for e in lesson.examples], lesson.examples)
        self.assertEqual(output.splitlines(), lines)


if __name__ == "__main__":
    unittest.main()
