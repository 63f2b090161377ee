"""Answers from a finished sweep: which factors matter, where things go wrong, dose and response, and how sure that is.

Every function takes the tidy frame of a sweep (columns ``run``, ``point``, ``replicate``, ``seed``, the factors, the
outputs), the space and the design that it came from, and gives a frozen dataclass whose ``table()`` is tidy again. Nothing
here knows ledgers or files.
"""
