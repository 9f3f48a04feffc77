"""AtteNT's data-selecting teacher: which examples a learner is taught next, from how it did on them.

``attent.Teacher`` needs nothing but Python. ``attent.torch`` has a sampler for PyTorch's ``DataLoader``, and
``attent.transformers`` a ``Trainer`` that is taught.
"""

from .teacher import Lesson, Spending, Teacher, TeachingError, version

__all__ = ["Lesson", "Spending", "Teacher", "TeachingError", "version"]
__version__ = version()
