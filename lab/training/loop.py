"""The training loop: seeded, resumable to the bit, with what it costs and gives told after every epoch."""

import copy
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lab.labels import EMOTIONS, Clip, held_out, read_clips
from lab.training.batches import Batch, Sampler, fit_prior, fit_scaling, levelled
from lab.training.clips import at_most, read_unlabelled
from lab.training.head import refit_head
from lab.training.loss import batch_loss
from lab.training.measure import measure
from lab.training.model import Model
from lab.training.opinions import calmed, form_opinions
from lab.training.recipe import Recipe
from lab.training.render import Progress, Studio, Track, read_recordings, render
from lab.training.twin import read_twin
from monitor.engines.compact.features import Array
from monitor.engines.compact.network import STEP_INPUTS
from monitor.engines.compact.weights import Weights, load_weights, save_weights
from monitor.errors import ConfigError
from monitor.extras import LAB, install_command

if TYPE_CHECKING:
    from lab.training.teacher import TeacherModel


def train(
    clips: Path,
    out: Path,
    *,
    progress: Progress,
    noise: Path | None = None,
    teacher: Path | None = None,
    unlabelled: Path | None = None,
    cache: Path | None = None,
    recipe: Recipe | None = None,
    resume: bool = False,
    start: Path | None = None,
    twin: Path | None = None,
    licence: str = "",
    threads: int = 1,
) -> Weights:
    """Train on a folder of labelled clips and write the weights to `out`.

    `noise`: a folder of recordings to add. `teacher`: a larger model to learn from, see `teacher.read_teacher`.
    `unlabelled`: a folder of speech of which only the teacher says what it hears, see `clips.read_unlabelled`.
    `cache`: where the rendered clips are kept (default: beside `out`).
    `start`: weights to begin from rather than from random ones; their licence may bind what comes of them, and is taken over
    where `licence` says nothing.
    `twin`: weights of the same recipe and datasets that kept people apart. Then nobody is kept apart, so that everyone is
    learned from; temperature and figures are the twin's.
    `resume`: continue from the checkpoint beside `out`, to the very weights that an unbroken run gives.
    Raises ConfigError where the clips cannot be used, there is speech without labels but no teacher, the twin is of another
    recipe, or there is no fitting checkpoint.
    """
    if unlabelled and not teacher:
        raise ConfigError("speech without labels can only be learned from a teacher: give --teacher too")
    torch.set_num_threads(threads)
    recipe = recipe or Recipe()
    first = load_weights(start, STEP_INPUTS) if start else None
    if first:
        recipe = replace(recipe, shape=replace(first.shape, speech=0))  # a layer of its own for speech is fitted afterwards
    everyone = at_most(read_clips(clips, EMOTIONS), recipe.per_speaker)
    strangers = read_unlabelled(unlabelled) if unlabelled else []
    if unknown := set(recipe.calm) - set(_datasets(strangers)):
        raise ConfigError(
            f"--calm {', '.join(sorted(unknown))}: --unlabelled holds {', '.join(_datasets(strangers)) or 'nothing'}"
        )
    measured = None
    if twin:
        recipe = replace(recipe, held_share=0.0)
        measured = read_twin(twin, recipe, first, _datasets(everyone), _datasets(strangers))
    # For everyone's weights those whom the twin heard are as they were rendered for it; the others come to them.
    held = held_out(everyone, measured.about["recipe"]["held_share"] if measured else recipe.held_share)
    studio = Studio(
        cache or out.with_name(out.stem + ".cache"),
        recipe.seed,
        read_recordings(noise),
        _read_teacher(teacher) if teacher else None,
        threads,
    )
    heard = [clip for clip in everyone if clip.person not in held]
    unheard = [clip for clip in everyone if clip.person in held]
    versions = range(recipe.versions)
    tracks = [track for version in versions for track in render(heard, version, studio, progress)]
    if measured:
        tracks += [track for version in versions for track in render(unheard, version, studio, progress, like=heard)]
        unheard = []
    further = levelled(render(strangers, 0, studio, progress, like=heard), tracks) if strangers else []
    held_tracks = render(unheard, 0, replace(studio, teacher=None), progress) if unheard else []
    opinions = _opinions(tracks, further, recipe.calm)
    run = _Run(tracks, further, held_tracks, opinions, recipe, out.with_name(out.stem + ".checkpoint.pt"), first, measured)
    if resume:
        run.restore()
    run.train(progress)
    weights = run.weights(licence or (first.licence if first else ""), _datasets(everyone), _datasets(strangers))
    save_weights(out, weights)
    return weights


def _read_teacher(path: Path) -> "TeacherModel":
    try:
        from lab.training.teacher import read_teacher
    except ImportError as error:
        raise ConfigError(f"learning from a teacher needs {error.name}: {install_command(LAB)}") from error
    return read_teacher(path)


def _opinions(tracks: Sequence[Track], unlabelled: Sequence[Track], calm: Sequence[str]) -> list[Array] | None:
    """Where there is a teacher and somebody to judge others by."""
    if not tracks[0].taught.shape[1] or len({track.person for track in tracks}) < 2:
        return None
    opinions = form_opinions(tracks, unlabelled)
    strangers = zip(unlabelled, opinions[len(tracks) :], strict=True)
    return opinions[: len(tracks)] + [calmed(each) if track.person[0] in calm else each for track, each in strangers]


class _Run:
    """One training: model, averaged model, optimiser, and how far it is."""

    def __init__(
        self,
        tracks: Sequence[Track],
        unlabelled: Sequence[Track],
        held: Sequence[Track],
        opinions: Sequence[Array] | None,
        recipe: Recipe,
        checkpoint: Path,
        start: Weights | None,
        twin: Weights | None,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self._twin = twin
        self._recipe, self._checkpoint, self._start = recipe, checkpoint, start
        self._fingerprint = _fingerprint(recipe, [*tracks, *unlabelled], start)
        self._prior = start.prior if start else fit_prior(tracks)
        parts = tracks[0].taught.shape[1]
        self._sampler = Sampler(tracks, self._prior, opinions, unlabelled)
        self._held = Sampler(held, self._prior) if held else None
        self._model = Model(recipe.shape, *fit_scaling(tracks, self._prior), recipe.dropout, parts)
        if start:
            self._model.take(start.tensors)
        self._averaged = copy.deepcopy(self._model).eval()
        self._optimiser = torch.optim.AdamW(self._model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
        self._draws = recipe.draws or len(self._sampler) // recipe.versions
        self._unlabelled_draws = round(self._draws * recipe.unlabelled) if unlabelled else 0
        self._updates = 0
        self._epoch = 0
        self._log: list[dict[str, Any]] = []

    def restore(self) -> None:
        """Continue where a checkpoint of the same recipe and clips stands; from the start where there is none yet."""
        if not self._checkpoint.exists():
            return
        try:
            state = torch.load(self._checkpoint, weights_only=True)
        except Exception as error:
            raise ConfigError(f"cannot read {self._checkpoint}: {error}; delete it to begin anew") from error
        if state["fingerprint"] != self._fingerprint:
            raise ConfigError(f"{self._checkpoint} is of another recipe or other clips; delete it to begin anew")
        self._model.load_state_dict(state["model"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._updates, self._epoch, self._log = state["updates"], state["epoch"], json.loads(state["log"])

    def train(self, progress: Progress) -> None:
        """Run the epochs that are left."""
        while self._epoch < self._recipe.epochs:
            began = time.monotonic()
            loss = self._run_epoch(progress)
            self._epoch += 1
            entry: dict[str, Any] = {"epoch": self._epoch, "loss": round(loss, 4)}
            if self._held and (self._epoch % 2 == 0 or self._epoch == self._recipe.epochs):
                entry |= measure(self._averaged, self._held).summary()
            self._log.append(entry)
            self._save()
            note = ", ".join(f"{name} {value}" for name, value in entry.items()) + f", {time.monotonic() - began:.0f} s"
            progress("training", self._epoch, self._recipe.epochs, note)

    def weights(self, licence: str, datasets: list[str], unlabelled: list[str]) -> Weights:
        """The averaged weights, their head fitted once more, calibrated on the held speakers, or as the twin was."""
        refit_head(self._averaged, self._sampler)
        temperature, measured = self._measured()
        about = {
            "datasets": datasets,
            "unlabelled": unlabelled,
            "twin": self._twin.name if self._twin else None,
            "recipe": asdict(self._recipe),
            "start": self._start.name if self._start else None,
            "start_kept_apart": self._start.kept_apart if self._start else True,
            "temperature": temperature,
            "measured": measured,
            "log": self._log,
        }
        name = f"compact-{self._fingerprint}"
        return Weights(self._averaged.tensors(temperature), self._recipe.shape, self._prior, EMOTIONS, name, licence, about)

    def _measured(self) -> tuple[float, Mapping[str, Any]]:
        """Temperature and figures on the people kept apart, the twin's where nobody was."""
        if self._held:
            found = measure(self._averaged, self._held)
            return found.temperature, found.table()
        if self._twin:
            return self._twin.about["temperature"], self._twin.about["measured"]
        return 1.0, {}

    def _run_epoch(self, progress: Progress) -> float:
        # Every epoch draws from its own seeds, so that a resumed run draws as an unbroken one does.
        torch.manual_seed(self._recipe.seed * 1000 + self._epoch)
        generator = np.random.default_rng([self._recipe.seed, 7, self._epoch])
        self._model.train()
        losses = []
        batches = -(-(self._draws + self._unlabelled_draws) // self._recipe.batch)
        drawn = self._sampler.batches(self._draws, self._recipe.batch, generator, self._unlabelled_draws)
        for number, batch in enumerate(_ahead(drawn), start=1):
            for group in self._optimiser.param_groups:
                group["lr"] = self._rate(batches)
            self._optimiser.zero_grad()
            loss = batch_loss(self._model, batch, self._recipe)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
            self._optimiser.step()
            self._updates += 1
            self._average()
            losses.append(float(loss.detach()))
            if number % 50 == 0:
                progress(f"epoch {self._epoch + 1}", number, batches, f"loss {np.mean(losses[-50:]):.3f}")
        return float(np.mean(losses))

    def _rate(self, batches: int) -> float:
        """Warm-up over half an epoch, then half a cosine down to nothing."""
        total, warm = batches * self._recipe.epochs, max(batches // 2, 1)
        share = min(self._updates / warm, 1.0) * (0.5 + 0.5 * np.cos(np.pi * min(self._updates / total, 1)))
        return float(self._recipe.rate * max(share, 0.01))

    def _average(self) -> None:
        decay = min(self._recipe.average, (1 + self._updates) / (10 + self._updates))
        with torch.no_grad():
            for mean, value in zip(self._averaged.parameters(), self._model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)

    def _save(self) -> None:
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        partial = self._checkpoint.with_suffix(".partial")
        state = {
            "fingerprint": self._fingerprint,
            "model": self._model.state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "updates": self._updates,
            "epoch": self._epoch,
            "log": json.dumps(self._log),
        }
        torch.save(state, partial)
        partial.replace(self._checkpoint)


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Each batch is made while the one before it is learned from."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _datasets(clips: Iterable[Clip]) -> list[str]:
    return sorted({clip.dataset for clip in clips})


def _fingerprint(recipe: Recipe, tracks: Sequence[Track], start: Weights | None) -> str:
    digest = hashlib.sha256(json.dumps([asdict(recipe), start.digest if start else None]).encode())
    for track in tracks[:: max(len(tracks) // 50, 1)]:
        digest.update(track.labels.tobytes() + track.raw[:50].tobytes() + track.taught[:50].tobytes())
    return digest.hexdigest()[:8]
