"""A plain network: 64 log mel bands, six convolutions with dilations up to 16, a GRU, the mean over time.

What anybody would build first. The mean of each band over the whole clip is taken away, which a live call could not do;
there is no augmentation, no speaker's normal, no auxiliary task, and no calibration.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import librosa
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from lab.experiments.anchors.task import CLASSES, Task, cached
from monitor.audio.chunk import Samples
from monitor.timeline import SAMPLE_RATE

LONGEST = 600
"""Frames of 10 ms taken of a clip."""
BATCH = 32
RATE = 1e-3


def log_mel(audio: Samples) -> Samples:
    """64 bands every 10 ms, each band's mean over the clip taken away; shape (n,) to (frames, 64)."""
    power = librosa.feature.melspectrogram(y=audio, sr=SAMPLE_RATE, n_fft=400, hop_length=160, n_mels=64, fmin=60, fmax=7600)
    bands = np.log(power.T + 1e-8)[:LONGEST]
    return np.asarray(bands - bands.mean(0), dtype=np.float32)


class PlainNetwork(nn.Module):
    """Log mel frames to the logits of the four classes; about 0.65 M parameters."""

    def __init__(self, channels: int = 160, hidden: int = 192) -> None:
        super().__init__()
        self.first = nn.Conv1d(64, channels, 5, stride=2, padding=2)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation) for dilation in (1, 2, 4, 8, 16)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(6))
        self.recurrent = nn.GRU(channels, hidden, batch_first=True)
        self.head = nn.Linear(hidden, len(CLASSES))
        self.dropout = nn.Dropout(0.2)

    def forward(self, bands: Tensor, lengths: Tensor) -> Tensor:
        """Shape (B, T, 64) and (B,) to (B, 4)."""
        stream = functional.relu(self.norms[0](self.first(bands.transpose(1, 2))))
        for norm, layer in zip(self.norms[1:], self.dilated, strict=True):
            stream = stream + self.dropout(functional.relu(norm(layer(stream))))
        steps = (lengths + 1) // 2
        packed = pack_padded_sequence(stream.transpose(1, 2), steps, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        logits: Tensor = self.head(self.dropout(states.sum(1) / steps[:, None]))
        return logits


def learn(task: Task, line: str, cache: Path, epochs: int, seed: int) -> PlainNetwork:
    """A network that has learned from the people heard over a line."""
    heard = [torch.from_numpy(row) for row in cached("log-mel", task.heard, line, cache, log_mel)]
    torch.manual_seed(seed)
    network = PlainNetwork()
    truth = torch.tensor([CLASSES.index(clip.emotion) for clip in task.heard])
    rarity = len(truth) / (len(CLASSES) * torch.bincount(truth, minlength=len(CLASSES)).clamp_min(1))
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * math.ceil(len(heard) / BATCH))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"  plain network, {line}: {parameters / 1e6:.2f} M parameters, {epochs} epochs", flush=True)
    for epoch in range(1, epochs + 1):
        network.train()
        losses = []
        for places in torch.split(torch.randperm(len(heard)), BATCH):
            optimiser.zero_grad()
            loss = functional.cross_entropy(network(*_batch(heard, places)), truth[places], weight=rarity.float())
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(f"  plain network, {line}: epoch {epoch}, loss {np.mean(losses):.3f}", flush=True)
    return network


def decide(task: Task, line: str, cache: Path, epochs: int, seed: int) -> Sequence[str]:
    """Train on the people heard and decide for those kept apart, both over the same line."""
    held = [torch.from_numpy(row) for row in cached("log-mel", task.held, line, cache, log_mel)]
    return _decide(learn(task, line, cache, epochs, seed), held)


def judge(task: Task, line: str, cache: Path, epochs: int, seed: int) -> Callable[[Samples], str]:
    """Train on the people heard; what is then said of any voice."""
    network = learn(task, line, cache, epochs, seed)
    return lambda audio: _decide(network, [torch.from_numpy(log_mel(audio))])[0]


def _batch(bands: list[Tensor], places: Tensor) -> tuple[Tensor, Tensor]:
    chosen = [bands[int(place)] for place in places]
    return pad_sequence(chosen, batch_first=True), torch.tensor([len(each) for each in chosen])


def _decide(network: PlainNetwork, bands: list[Tensor]) -> list[str]:
    network.eval()
    with torch.no_grad():
        best = [network(*_batch(bands, places)).argmax(1) for places in torch.split(torch.arange(len(bands)), BATCH)]
    return [CLASSES[int(index)] for index in torch.cat(best)]
