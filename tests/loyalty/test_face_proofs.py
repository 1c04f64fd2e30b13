"""What a face's code says for itself, on its way to the hub."""

from hypothesis import given
from hypothesis import strategies as st

from device.display.cards.payload import AS_OF_S_MAX, CHECK_MAX_CHARS, POINTS_MAX, VERSION_MAX
from loyalty.face_proofs import FaceProof, from_text, to_text
from loyalty.fields import Name, OptionalId
from loyalty.wire import NAME_CHARACTERS

CHECKS = st.text("ABCXYZabcxyz0189_-", min_size=1, max_size=CHECK_MAX_CHARS)


@given(
    st.builds(
        FaceProof,
        st.integers(0, VERSION_MAX),
        st.integers(-POINTS_MAX, POINTS_MAX),
        st.integers(0, AS_OF_S_MAX),
        CHECKS,
    )
)
def test_whatever_a_face_says_fits_an_ask_and_comes_back(proof):
    text = to_text(proof)

    (mark,) = [it for it in OptionalId.__metadata__ if isinstance(it, Name)]
    assert len(text) <= mark.most
    assert NAME_CHARACTERS.issuperset(text)
    assert from_text(text) == proof


@given(st.text(max_size=80) | st.text("face:-0123456789ab", max_size=64))
def test_anything_else_is_no_proof(text):
    found = from_text(text)

    assert found is None or from_text(to_text(found)) == found
