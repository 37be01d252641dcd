"""Calls that come to the server over a connection: how their messages are read, and how what they push is pulled."""
