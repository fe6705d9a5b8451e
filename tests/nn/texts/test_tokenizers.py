"""Tokenizers: texts become ids and come back, and what is not a token is named with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.texts import Bytes, Characters

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(TEXTS)
def test_a_text_comes_back_from_its_tokens(text):
    for tokenizer in (Characters(text), Bytes()):
        ids = tokenizer.encode(text)
        assert tokenizer.decode([tokenizer.mark, *ids, tokenizer.mark]) == text
        assert all(0 <= i < tokenizer.mark for i in ids)


@given(st.lists(TEXTS, min_size=1), st.integers(1, 8))
def test_of_each_token_the_next_is_learned(documents, context):
    letters = Characters(documents)
    tokens = [[letters.mark, *letters.encode(text), letters.mark] for text in documents]
    if all(len(text) < context for text in documents):
        X, y = letters.samples(documents, context)
        assert [[*x, t[-1]] for x, t in zip(X, y, strict=True)] == tokens
        assert all(x[1:] == t[:-1] for x, t in zip(X, y, strict=True))
    X, y = letters.windows(documents[0], context)
    assert [i for x in X for i in x] == tokens[0][:-1]
    assert [i for t in y for i in t] == tokens[0][1:]
    assert max(map(len, X)) <= context


def test_a_longer_document_is_cut_with_a_word():
    letters = Characters("ab")
    with pytest.warns(UserWarning, match="2 of 3 documents do not fit the context of 3 tokens"):
        X, y = letters.samples(["ab", "aba", "abab"], 3)
    assert X == [[2, 0, 1], [2, 0, 1], [2, 0, 1]]
    assert y == [[0, 1, 2], [0, 1, 0], [0, 1, 0]]


def test_the_letters_stand_in_order_and_the_mark_comes_last():
    letters = Characters(["hannah", "ann"])
    assert (letters.letters, len(letters), letters.mark) == ("ahn", 4, 3)


BAD = [
    (lambda: Characters([]), ValueError, "there are no documents"),
    (lambda: Characters(["a", ""]), ValueError, r"document 1 \(from 0\) is empty"),
    (lambda: Characters(""), ValueError, "no characters"),
    (lambda: Characters(["a", 3]), TypeError, "document 1 is .*3.*, not a text"),
    (lambda: Characters(3), TypeError, "documents are a list of texts"),
    (lambda: Characters("ab").samples("ab", 3), TypeError, "documents are a list of texts; got 'ab'"),
    (lambda: Characters("ab").samples(["a", "ac"], 3), ValueError, r"character 1 of document 1 .* is 'c'"),
    (lambda: Characters("ab").samples(["a"], 0), ValueError, "context is at least 1"),
    (lambda: Characters("ab").windows("", 3), ValueError, "the text is empty"),
    (lambda: Bytes().encode(b"ab"), TypeError, "not a text"),
]


@pytest.mark.parametrize(("make", "error", "message"), BAD)
def test_what_is_not_a_document_is_refused_by_its_number(make, error, message):
    with pytest.raises(error, match=message):
        make()
