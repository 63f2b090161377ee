"""Whatever a file, link or message holds, it is used or refused in one clear sentence: ``python -m tests.fuzz``."""
