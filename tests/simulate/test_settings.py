import pytest

from crisiskit.errors import UserError
from crisiskit.simulate.defaults import KINDS
from crisiskit.simulate.settings import from_words, settings_for


@pytest.mark.parametrize("kind", list(KINDS))
def test_defaults_are_valid_and_not_shared(kind):
    settings = settings_for(kind, {})
    settings["missing"]["age"] = 0.99
    assert settings_for(kind, {})["missing"]["age"] == 0.25


def test_text_takes_the_type_of_the_default():
    words = ["rate=12.5", "treated=2", "weekday=1,1,1,1,1,2,2", "missing.age=0.5", "time_zone=UTC"]
    words.append("outcome.police.arrested=0")
    settings = settings_for("call_for_service", from_words(words))
    assert settings["rate"] == 12.5
    assert settings["treated"] == 2
    assert settings["weekday"] == (1, 1, 1, 1, 1, 2, 2)
    assert settings["missing"]["age"] == 0.5
    assert settings["missing"]["gender"] == 0.08
    assert settings["outcome"]["police"] == KINDS["call_for_service"]["outcome"]["police"] | {"arrested": 0}
    assert settings["time_zone"] == "UTC"


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("call_for_servise", {}, "did you mean 'call_for_service'"),
        ("programme", {"dispersal": 1}, "did you mean 'dispersion'"),
        ("programme", {"missing.agee": 1}, "'agee' is no setting of missing; did you mean 'age'"),
        ("programme", {"missing": 0.5}, "set it key by key"),
        ("programme", {"rate.x": 1}, "rate has no parts"),
        ("programme", {"rate": "many"}, "rate: 'many' is not a number"),
        ("programme", {"treated": "1.5"}, "treated: '1.5' is not a whole number"),
        ("programme", {"weekday": "1,2"}, "weekday: 2 numbers given, 7 needed"),
        ("programme", {"rate": -1}, "rate: -1.0 is out of range"),
        ("programme", {"missing.age": 1.01}, "age: 1.01 is out of range"),
        ("programme", {"trend_share": -0.91}, "trend_share: -0.91 is out of range"),
        ("programme", {"rate": "nan"}, "rate: nan is out of range"),
        ("programme", {"effect_outcome": "volume"}, "effect_outcome: 'volume' is not one of targeted_offences"),
        ("call_for_service", {"effect_outcome": "arrested", "effect_ratio": 1.1}, "cannot raise 'arrested'"),
        ("call_for_service", {"mnar_field": "shoe_size"}, "mnar_field: 'shoe_size' is not one of age"),
        ("call_for_service", {"mnar_group": "blck"}, "did you mean 'black'"),
        ("call_for_service", {"need.mental_health": "x"}, "mental_health: 'x' is not a number"),
        ("call_for_service", {"time_zone": "America/Chicagoo"}, "did you mean 'America/Chicago'"),
        ("call_for_service", {"season_peak_month": 13}, "season_peak_month: 13 is out of range"),
        ("hotline_contact", {"hour": (0,) * 24}, "hour: all weights are zero"),
    ],
)
def test_a_mistake_names_value_and_remedy(kind, given, message):
    with pytest.raises(UserError, match=message.replace("(", r"\(").replace(".", r"\.")):
        settings_for(kind, given)


@pytest.mark.parametrize("edge", [0, 1])
def test_shares_may_be_none_and_all(edge):
    assert settings_for("programme", {"missing.age": edge})["missing"]["age"] == edge


def test_a_word_without_a_sign_is_refused():
    with pytest.raises(UserError, match="--set rate: write key=value"):
        from_words(["rate"])
