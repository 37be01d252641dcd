"""The laboratory's commands, which the monitor's command line offers."""
