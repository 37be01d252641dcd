import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.engines.emotion2vec.labels import english, read_labels
from monitor.engines.emotion2vec.random_model import PLUS_TOKENS
from tests.engines.emotion2vec_dir import SEED_TOKENS


def test_labels_of_plus_large_are_english_and_complete():
    labels = read_labels(PLUS_TOKENS)
    expected = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown")
    assert labels.names == expected
    assert labels.columns == tuple(range(9))


def test_unused_classes_of_plus_seed_are_left_out_with_their_columns():
    labels = read_labels(SEED_TOKENS)
    assert labels.names == ("angry", "happy", "neutral", "sad", "unknown")
    assert labels.columns == (0, 3, 4, 6, 8)


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("生气/angry", "angry"),
        ("angry/生气", "angry"),
        ("Angry", "angry"),
        ("生气", "生气"),
        ("a / b", "a"),
        ("<unk>", "unknown"),
    ],
)
def test_a_bilingual_name_gives_its_english_half(token, name):
    assert english(token) == name


@pytest.mark.parametrize(
    ("tokens", "why"),
    [
        ([], "no emotion"),
        (["<unk>"], "no emotion"),
        (["unuse_0", "unuse_1"], "no emotion"),
        (["开心/happy", "高兴/happy"], "'happy' twice"),
        (["happy", ""], "empty name"),
    ],
)
def test_labels_that_cannot_be_told_apart_are_refused(tokens, why):
    with pytest.raises(ValueError, match=why):
        read_labels(tokens)


words = st.lists(st.from_regex(r"[a-t]{1,8}", fullmatch=True), unique=True, min_size=1, max_size=12)


@given(words)
def test_english_names_are_kept_as_they_are(tokens):
    labels = read_labels(tokens)
    assert labels.names == tuple(tokens)
    assert labels.columns == tuple(range(len(tokens)))


@given(words, st.integers(min_value=0, max_value=12), st.text(max_size=5))
def test_an_unused_class_moves_the_columns_after_it_and_nothing_else(tokens, place, rest):
    tokens_with_unused = [*tokens[:place], "unuse" + rest, *tokens[place:]]
    labels = read_labels(tokens_with_unused)
    assert labels.names == tuple(tokens)
    assert [tokens_with_unused[column] for column in labels.columns] == tokens
