"""Online change points on a leg's frames. One detector a file."""
