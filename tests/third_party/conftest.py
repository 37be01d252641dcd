"""What is run where it is installed, not here."""

collect_ignore = ["newest_calls.py", "suite_of_newest_calls.py"]
