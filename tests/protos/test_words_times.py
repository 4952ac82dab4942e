"""Moments and lengths of time come back as well as messages can hold them."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protos.word_examples import JOB
from unmix.words import FieldError, Options
from unmix.words.times import duration_to_proto, moment_of, seconds_of, timestamp_to_proto
from unmix.words.times import moment as moment_from


@given(st.floats(-315_576_000_000, 315_576_000_000))
def test_any_length_of_time_comes_back(seconds: float) -> None:
    message = duration_to_proto(seconds)
    assert message
    assert seconds_of(message) == pytest.approx(seconds, abs=2e-9, rel=1e-12)


@pytest.mark.parametrize("seconds", [math.inf, -math.inf, math.nan, 1e300])
def test_what_is_no_length_of_time_is_refused_where_it_is_asked_and_told_as_well_as_can_be(
    seconds: float,
) -> None:
    with pytest.raises(FieldError, match="no length of time"):
        Options(keep_alive=seconds).check()
    told = Options(keep_alive=seconds).to_proto()
    told.SerializeToString()
    assert told.HasField("keep_alive") is not math.isnan(seconds)


def test_a_moment_comes_back() -> None:
    message = timestamp_to_proto(1_764_374_400.123456)
    assert message
    assert moment_of(message) == pytest.approx(1_764_374_400.123456, abs=1e-6)
    assert timestamp_to_proto(None) is None


@pytest.mark.parametrize("moment", [0.0, -1.0, 1e300, math.inf, math.nan])
def test_any_moment_can_be_told(moment: float) -> None:
    replace(JOB, created=moment, ended=moment).to_proto().SerializeToString()


def test_a_moment_beyond_all_calendars_is_the_last_that_there_is() -> None:
    assert (
        moment_from(1e300) == moment_from(253_402_300_799.0) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    )


@given(st.floats(0, 2).filter(lambda seconds: seconds != 1))
def test_a_length_of_time_has_less_than_a_second_in_nanoseconds(seconds: float) -> None:
    message = duration_to_proto(seconds)
    assert message
    assert 0 <= message.nanos < 1_000_000_000
