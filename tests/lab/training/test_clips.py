"""Which clips are learned from where some people gave thousands and others fifty."""

from collections import Counter
from pathlib import Path

from lab.labels import Clip
from lab.training.clips import at_most

EMOTIONS = ("angry", "neutral", "sad")
CLIPS = [
    Clip(Path(f"{speaker}-{emotion}-{take}.wav"), "set", speaker, emotion=emotion)
    for speaker, takes in (("much", 50), ("little", 2))
    for emotion in EMOTIONS
    for take in range(takes)
]


def test_no_speaker_gives_more_than_the_most_and_all_emotions_alike():
    kept = Counter((clip.speaker, clip.emotion) for clip in at_most(CLIPS, 30))
    assert kept == {(speaker, emotion): most for speaker, most in (("much", 10), ("little", 2)) for emotion in EMOTIONS}


def test_where_an_emotion_is_rare_the_others_fill_its_place():
    rare = [clip for clip in CLIPS if clip.emotion != "sad" or clip.path.stem.endswith("-0")]
    assert Counter(clip.emotion for clip in at_most(rare, 21) if clip.speaker == "much") == {
        "angry": 10,
        "neutral": 10,
        "sad": 1,
    }


def test_the_choice_keeps_the_order_and_hangs_on_names_alone():
    kept = at_most(CLIPS, 30)
    assert kept == [clip for clip in CLIPS if clip in kept]
    assert set(kept) == set(at_most(CLIPS[::-1], 30))


def test_zero_takes_all():
    assert at_most(CLIPS, 0) == CLIPS
