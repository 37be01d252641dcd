"""A leg's emotion state: believed by all evidence so far, with hysteresis, relative to the speaker's own neutral voice."""
