"""Capture files: their formats, layers and tunnels, the SIP and the RTP streams in them, and which of these are a call."""
