import math

from hypothesis import given
from hypothesis import strategies as st

from core.jobs.events import Batch, Ended, Epoch, Message, Stage, Started, dump_event, load_event

TEXTS = st.text()
COUNTS = st.integers(0, 10**6)
NUMBERS = st.floats(allow_nan=False)
PHASES = st.sampled_from(["head", "fine-tune", "scratch"])

EVENTS = st.one_of(
    st.builds(Started, device=TEXTS, engine=TEXTS, process=COUNTS),
    st.builds(Stage, name=TEXTS, done=COUNTS, total=COUNTS, seconds_left=st.none() | NUMBERS, unit=TEXTS),
    st.builds(Batch, phase=PHASES, epoch=COUNTS, batch=COUNTS, batches=COUNTS, loss=NUMBERS, accuracy=NUMBERS),
    st.builds(
        Epoch,
        phase=PHASES,
        epoch=COUNTS,
        epochs=COUNTS,
        loss=NUMBERS,
        accuracy=NUMBERS,
        val_loss=NUMBERS,
        val_accuracy=NUMBERS,
        confusion=st.lists(st.lists(COUNTS).map(tuple)).map(tuple),
        learning_rate=NUMBERS,
        seconds=NUMBERS,
        best=st.booleans(),
    ),
    st.builds(Message, level=st.sampled_from(["info", "warning"]), text=TEXTS),
    st.builds(Ended, status=st.sampled_from(["finished", "stopped", "failed"]), reason=TEXTS, hint=TEXTS, detail=TEXTS),
)


@given(EVENTS)
def test_an_event_survives_json_in_one_line(event):
    line = dump_event(event)
    assert "\n" not in line
    assert load_event(line) == event


def test_a_loss_of_nan_survives_json():
    event = Batch(phase="head", epoch=1, batch=1, batches=1, loss=math.nan, accuracy=0)
    assert math.isnan(load_event(dump_event(event)).loss)
