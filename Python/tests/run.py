"""Runs all tests and measures the sampler: the last lines are its figures."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    pattern = sys.argv[1] if len(sys.argv) > 1 else "test_*.py"
    suite = unittest.TestLoader().discover(str(HERE), pattern=pattern)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        print(f"skipped {test.id()}: {reason}")
    if not result.wasSuccessful() or result.testsRun == 0:
        return 1
    try:
        import overhead

        print(f"figure python.sampler.overhead_us {overhead.measure():.3f}")
    except ModuleNotFoundError as error:
        print(f"skipped the sampler's overhead: {error}")
    print(f"figure python-test.passed {result.testsRun - len(result.skipped)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
