"""How many live calls over real RTP one machine carries: a service in processes of its own, packets from another process."""
