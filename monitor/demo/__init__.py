"""The demonstration: a call made of synthetic speech, sent as RTP in real time to a service of this machine."""
