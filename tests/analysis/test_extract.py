"""Embeddings extracted from sound files: what a call has, in folders that everybody reads, and nothing done twice."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from monitor.analysis import load
from monitor.analysis.description import describe
from monitor.analysis.extract import Extracted, Wanted, extract
from monitor.analysis.outputs import extracting_to
from monitor.config import Settings, load_settings
from monitor.engines.registry import load_engine
from monitor.errors import ConfigError, StoreError
from monitor.pipeline.inference import InferenceWorker
from monitor.pipeline.monitor import Monitor
from monitor.sources.file import FileSource
from monitor.store.zarr.store import ZarrStore
from tests.engines.compact.conftest import voice

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(environment={}, flags={"log.level": "error"})


@pytest.fixture
def mono(tmp_path: Path) -> Path:
    path = tmp_path / "mono.wav"
    soundfile.write(path, voice(2.5, 120), 16_000)
    return path


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([voice(2.0, 120), voice(2.0, 220, seed=1)], axis=1), 16_000)
    return path


def extracted(sources: Iterable[object], to: Path, settings: Settings, *, jobs: int = 1, **wanted: Any) -> list[Extracted]:
    return list(extract(map(str, sources), Wanted(to, **wanted), settings, jobs=jobs))


def wait_for_the_first(out: Path) -> None:
    give_up = time.monotonic() + 120
    while not any(out.glob("outputs_*")):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def heard_by_run(path: Path, folder: Path) -> ZarrStore:
    """A store in which the file is a call, in full precision."""
    flags = {"store.path": folder, "store.fsync": False, "store.embedding_dtype": "float32", "log.level": "error"}
    settings = load_settings(environment={}, flags=flags)
    monitor = Monitor(settings, InferenceWorker.of(load_engine(settings.engine), settings.engine), ZarrStore(settings.store))
    assert monitor.start_call(FileSource(path), call_id="call-1").wait(60)
    monitor.close()
    return monitor.store


def test_frames_are_those_of_a_call_bit_for_bit(stereo: Path, tmp_path: Path, settings: Settings) -> None:
    store = heard_by_run(stereo, tmp_path / "store")
    (one,) = extracted([stereo], tmp_path / "out", settings, granularity="frame")
    customer, agent = (load(folder) for folder in one.folders)
    np.testing.assert_array_equal(customer.vectors, store.open("call-1").read("customer").embedding)
    np.testing.assert_array_equal(agent.vectors, store.open("call-1").read("agent").embedding)


def test_an_utterance_and_its_scores_are_those_of_a_call_s_snapshot(mono: Path, tmp_path: Path, settings: Settings) -> None:
    store = heard_by_run(mono, tmp_path / "store")
    expected = load(store.layout.snapshots("call-1") / "mixed", "utterance")
    (one,) = extracted([mono], tmp_path / "out", settings)
    found = load(one.folders[0])
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    assert (found.scores, found.labels) == (expected.scores, expected.labels)


def test_the_layout_is_that_of_the_web_interface_and_the_result_that_of_funasr(
    mono: Path, tmp_path: Path, settings: Settings
) -> None:
    (one,) = extracted([mono], tmp_path / "out", settings)
    (folder,) = one.folders
    assert sorted(path.name for path in folder.iterdir()) == ["embedding.npy", "processed_audio.wav", "result.json"]
    (result,) = json.loads((folder / "result.json").read_text())
    assert (result["key"], len(result["labels"]), sum(result["scores"])) == ("mono", 8, pytest.approx(1))
    assert np.load(folder / "embedding.npy", allow_pickle=False).shape == (96,)
    sound, rate = soundfile.read(folder / "processed_audio.wav")
    np.testing.assert_allclose(sound, soundfile.read(mono)[0], atol=1e-4)
    assert (rate, folder.name[:8]) == (16_000, "outputs_")


def test_what_is_extracted_agrees_with_itself(stereo: Path, tmp_path: Path, settings: Settings) -> None:
    (one,) = extracted([stereo], tmp_path / "out", settings, granularity="frame")
    assert [describe(load(folder)).agrees for folder in one.folders] == [True, True]


def test_no_sound_is_written_where_none_is_wanted(mono: Path, tmp_path: Path, settings: Settings) -> None:
    (one,) = extracted([mono], tmp_path / "out", settings, audio=False)
    assert sorted(path.name for path in one.folders[0].iterdir()) == ["embedding.npy", "result.json"]


def test_what_is_done_is_skipped(mono: Path, stereo: Path, tmp_path: Path, settings: Settings) -> None:
    first = extracted([mono], tmp_path / "out", settings)
    again = extracted([mono, stereo], tmp_path / "out", settings)
    assert [one.status for one in again] == ["skipped", "done"]
    assert again[0].folders == first[0].folders


def test_a_changed_file_is_done_again_though_name_size_and_time_are_the_same(
    mono: Path, tmp_path: Path, settings: Settings
) -> None:
    extracted([mono], tmp_path / "out", settings)
    before = mono.stat()
    soundfile.write(mono, voice(2.5, 240), 16_000)
    os.utime(mono, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (mono.stat().st_size, extracted([mono], tmp_path / "out", settings)[0].status) == (before.st_size, "done")


def test_another_granularity_is_another_thing(mono: Path, tmp_path: Path, settings: Settings) -> None:
    extracted([mono], tmp_path / "out", settings)
    assert extracted([mono], tmp_path / "out", settings, granularity="frame")[0].status == "done"


def test_what_another_engine_made_is_not_done(mono: Path, tmp_path: Path, settings: Settings) -> None:
    (one,) = extracted([mono], tmp_path / "out", settings)
    path = one.folders[0] / "result.json"
    path.write_text(path.read_text().replace('"version": "', '"version": "old-'))
    assert extracted([mono], tmp_path / "out", settings)[0].status == "done"


@pytest.mark.parametrize("name", ["embedding.npy", "result.json"])
def test_what_is_damaged_is_not_done(mono: Path, tmp_path: Path, settings: Settings, name: str) -> None:
    (one,) = extracted([mono], tmp_path / "out", settings)
    (one.folders[0] / name).write_bytes((one.folders[0] / name).read_bytes()[:-20])
    assert extracted([mono], tmp_path / "out", settings)[0].status == "done"


def test_of_two_legs_the_one_that_is_missing_is_made(stereo: Path, tmp_path: Path, settings: Settings) -> None:
    (one,) = extracted([stereo], tmp_path / "out", settings)
    one.folders[1].rename(tmp_path / "elsewhere")
    (again,) = extracted([stereo], tmp_path / "out", settings)
    assert (again.status, again.folders[0]) == ("done", one.folders[0])
    assert len(list((tmp_path / "out").glob("outputs_*"))) == 2


def test_what_a_killed_process_left_goes(mono: Path, tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "out" / ".extract-killed").mkdir(parents=True)
    extracted([mono], tmp_path / "out", settings)
    assert not list((tmp_path / "out").glob(".extract-*"))


def test_files_that_fail_do_not_stop_the_others_and_leave_nothing(
    mono: Path, stereo: Path, tmp_path: Path, settings: Settings
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound " * 100)
    cut = tmp_path / "cut.flac"
    soundfile.write(cut, voice(4.0, 120), 16_000)
    cut.write_bytes(cut.read_bytes()[:20_000])
    sources = [bad, mono, tmp_path / "none.wav", cut, stereo, tmp_path]
    found = extracted(sources, tmp_path / "out", settings)
    assert [one.status for one in found] == ["failed", "done", "failed", "failed", "done", "failed"]
    assert [one.exit_code for one in found] == [3, 0, 3, 3, 0, 3]
    assert [Path(one.source).name in one.error for one in found if one.error] == [True] * 4
    assert len(list((tmp_path / "out").iterdir())) == 3 + 1


def test_a_recording_in_which_nobody_speaks_has_frames_and_no_utterance(tmp_path: Path, settings: Settings) -> None:
    soundfile.write(tmp_path / "quiet.wav", np.zeros(16_000), 16_000)
    (utterance,) = extracted([tmp_path / "quiet.wav"], tmp_path / "out", settings)
    (frames,) = extracted([tmp_path / "quiet.wav"], tmp_path / "out", settings, granularity="frame")
    assert ("nobody is heard to speak" in utterance.error, frames.status) == (True, "done")
    assert load(frames.folders[0]).scores is None


def test_a_recording_shorter_than_a_frame_fails(tmp_path: Path, settings: Settings) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(100), 16_000)
    (one,) = extracted([tmp_path / "short.wav"], tmp_path / "out", settings, granularity="frame")
    assert "shorter than a frame" in one.error


def test_a_leg_that_may_not_be_analysed_is_left_out(stereo: Path, mono: Path, tmp_path: Path) -> None:
    settings = load_settings(environment={}, flags={"privacy.subjects": ["customer"], "log.level": "error"})
    both, alone = extracted([stereo, mono], tmp_path / "out", settings)
    assert [load(folder).result.key for folder in both.folders] == ["stereo"]
    assert (alone.status, alone.exit_code, "may be analysed" in alone.error) == ("failed", 2, True)


def test_options_name_the_leg_of_a_channel(mono: Path, tmp_path: Path) -> None:
    settings = load_settings(environment={}, flags={"privacy.subjects": ["customer"], "log.level": "error"})
    (one,) = extracted([mono], tmp_path / "out", settings, options={"legs": "customer"})
    assert one.status == "done"


def test_how_many_processes_extract_changes_nothing(tmp_path: Path, settings: Settings) -> None:
    files = [tmp_path / f"{number}.wav" for number in range(5)]
    for number, path in enumerate(files):
        soundfile.write(path, voice(1.0, 110 + 20 * number, seed=number), 16_000)
    alone, many = (extracted(files, tmp_path / f"out-{jobs}", settings, jobs=jobs) for jobs in (1, 2))
    assert [one.source for one in many] == [str(path) for path in files]
    for one, other in zip(alone, many, strict=True):
        np.testing.assert_array_equal(load(one.folders[0]).vectors, load(other.folders[0]).vectors)


def test_two_processes_do_not_extract_to_one_folder(mono: Path, tmp_path: Path, settings: Settings) -> None:
    with extracting_to(tmp_path / "out"), pytest.raises(StoreError, match="another process extracts"):
        extracted([mono], tmp_path / "out", settings)


def test_a_file_in_the_place_of_the_folder_is_told(mono: Path, tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(StoreError, match="cannot extract to"):
        extracted([mono], tmp_path / "out", settings)


def test_live_sources_are_refused_before_anything_is_done(mono: Path, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(ConfigError, match="from files"):
        extracted([mono, "microphone"], tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def test_an_extraction_that_was_killed_is_taken_up_where_it_was(tmp_path: Path, settings: Settings) -> None:
    files = [tmp_path / f"{number}.wav" for number in range(4)]
    for number, path in enumerate(files):
        soundfile.write(path, voice(2.0, 110 + 20 * number, seed=number), 16_000)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "monitor", "embeddings", "extract", *map(str, files), "--to", str(out), "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
    wait_for_the_first(out)
    process.kill()
    process.wait()
    found = extracted(files, out, settings)
    assert (found[0].status, {one.status for one in found} <= {"skipped", "done"}) == ("skipped", True)
    assert sorted(load(folder).result.key for folder in out.glob("outputs_*")) == ["0", "1", "2", "3"]
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == [".extract.lock"]


@pytest.mark.parametrize("blocks", [0, 1, 60])
@pytest.mark.parametrize("granularity", ["frame", "utterance"])
def test_a_disk_that_refuses_fails_the_file_and_leaves_nothing_of_it(
    mono: Path, tmp_path: Path, blocks: int, granularity: str
) -> None:
    (tmp_path / "out").mkdir()
    arguments = f"embeddings extract {mono} --to out --jobs 1 --granularity {granularity}"
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {blocks}; {sys.executable} -m monitor {arguments}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, "Traceback" in done.stderr, "File too large" in done.stderr) == (5, False, True), done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".extract.lock"]
