"""RTP: parsers and buffers without sockets, and thin shells that open ports or read a capture file."""
