"""`python -m monitor` is `emotion-monitor`."""

from monitor.cli.main import main

main()
