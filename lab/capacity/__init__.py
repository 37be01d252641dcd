"""How many calls this machine takes: the whole pipeline under a load of calls at the speed of the clock."""
