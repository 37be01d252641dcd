"""emotion2vec by FunASR's weights (https://arxiv.org/abs/2312.15185): one embedding and one set of logits each 20 ms.

A model: `models.py`, `cache.py` and `hub.py` find it, `folder.py`, `labels.py` and `prepared.py` read it with distrust,
`load.py` knows which; `model.py` is what was read, `architecture.py` what it must fit. Its arithmetic: `network.py` on
`linear.py`, run on a device (`device.py`, `graphs.py`) by `runner.py`. A leg: `leg.py` with `normalise.py` and `gate.py`.
`engine.py` is the engine. `original.py` is FunASR's network, to which `prove.py` holds ours.
"""
