"""RTP: parsers and buffers without sockets, and a thin shell that opens ports."""
