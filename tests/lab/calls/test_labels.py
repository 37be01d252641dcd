"""Label files of calls."""

import json

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab.calls import LabelledCall, Segment, TrueChange, composed, read_calls, zed
from monitor.errors import ConfigError

CALL = {
    "seconds": 4.0,
    "channels": ["customer", "agent"],
    "speaker": "08",
    "dataset": "ravdess",
    "lang": "en",
    "segments": [
        {"channel": "agent", "start": 0.1, "end": 0.9, "emotion": "neutral"},
        {"channel": "customer", "start": 1.0, "end": 1.9, "emotion": "neutral"},
        {"channel": "customer", "start": 2.0, "end": 3.5, "emotion": "angry"},
    ],
    "changes": [{"channel": "customer", "time": 2.0, "from": "neutral", "to": "angry"}],
}
ZED = {
    "spk1_1": {
        "wav": "datafolder/spk1/1.wav",
        "duration": 4.0,
        "emotion": [{"emo": "angry", "start": 1.0, "end": 3.0}],
        "transcription": "no",
    }
}


@pytest.fixture
def folder(tmp_path):
    """One composed call with its audio."""
    write(tmp_path, CALL)
    return tmp_path


def write(folder, labels, *, name="call-1", seconds=4.0, channels=2):
    (folder / f"{name}.json").write_text(json.dumps(labels))
    soundfile.write(folder / f"{name}.wav", np.zeros((round(8000 * seconds), channels)), 8000)


def changed(**keys):
    return {**CALL, **keys}


def segment(**keys):
    return changed(segments=[*CALL["segments"][:2], {**CALL["segments"][2], **keys}])


def test_a_composed_call_is_read_with_its_audio(folder):
    (call,) = read_calls(folder)
    assert (call.name, call.audio, call.seconds) == ("call-1", folder / "call-1.wav", 4.0)
    assert (call.speaker, call.dataset, call.lang, call.legs) == ("08", "ravdess", "en", ("customer", "agent"))
    assert call.segments[2] == Segment("customer", 2.0, 3.5, "angry")
    assert call.changes == (TrueChange("customer", 2.0, "neutral", "angry"),)


def test_a_single_file_is_read_like_a_folder(folder):
    assert read_calls(folder / "call-1.json") == read_calls(folder)


def test_changes_that_are_not_written_are_the_onsets_of_other_emotions(folder):
    given_ = read_calls(folder)
    write(folder, {key: value for key, value in CALL.items() if key != "changes"})
    assert read_calls(folder) == given_


def test_further_keys_are_ignored(folder):
    write(folder, changed(notes="by hand"))
    assert len(read_calls(folder)) == 1


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        (segment(start=1.5), r"segments of customer overlap: one ends at 1.9 s, the next begins at 1.5 s"),
        (segment(end=4.5), r"ends after the audio, which is 4.0 s"),
        (segment(end=2.0), r"end after it begins"),
        (segment(start=-1.0), r"begin at 0 s or later"),
        (segment(emotion="furious"), r"unknown emotion 'furious'; known: angry, "),
        (segment(channel="mixed"), r"no channel 'mixed'; there are: customer, agent"),
        (segment(channel="boss"), r"segments.2.channel: "),
        (segment(start="2"), r"segments.2.start: "),
        (segment(start=True), r"segments.2.start: "),
        (changed(segments=[]), r"there is no segment"),
        (changed(seconds=0.0), r"seconds must be above 0"),
        (changed(channels=["customer", "customer"]), r"each channel needs a leg of its own"),
        (changed(changes=[{"channel": "customer", "time": 9.0, "from": "neutral", "to": "angry"}]), r"outside of the audio"),
        (changed(changes=[{"channel": "customer", "time": 2.0, "from": "sad", "to": "sad"}]), r"is no change"),
        ([], r"the file: "),
        ({}, r"seconds: field required"),
    ],
)
def test_wrong_labels_are_named_with_their_file(folder, labels, complaint):
    write(folder, labels)
    with pytest.raises(ConfigError, match=rf"call-1\.json: .*{complaint}"):
        read_calls(folder)


@pytest.mark.parametrize("text", ["", "{", '{"seconds": NaN}', "\x00", "[" * 100_000])
def test_what_is_not_json_of_a_call_is_refused(folder, text):
    (folder / "call-1.json").write_text(text)
    with pytest.raises(ConfigError, match=r"call-1\.json: "):
        read_calls(folder)


def test_audio_that_is_missing_is_asked_for(folder):
    (folder / "call-1.wav").unlink()
    with pytest.raises(ConfigError, match=r"no call-1\.wav beside it"):
        read_calls(folder)


def test_audio_of_another_length_is_refused(folder):
    write(folder, CALL, seconds=5.0)
    with pytest.raises(ConfigError, match=r"is 5\.00 s long, and its labels say 4\.00 s"):
        read_calls(folder)


def test_audio_with_other_channels_is_refused(folder):
    write(folder, CALL, channels=1)
    with pytest.raises(ConfigError, match=r"has 1 channels, and its labels name customer, agent"):
        read_calls(folder)


def test_a_folder_without_calls_says_what_a_call_is(tmp_path):
    with pytest.raises(ConfigError, match=r"NAME\.json with its segments beside NAME\.wav, or a ZED\.json"):
        read_calls(tmp_path)


def test_a_recording_of_zed_is_neutral_where_no_emotion_is_named(tmp_path):
    (tmp_path / "spk1").mkdir()
    (tmp_path / "ZED.json").write_text(json.dumps(ZED))
    soundfile.write(tmp_path / "spk1" / "1.wav", np.zeros(64_000), 16_000)
    (call,) = read_calls(tmp_path)
    assert (call.name, call.dataset, call.legs) == ("spk1_1", "zed", ("mixed",))
    assert [(one.start, one.end, one.emotion) for one in call.segments] == [
        (0.0, 1.0, "neutral"),
        (1.0, 3.0, "angry"),
        (3.0, 4.0, "neutral"),
    ]
    assert [one.time for one in call.changes] == [1.0, 3.0]


def test_a_recording_of_zed_that_is_missing_is_named(tmp_path):
    (tmp_path / "ZED.json").write_text(json.dumps(ZED))
    with pytest.raises(ConfigError, match=r"spk1_1: there is no file .*spk1/1\.wav"):
        read_calls(tmp_path)


@pytest.mark.parametrize(("theirs", "ours"), [("a", "angry"), ("Anger", "angry"), ("happy", "happy"), ("n", "neutral")])
def test_names_of_emotions_in_zed_become_ours(theirs, ours):
    assert zed.our_name(theirs) == ours


@pytest.mark.parametrize(
    ("emotion", "complaint"),
    [
        ([{"emo": "bored", "start": 1.0, "end": 3.0}], "unknown emotion 'bored'"),
        ([{"emo": "a", "start": 1.0, "end": 9.0}], "ends at 9.0 s, after the audio"),
        ([{"emo": "a", "start": 1.0, "end": 3.0}, {"emo": "s", "start": 2.0, "end": 4.0}], "overlap"),
        ([{"emo": "a", "start": 1.0}], "emotion.0.end: field required"),
    ],
)
def test_wrong_labels_of_zed_are_named_with_their_recording(tmp_path, emotion, complaint):
    (tmp_path / "ZED.json").write_text(json.dumps({"spk1_1": {**ZED["spk1_1"], "emotion": emotion}}))
    with pytest.raises(ConfigError, match=rf"ZED\.json: spk1_1: .*{complaint}"):
        read_calls(tmp_path)


json_data = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["customer", "angry"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*CALL, *ZED["spk1_1"], "start"]), inner),
    max_leaves=8,
)


@given(json_data)
def test_whatever_json_is_there_it_is_a_call_or_a_clear_error(tmp_path_factory, data):
    for parse in (composed.parse, zed.parse):
        outcome = parsed(parse, data, tmp_path_factory.getbasetemp())
        assert isinstance(outcome, LabelledCall | ValueError)


times = st.floats(-1, 6, allow_nan=False).map(lambda value: round(value, 2))


@given(st.lists(st.tuples(times, times, st.sampled_from(["neutral", "angry", "sad"])), max_size=5))
def test_segments_that_are_taken_lie_in_the_audio_one_after_the_other(tmp_path_factory, stretches):
    segments = [{"channel": "customer", "start": start, "end": end, "emotion": emotion} for start, end, emotion in stretches]
    call = parsed(composed.parse, changed(segments=segments, changes=None), tmp_path_factory.getbasetemp())
    ends = [part.end for part in getattr(call, "segments", ())]
    starts = [part.start for part in getattr(call, "segments", ())]
    assert starts == sorted(starts)
    assert all(start >= end - 0.02 - 1e-9 for start, end in zip(starts[1:], ends, strict=False))
    assert all(0 <= start < end <= 4.02 + 1e-9 for start, end in zip(starts, ends, strict=True))


def parsed(parse, data, folder):
    try:
        return parse(data, "name", folder)
    except (ValidationError, ValueError) as error:
        return error
