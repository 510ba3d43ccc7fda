"""What can be planted: every setting of every kind of record, with its default.

A setting's name says its unit or range: `*_share` lies in 0..1, `*_ratio` multiplies, `*_s`, `*_min`, `*_hours` and
`*_days` are durations, `*_sigma` is the standard deviation of a lognormal law's logarithm, and a mapping of names to
numbers is a set of weights to draw with, or one value per name. Mappings are set key by key, with a dot:
`missing.age=0.3`, `outcome.police.arrested=0.2`.
"""

from typing import Any

STAGE: dict[str, Any] = {"start": "2023-01-01", "months": 24, "areas": 8, "sites": 4}
VOLUME: dict[str, Any] = {
    "rate": 80.0,  # first events per area and average month, for an area whose ratio is 1, before trend and season
    "area_ratio": (),  # one ratio per area; empty: drawn, with this spread
    "area_spread": 0.35,
    "trend_share": 0.04,  # growth per year
    "season_share": 0.12,  # amplitude of the yearly wave
    "season_peak_month": 7,
    "weekday": (0.97, 0.95, 0.95, 0.98, 1.08, 1.10, 0.97),  # Monday first
    "hour": (  # from midnight
        3, 2.5, 2.2, 1.8, 1.6, 1.7, 2.2, 3, 3.8, 4.4, 4.8, 5.1, 5.3, 5.4, 5.5, 5.7, 5.9, 6, 5.9, 5.7, 5.3, 4.8, 4.2,
        3.6,
    ),
    "time_zone": "America/Chicago",
    "repeat_share": 0.0,  # of events that the same person follows by one more
    "repeat_days": 45.0,  # mean of the exponential gap
    "effect_outcome": "volume",  # or arrested, hospital, involuntary_hold
    "effect_ratio": 1.0,  # on that outcome in treated areas from their start
    "treated": 0,  # the first so many areas
    "programme_start": "",  # empty: the middle month
    "stagger_months": 0,  # each further treated area starts so much later
}
PEOPLE: dict[str, Any] = {
    "age_median": 36.0,
    "age_sigma": 0.42,
    "gender": {"female": 0.50, "male": 0.44, "transgender": 0.02, "nonbinary": 0.03, "other": 0.01},
    "race_ethnicity": {
        "white": 0.48, "black": 0.24, "hispanic": 0.18, "asian": 0.05, "american_indian_alaska_native": 0.02,
        "other": 0.03,
    },
    "language": {"en": 0.86, "es": 0.10, "pl": 0.02, "fr": 0.02},
    "housing": {"housed": 0.72, "unstable": 0.15, "homeless": 0.13},
    "relation": {"self": 0.62, "family": 0.17, "third_party": 0.14, "professional": 0.07},
    "veteran_share": 0.06,
    "missing": {
        "age": 0.25, "gender": 0.08, "race_ethnicity": 0.20, "language": 0.10, "housing": 0.35, "relation": 0.10,
        "veteran": 0.45,
    },
    "missing_kinds": {"unknown": 0.40, "declined": 0.15, "not_asked": 0.20, "not_applicable": 0.05, "blank": 0.20},
    "mnar_field": "race_ethnicity",  # missing more often for one group
    "mnar_group": "black",
    "mnar_ratio": 1.8,
}
NEEDS: dict[str, Any] = {
    "need": {
        "mental_health": 0.30, "suicide": 0.16, "substance_use": 0.11, "domestic_violence": 0.13, "welfare_check": 0.14,
        "homelessness": 0.07, "sexual_assault": 0.03, "child_safety": 0.03, "older_adult": 0.03,
    },
    "second_need_share": 0.22,
    "risk": {"none": 0.22, "low": 0.34, "moderate": 0.27, "high": 0.12, "imminent": 0.05},
}
RESPONSE: dict[str, Any] = {
    "responder": {
        "police": 0.46, "cit_officer": 0.15, "co_responder": 0.10, "mobile_crisis": 0.12, "ems": 0.12, "fire": 0.05,
    },
    "access": {"911": 0.62, "988": 0.06, "officer_initiated": 0.14, "referral": 0.04, "other": 0.14},
    "priority": {"1": 0.12, "2": 0.33, "3": 0.37, "4": 0.18},
    "answer_median_s": 8.0,
    "answer_sigma": 0.7,
    "dispatch_median_min": 5.0,
    "dispatch_sigma": 0.8,
    "priority_ratio": (0.5, 1.0, 1.8, 3.0),  # on dispatch, priority 1 to 4
    "turnout_median_min": 1.2,
    "turnout_sigma": 0.5,
    "travel_median_min": 9.0,
    "travel_sigma": 0.55,
    "underserved_areas": 1,  # the last so many areas ...
    "underserved_ratio": 1.9,  # ... wait so much longer for travel
    "night_ratio": 1.35,  # on dispatch from 22:00 to 5:59
    "night_gap_share": 0.0,  # of night events in an under-served area that nobody reaches
    "engage_median_min": 3.0,
    "engage_sigma": 0.6,
    "scene_median_min": 28.0,
    "scene_sigma": 0.6,
    "scene_ratio": {"mobile_crisis": 1.7, "co_responder": 1.4, "ems": 1.1},
    "second_unit_share": 0.28,
    "no_arrival_share": 0.06,
    "reclassified_share": 0.15,  # of events whose final call type is another need's
    "triaged_share": 0.85,
    "cit_requested_share": 0.22,
    "weapon_share": 0.06,
    "outcome": {
        "police": {"resolved": 0.42, "referred": 0.10, "transported": 0.06, "hospital": 0.12, "involuntary_hold": 0.06,
                   "arrested": 0.14, "cited": 0.04, "refused": 0.06},
        "cit_officer": {"resolved": 0.44, "referred": 0.18, "transported": 0.06, "hospital": 0.13,
                        "involuntary_hold": 0.08, "arrested": 0.07, "refused": 0.04},
        "co_responder": {"resolved": 0.48, "referred": 0.26, "transported": 0.06, "hospital": 0.10,
                         "involuntary_hold": 0.04, "arrested": 0.03, "refused": 0.03},
        "mobile_crisis": {"resolved": 0.52, "referred": 0.29, "transported": 0.05, "hospital": 0.08, "shelter": 0.03,
                          "arrested": 0.01, "refused": 0.02},
        "ems": {"resolved": 0.22, "referred": 0.06, "transported": 0.08, "hospital": 0.52, "refused": 0.12},
        "fire": {"resolved": 0.52, "referred": 0.06, "transported": 0.12, "hospital": 0.20, "refused": 0.10},
    },
    "force_share": {"police": 0.05, "cit_officer": 0.025, "co_responder": 0.01, "mobile_crisis": 0.002},
    "injury_subject_share": {"police": 0.018, "cit_officer": 0.010, "co_responder": 0.005, "mobile_crisis": 0.004},
    "injury_responder_share": {"police": 0.008, "cit_officer": 0.004, "co_responder": 0.002, "mobile_crisis": 0.002},
    "deescalated_share": {"police": 0.60, "cit_officer": 0.74, "co_responder": 0.82, "mobile_crisis": 0.88},
    "deescalation_recorded_share": 0.55,
    "police_called_share": 0.09,  # of encounters of other responders
    "person_key_share": 0.80,
    "missing_arrival_share": 0.02,  # arrived, and the clock was left blank
}
QUEUE: dict[str, Any] = {
    "modality": {"phone": 0.82, "text": 0.10, "chat": 0.08},
    "wait_median_s": 14.0,  # until an answer, had the caller stayed
    "wait_sigma": 1.0,
    "night_ratio": 1.8,  # on the wait from 22:00 to 5:59
    "patience_median_s": 150.0,
    "patience_sigma": 0.9,
    "redial_share": 0.45,  # of abandoned contacts
    "redial_median_min": 4.0,
    "redial_sigma": 0.8,
    "talk_median_min": 13.0,
    "talk_sigma": 0.7,
    "person_key_share": 0.75,
    "outcome": {"resolved": 0.58, "referred": 0.33, "transported": 0.02, "shelter": 0.03, "other": 0.04},
    "police_called_share": 0.025,
    "distress_median": 6.5,
    "distress_drop": 1.6,
}
CONTACT: dict[str, Any] = {
    "modality": {"in_person": 0.45, "phone": 0.45, "video": 0.10},
    "talk_median_min": 50.0,
    "talk_sigma": 0.55,
    "outcome": {"resolved": 0.45, "referred": 0.45, "shelter": 0.06, "other": 0.04},
    "zero_contacts_share": 0.004,
    "aggregate_month_share": 0.08,  # of months in which a site enters one total
    "aggregate_week_share": 0.04,
    "hours_sites": 0,  # the last so many sites typed hours where minutes were meant
    "volunteer_share": 0.35,
}
FOLLOW: dict[str, Any] = {
    "offered_share": 0.55,  # of persons who are not anonymous
    "consented_share": 0.62,
    "attempted_share": 0.85,
    "reached_share": 0.66,
    "attempt_median_hours": 16.0,
    "attempt_sigma": 0.8,
    "reach_median_hours": 30.0,
    "reach_sigma": 0.7,
    "accepted_share": 0.55,  # of referrals
    "first_service_median_days": 9.0,
    "first_service_sigma": 0.7,
    "attended_share": 0.70,
    "assessed_share": 0.50,  # of contacts in which each domain was assessed
    "severity": {"1": 0.45, "2": 0.35, "3": 0.20},
    "need_identified_share": {"emotional": 0.70, "safety": 0.40, "logistics": 0.50},
    "need_met_share": {"emotional": 0.72, "safety": 0.60, "logistics": 0.45},
    "severity_met_ratio": {"1": 1.1, "2": 1.0, "3": 0.8},
    "survey_share": 0.12,
    "satisfaction": {"1": 0.05, "2": 0.07, "3": 0.16, "4": 0.34, "5": 0.38},
    "revictimized_share": 0.12,
}
PANEL: dict[str, Any] = {
    "outcome_rate": 60.0,  # targeted offences per area and average month
    "control_rate": 90.0,  # offences that the programme cannot touch
    "dispersion": 0.02,  # gamma variance of the area-month rate beyond Poisson
    "differing_trend_share": 0.0,  # extra growth per year in treated areas: breaks parallel trends
}
COUNTS: dict[str, Any] = {"population_median": 60_000.0, "staff_hours_per_day": 60.0}

KINDS: dict[str, dict[str, Any]] = {
    "call_for_service": VOLUME | PEOPLE | NEEDS | RESPONSE | FOLLOW | COUNTS,
    "field_response": VOLUME | PEOPLE | NEEDS | RESPONSE | FOLLOW | COUNTS
    | {"rate": 35.0, "person_key_share": 0.9, "repeat_share": 0.2,
       "access": {"911": 0.4, "988": 0.2, "referral": 0.25, "other": 0.15},
       "responder": {"police": 0.22, "cit_officer": 0.20, "co_responder": 0.22, "mobile_crisis": 0.36}},
    "hotline_contact": VOLUME | PEOPLE | NEEDS | QUEUE | FOLLOW | COUNTS | {"rate": 60.0, "repeat_share": 0.15},
    "non_client_contact": VOLUME | PEOPLE | NEEDS | CONTACT | COUNTS
    | {"rate": 40.0, "hour": (0,) * 8 + (1,) * 12 + (0,) * 4,
       "need": {"sexual_assault": 0.55, "domestic_violence": 0.30, "child_safety": 0.06, "legal": 0.05, "other": 0.04}},
}
DRAWN = {  # weights that must not all be zero
    "gender", "race_ethnicity", "language", "housing", "relation", "missing_kinds", "need", "risk", "responder",
    "access", "priority", "modality", "severity", "satisfaction", "weekday", "hour",
}
KINDS["programme"] = KINDS["field_response"] | PANEL | {
    "rate": 25.0, "treated": 3, "effect_ratio": 0.75, "effect_outcome": "targeted_offences",
    "responder": {"mobile_crisis": 1.0},
}
BOUNDS = {"trend_share": (-0.9, 9), "differing_trend_share": (-0.9, 9), "season_peak_month": (1, 12)}
EFFECTS: dict[str, tuple[str, ...]] = {  # what the programme may change
    **dict.fromkeys(("call_for_service", "field_response"), ("volume", "arrested", "hospital", "involuntary_hold")),
    "hotline_contact": ("volume",), "non_client_contact": ("volume",), "programme": ("targeted_offences",),
}
