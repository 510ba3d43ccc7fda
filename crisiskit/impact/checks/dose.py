"""Dose: can so few contacts have done so much?"""

import math

import numpy as np

from crisiskit.impact.checks.common import share
from crisiskit.impact.material import Material
from crisiskit.impact.result import Check, Status

CEILING, DOUBT = 1.0, 0.5
"""Outcomes averted per contact: above CEILING a contact would prevent more than one; above DOUBT half of them would."""

TITLE = "Effect per contact delivered"


def dose_ceiling(material: Material) -> Check:
    """Outcomes averted per contact delivered; for an outcome of which more is good, extra outcomes per contact.

    The interval comes from that of the relative effect: expected x relative, where expected is what was seen in the
    treated cells plus what was averted. fail: above CEILING. warn: above DOUBT, or the upper end above CEILING (or
    unknown). pass: neither. Not possible without contacts.
    """
    main, contacts = material.main, material.contacts
    if not contacts > 0:
        return Check("dose_ceiling", TITLE, "not possible", "The contacts delivered are not known.",
                     asks="dose: contacts delivered while compared, in all or by line of roll_out.")  # fmt: skip
    if not math.isfinite(main.averted):
        return Check("dose_ceiling", TITLE, "not possible", "The estimate cannot be said in outcomes.",
                     asks="An outcome that is counted, with a model of counts.")  # fmt: skip
    fewer = material.question.outcome.better == "fewer"
    per, low, high = _per_contact(material, fewer)
    status: Status = "pass"
    if per > CEILING:
        status = "fail"
    elif per > DOUBT or not high <= CEILING:
        status = "warn"
    what = "fewer" if fewer else "more"
    total = main.averted if fewer else -main.averted
    finding = (f"The estimate amounts to {total:,.0f} {what} {material.question.outcome.label} "
               f"({share(main.relative)}) over {contacts:,.0f} contacts: {per:.2f} per contact "
               f"(interval {_end(low)} to {_end(high)}).")  # fmt: skip
    if status == "fail":
        finding += " One contact cannot prevent more than one, unless it works on people whom it never met."
    numbers = {"per_contact": per, "per_contact_low": low, "per_contact_high": high, "averted": main.averted,
               "contacts": contacts}  # fmt: skip
    return Check("dose_ceiling", TITLE, status, finding, numbers)


def _per_contact(material: Material, fewer: bool) -> tuple[float, float, float]:
    """Point and interval in outcomes per contact, in the direction that is good."""
    main, panel = material.main, material.panel
    on = (panel.status > 0) & np.isfinite(panel.outcome)
    expected = float(panel.outcome[on].sum()) + main.averted
    sign = -1.0 if fewer else 1.0
    ends = sorted(sign * expected * value / material.contacts for value in (main.relative_low, main.relative_high))
    return -sign * main.averted / material.contacts, ends[0], ends[1]


def _end(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "without bound"
