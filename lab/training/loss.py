"""What the network is to get right in a batch, and how much each of it counts."""

import torch
from torch import Tensor
from torch.nn import functional

from lab.labels import UNLABELLED
from lab.training.batches import Batch
from lab.training.model import Model
from lab.training.recipe import Recipe


def batch_loss(model: Model, batch: Batch, recipe: Recipe) -> Tensor:
    """Of the clips by the mean of their frames' logits over speech, of the frames a little, of speech, of the lesson."""
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
        embedding, logits, spoken = (
            said.float() for said in model(torch.from_numpy(batch.steps), torch.from_numpy(batch.kept))
        )
        recited = model.recite(embedding).float()
    speech = torch.from_numpy(batch.speech)
    labels, weights = torch.from_numpy(batch.labels), torch.from_numpy(batch.weights)
    owner = torch.from_numpy(batch.clip).reshape(-1)
    pooled = _means(logits, speech, owner, len(labels))
    smoothing = recipe.smoothing
    given = weights * (labels != UNLABELLED)
    per_clip = functional.cross_entropy(pooled, labels, reduction="none", label_smoothing=smoothing, ignore_index=UNLABELLED)
    of_labels = _weighed(per_clip, given)
    if batch.opinions.shape[-1]:
        soft = functional.cross_entropy(pooled, torch.from_numpy(batch.opinions), reduction="none")
        of_labels = recipe.given * of_labels + recipe.opinion * _weighed(soft, weights)
    heard = (owner < len(labels)) & (speech.reshape(-1) > 0.5)
    per_frame = functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1])[heard],
        labels[owner[heard]],
        reduction="none",
        label_smoothing=smoothing,
        ignore_index=UNLABELLED,
    )
    speech_loss = functional.binary_cross_entropy_with_logits(spoken, speech)
    loss = of_labels + 0.2 * _weighed(per_frame, given[owner[heard]]) + 0.3 * speech_loss
    if batch.taught.shape[-1]:
        error = recited - torch.from_numpy(batch.taught)
        of_frames = (error.reshape(-1, error.shape[-1])[heard] ** 2).mean()
        of_clips = (_means(error, speech, owner, len(labels)) ** 2).mean()
        loss = loss + recipe.lesson * (of_frames + of_clips)
    return loss


def _weighed(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean; 0 where nothing has a weight."""
    return (values * weights).sum() / weights.sum().clamp_min(1e-6)


def _means(frames: Tensor, speech: Tensor, owner: Tensor, clips: int) -> Tensor:
    """Over the speech of each clip: shape (B, T, K) to (clips, K)."""
    share = speech.reshape(-1, 1) + 1e-3
    flat = frames.reshape(-1, frames.shape[-1])
    total = torch.zeros(clips + 1, flat.shape[1]).index_add(0, owner, flat * share)
    count = torch.zeros(clips + 1, 1).index_add(0, owner, share)
    return (total / count.clamp_min(1e-6))[:-1]
