"""Rules over frames, states and change points, and the alerts they raise."""
