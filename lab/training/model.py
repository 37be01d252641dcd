"""The network of `network.py` for torch, so that it can be trained."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from monitor.engines.compact.features import Array
from monitor.engines.compact.network import STEP, STEP_INPUTS
from monitor.engines.compact.weights import Shape


class ChannelDropout(nn.Module):
    """Drops channels for whole sequences, as Bai, Kolter and Koltun do: a frame cannot be told from its neighbours then."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, stream: Tensor) -> Tensor:
        """Shape (B, n, channels) to the same."""
        if not self.training:
            return stream
        kept = stream.new_empty(len(stream), 1, stream.shape[-1]).bernoulli_(1 - self.rate)
        return stream * (kept / (1 - self.rate))


class Block(nn.Module):
    """A residual block: layer normalisation, three taps `dilation` steps apart, rectifier, mix."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(channels)
        self.taps = nn.Linear(3 * channels, channels)
        self.mix = nn.Linear(channels, channels)
        self.dropout = ChannelDropout(dropout)

    def forward(self, stream: Tensor) -> Tensor:
        """Shape (B, n, channels) to the same."""
        steps = stream.shape[1]
        line = functional.pad(self.norm(stream), (0, 0, 2 * self.dilation, 0))
        taps = torch.cat([line[:, place : place + steps] for place in (0, self.dilation, 2 * self.dilation)], -1)
        hidden: Tensor = self.mix(self.dropout(functional.relu(self.taps(taps))))
        return stream + hidden


class Model(nn.Module):
    """Steps to embeddings, logits and the logit of speech."""

    mean: Tensor
    scale: Tensor

    def __init__(self, shape: Shape, mean: Array, scale: Array, dropout: float, parts: int = 0) -> None:
        """`parts`: width of what is learned from a teacher."""
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("scale", torch.from_numpy(scale))
        self.input = nn.Linear(STEP_INPUTS, shape.channels)
        self.drop_input = ChannelDropout(dropout / 2)
        self._blocks = [Block(shape.channels, dilation, dropout) for dilation in shape.dilations]
        self.blocks = nn.ModuleList(self._blocks)
        self.norm = nn.LayerNorm(shape.channels)
        self.drop_top = ChannelDropout(dropout)
        self.embed = nn.Linear(shape.channels, STEP * shape.dim)
        self.head = nn.Linear(shape.dim, shape.labels + 1)
        self.recite = nn.Linear(shape.dim, parts)
        """From an embedding to what a teacher hears. Only while training."""

    def forward(self, steps: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Steps, shape (B, n, STEP_INPUTS), to frames: embedding (B, 2 n, D), logits (B, 2 n, C), logit of speech (B, 2 n).

        `kept`: shape (B, 1, STEP_INPUTS), 0 where an input is hidden.
        """
        inputs = ((steps - self.mean) * self.scale).clamp(-6, 6)
        inputs = inputs if kept is None else inputs * kept
        # In single precision whatever the blocks multiply in: what they add is small beside it.
        stream = self.input(self.drop_input(functional.pad(inputs, (0, 0, 0, self.shape.delay)))).float()
        for block in self._blocks:
            stream = block(stream)
        top = self.drop_top(self.norm(stream[:, self.shape.delay :]))
        embedding = torch.tanh(self.embed(top)).reshape(len(steps), -1, self.shape.dim)
        head = self.head(embedding)
        return embedding, head[..., :-1], head[..., -1]

    def take(self, tensors: Mapping[str, Array]) -> None:
        """Set the parameters from tensors by the names of `Shape.tensors`."""
        with torch.no_grad():
            for name, parameter in self._named().items():
                parameter.copy_(torch.from_numpy(tensors[name]))

    def tensors(self, temperature: float = 1.0) -> dict[str, Array]:
        """The parameters by the names of `Shape.tensors`, logits divided by `temperature`."""
        cooling = torch.full((self.shape.labels + 1,), 1 / temperature)
        cooling[-1] = 1
        named = self._named()
        named |= {"head.weight": named["head.weight"] * cooling, "head.bias": named["head.bias"] * cooling}
        return {name: np.ascontiguousarray(tensor.detach().numpy(), np.float32) for name, tensor in named.items()}

    def _named(self) -> dict[str, Tensor]:
        """Views of the parameters by the names and shapes of `Shape.tensors`."""
        named: dict[str, Tensor] = {"input.mean": self.mean, "input.scale": self.scale}
        named |= {"input.weight": self.input.weight.T, "input.bias": self.input.bias}
        for number, block in enumerate(self._blocks):
            named |= {f"{number}.norm.scale": block.norm.weight, f"{number}.norm.bias": block.norm.bias}
            named |= {f"{number}.taps.weight": block.taps.weight.T, f"{number}.taps.bias": block.taps.bias}
            named |= {f"{number}.mix.weight": block.mix.weight.T, f"{number}.mix.bias": block.mix.bias}
        named |= {"output.norm.scale": self.norm.weight, "output.norm.bias": self.norm.bias}
        named |= {"embed.weight": self.embed.weight.T, "embed.bias": self.embed.bias}
        return named | {"head.weight": self.head.weight.T, "head.bias": self.head.bias}
