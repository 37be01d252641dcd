"""What measures, tunes and trains the monitor. The monitor never imports it."""
