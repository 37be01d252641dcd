"""How fast an engine is on this machine, how near the machine's limit, and what speed costs in closeness.

`measure.py` is the order of it all. A row: `load.py` finds the legs carried, on windows of `windows.py` cut from
`call_audio.py`; `network_time.py` says where the time goes, `work.py` what it computes meanwhile, `peak.py` what the machine
could, `memory.py` what it holds. `generate.py` is FunASR's way over the same windows, `deviation.py` how far frames are apart.
`report.py` is the document.
"""
