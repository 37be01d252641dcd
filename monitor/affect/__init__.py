"""A leg's emotion state: smoothed, with hysteresis, relative to the speaker's own beginning."""
