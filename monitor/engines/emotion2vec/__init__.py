"""emotion2vec by FunASR's weights (https://arxiv.org/abs/2312.15185): one embedding and one set of logits each 20 ms.

`models.py`, `cache.py` and `hub.py` find a model, `folder.py` and `labels.py` read it with distrust, `network.py` builds
FunASR's network from it, `forward.py` runs that, `engine.py` is the engine.
"""
