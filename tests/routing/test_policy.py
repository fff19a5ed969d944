from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from server.errors import Category, Fault
from server.model import (
    Band,
    Clock,
    Coding,
    Device,
    GateRule,
    Matching,
    Pathway,
    PriorRules,
    Reveal,
    RiskBand,
    Thresholds,
    Urgency,
    Weights,
)
from server.routing.policy import REASONS, load_policies, read_policy

from .nouns import SCT, hours

FOLDER = Path(__file__).parents[2] / "server/routing/policies"
SHIPPED = (FOLDER / "bacterial-meningitis.toml").read_text(encoding="utf-8")

PRACTICE_CODES = {
    # From http://hl7.org/fhir/ValueSet/c80-practice-codes, 4.0.1, as published.
    "394807007": "Infectious diseases",
    "418862001": "Pediatric infectious diseases",
    "408454008": "Clinical microbiology",
    "394591006": "Neurology",
}


def refusal(content, name="bacterial-meningitis.toml"):
    with pytest.raises(Fault) as refused:
        read_policy(content, name)
    assert refused.value.category is Category.INCORRECT
    return refused.value.issues


def test_the_shipped_policy():
    policy = load_policies(FOLDER)["bacterial-meningitis"]
    assert policy.identity == "bacterial-meningitis@1.1.1"
    assert (policy.rule, policy.audit_fraction) == ("P1", 0.05)
    assert (policy.incomplete_for, policy.first_read_within) == (hours(48), hours(72))
    assert policy.deliver_for == hours(96)
    assert policy.clocks == {
        Urgency.URGENT: Clock(hours(0.5), hours(1)),
        Urgency.ROUTINE: Clock(hours(24), hours(72)),
    }
    assert set(policy.urgency) == set(REASONS) - {"confirmation"}
    assert (policy.pathway, policy.confident, policy.bands) == (Pathway.SECOND_READER, None, ())
    assert policy.matching == Matching(most_open=5, measured=True, weights=Weights(0.4, 0.1, 0.2, 0.1, 0.2))
    assert policy.specialties == tuple(Coding(SCT, code, name) for code, name in PRACTICE_CODES.items())


def test_an_audit_looks_like_a_disagreement():
    # S2.5: the specialist sees the urgency, so it must not tell why the question is asked.
    policy = load_policies(FOLDER)["bacterial-meningitis"]
    assert set(policy.urgency.values()) == {Urgency.URGENT}


def test_every_paragraph_says_why():
    paragraphs = SHIPPED.strip().split("\n\n")
    assert [each for each in paragraphs if "#" not in each] == []


DURATION = "must be a duration above zero in s, min, h or d, such as '30 min' or '3 d'"
VERSION = "must be three numbers joined by dots, such as '1.0.0'"
FRACTION = "must be a number from 0 to 1"
URGENCY = "must be one of: routine, urgent, stat"
SPECIALTIES = "must be a list of specialties, best first, at least one and none twice"
CLOCKS = "must give a clock for every urgency that is used above"
REASON_KEYS = "missed, over-called, declined, not-comparable, confirmation, audit"
PATHWAYS = "must be one of: second-reader, gatekeeper, concurrent, none"
GATE = "must be given with the pathway gatekeeper"
NEUROLOGY = (
    '[[specialties]] # knows the other causes of the same picture\nsystem = "http://snomed.info/sct"\n'
)


@pytest.mark.parametrize(
    ("old", "new", "key", "sentence"),
    [
        ('version = "1.1.1"', "version = 1", "version", VERSION),
        ('version = "1.1.1"', "", "version", VERSION),
        ('rule = "P1"', 'rule = "P5"', "rule", "must be one of: P0, P1, P2, P3, P4"),
        ('rule = "P1"', "rule = 1", "rule", "must be one of: P0, P1, P2, P3, P4"),
        ('rule = "P1"', 'rule = "P0"', "urgency.confirmation", "must be given: a rule of this policy"),
        ('rule = "P1"', 'rule = "P4"', "confident", "must be given with rule P4, and with no other"),
        ('rule = "P1"', 'rule = "P1"\npathway = "gatekeeper"', "gate", GATE),
        ('rule = "P1"', 'rule = "P1"\npathway = "Secret"', "pathway", PATHWAYS),
        ('rule = "P1"', 'rule = "P1"\npathway = ["none"]', "pathway", PATHWAYS),
        ('rule = "P1"', 'rule = "P1"\nbands = "all"', "bands", "must be a list of tables"),
        ('rule = "P1"', 'rule = "P1"\nnotice = "yes"', "notice", "must be true or false"),
        ('rule = "P1"', 'rule = "P1"\nnotice = 1', "notice", "must be true or false"),
        ("audit_fraction = 0.05", "audit_fraction = 1.01", "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", "audit_fraction = -0.1", "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", "audit_fraction = nan", "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", "audit_fraction = true", "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", 'audit_fraction = "some"', "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", 'audit_fraction = "0.5"', "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", "audit_fraction = [0.5]", "audit_fraction", FRACTION),
        ("audit_fraction = 0.05", "", "audit_fraction", FRACTION),
        ('"48 h"', '"48"', "incomplete_for", DURATION),
        ('"48 h"', '"0 h"', "incomplete_for", DURATION),
        ('"48 h"', '"-1 h"', "incomplete_for", DURATION),
        ('"48 h"', '"1.5 h"', "incomplete_for", DURATION),
        ('"48 h"', '"48 weeks"', "incomplete_for", DURATION),
        ('"72 h"', "72", "first_read_within", DURATION),
        ('"96 h"', "[]", "deliver_for", DURATION),
        ('accept_within = "30 min"', "", "clocks.urgent.accept_within", DURATION),
        ('"60 min"', '"60min"', "clocks.urgent.answer_within", DURATION),
        ("[clocks.urgent]", "[clocks.stat]", "clocks", CLOCKS),
        ("[clocks.urgent]", "[clocks.soon]", "clocks.soon", "there is no such key"),
        ('missed = "urgent"', 'missed = "soon"', "urgency.missed", URGENCY),
        ('missed = "urgent"', "", "urgency.missed", URGENCY),
        ('audit = "urgent"', 'audit = "routine"', "urgency", "the same urgency"),
        ('missed = "urgent"', 'missed = "routine"', "urgency", "the same urgency"),
        ('missed = "urgent"', 'mised = "urgent"', "urgency.mised", f"the keys here are: {REASON_KEYS}"),
        ("[urgency]", "[urgencies]", "urgency", f"must be a table with: {REASON_KEYS}"),
        ('code = "394591006"', 'code = "394807007"', "specialties", SPECIALTIES),
        ('code = "394591006"', "code = 394591006", "specialties.3.code", "must be a code of that system"),
        ('code = "394591006"', "", "specialties.3.code", "must be a code of that system"),
        ('display = "Neurology"', 'display = ""', "specialties.3.display", "must be the name of that code"),
        (NEUROLOGY, '[[specialties]]\nsystem = "sct"\n', "specialties.3.system", "must be the URI of"),
        ('question = "', 'title = "x"\nquestion = "', "title", "the keys here are: question,"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_what_is_allowed(old, new, key, sentence):
    assert SHIPPED.count(old) >= 1
    issues = {issue.path: issue.text for issue in refusal(SHIPPED.replace(old, new, 1))}
    assert issues[key].startswith(f"policy file bacterial-meningitis.toml, key {key}: ")
    assert sentence in issues[key]


FILMS = (FOLDER / "child-pneumonia.toml").read_text(encoding="utf-8")
PRIORS = next(each for each in FILMS.split("\n") if each.startswith("# priors = "))


@pytest.mark.parametrize(
    ("old", "new", "key", "sentence"),
    [
        ("within_days = 730", "within_days = 0", "within_days", "a number of days from 1 to 36500"),
        ("within_days = 730", 'within_days = "730"', "within_days", "a number of days from 1 to 36500"),
        ("at_most = 3", "at_most = 21", "at_most", "a number of studies from 1 to 20"),
        ("at_most = 3, ", "", "at_most", "a number of studies from 1 to 20"),
        ('"CR"', '"films"', "modalities.0", "must be a modality of DICOM"),
        ('"2 min"', '"2"', "wait", DURATION),
        ("at_most", "most", "most", "the keys here are: within_days, at_most, modalities, wait"),
    ],
)
def test_a_wrong_key_of_priors_is_named(old, new, key, sentence):
    content = FILMS.replace(PRIORS, PRIORS.removeprefix("# ").replace(old, new))
    issues = {issue.path: issue.text for issue in refusal(content, "child-pneumonia.toml")}
    assert sentence in issues[f"images.priors.{key}"]


def test_priors_are_fetched_where_the_policy_says_so():
    assert read_policy(FILMS, "a.toml").images.priors is None
    content = FILMS.replace(PRIORS, PRIORS.removeprefix("# "))
    assert read_policy(content, "a.toml").images.priors == PriorRules(730, 3, ("CR", "DX"), hours(1 / 30))


BANDS = """
[[bands]]
name = "pressing"
priority = ["stat", "asap"]
pathway = "none"

[[bands]]
name = "middle"
probability = [0.3, 0.7]
rule = "P4"

[confident]
absent_at_most = 0.05
present_at_least = 0.95
"""
CONFIRMED = SHIPPED.replace('audit = "urgent"', 'confirmation = "urgent"\naudit = "urgent"')


def test_bands_pathways_and_confidence():
    policy = read_policy(CONFIRMED + BANDS, "a.toml")
    assert policy.bands == (
        RiskBand("pressing", ("stat", "asap"), pathway=Pathway.NONE),
        RiskBand("middle", probability=(0.3, 0.7), rule="P4"),
    )
    assert policy.confident == Band(0.05, 0.95)
    content = SHIPPED.replace('rule = "P1"', 'rule = "P2"\npathway = "none"')
    assert (read_policy(content, "a.toml").rule, read_policy(content, "a.toml").pathway) == ("P2", "none")


FIRST = '[[bands]]\nname = "middle"\nprobability = [0.3, 0.7]\nrule = "P4"\n'


@pytest.mark.parametrize(
    ("old", "new", "key", "sentence"),
    [
        ('name = "pressing"', 'name = "Pressing"', "bands.0.name", "must be small letters and digits"),
        ('name = "pressing"', 'name = "middle"', "bands", "no name twice"),
        ('"asap"', '"soon"', "bands.0.priority.1", "each one of: routine, urgent, asap, stat"),
        ('["stat", "asap"]', "[]", "bands.0.priority", "each one of: routine, urgent, asap, stat"),
        ('priority = ["stat", "asap"]\n', "", "bands.0", "must say either priority or probability"),
        ('pathway = "none"\n', "", "bands.0", "must say what is other in the band"),
        ('pathway = "none"', 'pathway = "gatekeeper"', "gate", GATE),
        ('pathway = "none"', 'pathway = "door"', "bands.0.pathway", PATHWAYS),
        ("[0.3, 0.7]", "[0.7, 0.3]", "bands.1.probability", "the smaller first"),
        ("[0.3, 0.7]", "[0.7]", "bands.1.probability", "two numbers from 0 to 1"),
        ("[0.3, 0.7]", "[0.7, 1.3]", "bands.1.probability.1", "a number from 0 to 1"),
        ('rule = "P4"', 'rule = "P9"', "bands.1.rule", "must be one of: P0, P1"),
        ('rule = "P4"', 'rule = "P4"\npathway = "none"', "bands.1.pathway", "cannot be told by probability"),
        ('rule = "P4"', 'rule = "P1"', "confident", "must be given with rule P4, and with no other"),
        ("present_at_least = 0.95", "present_at_least = 0.05", "confident.present_at_least", "more than"),
        ("absent_at_most = 0.05", "", "confident.absent_at_most", "a number from 0 to 1"),
        ("[confident]", "[sure]", "sure", "there is no such key"),
    ],
)
def test_a_wrong_key_of_bands_is_named(old, new, key, sentence):
    assert BANDS.count(old) == 1
    issues = {issue.path: issue.text for issue in refusal(CONFIRMED + BANDS.replace(old, new))}
    assert sentence in issues[key]


GATEKEEPER = """
[gate]
rule_out_below = 0.02
window = "90 d"
at_most = 0.5
reread = 0.05
omitted_at_most = 0.01
"""
GATEKEPT = SHIPPED.replace('rule = "P1"', 'rule = "P1"\npathway = "gatekeeper"', 1) + GATEKEEPER


def test_a_policy_may_have_its_own_thresholds():
    content = f"{SHIPPED}\n[thresholds]\nabsent_at_most = 0.03\npresent_at_least = 0.8\n"
    assert read_policy(content, "a.toml").thresholds == Thresholds(Band(0.03, 0.8))
    [issue] = refusal(content.replace("0.8", "0.03"))
    assert issue.path == "thresholds.present_at_least"


DEVICES = """
[[thresholds.devices]]
maker = "ACME Imaging"
software = "3.2"
absent_at_most = 0.1
present_at_least = 0.9
"""


def test_a_kind_of_device_may_have_its_own():
    policy = read_policy(SHIPPED + DEVICES, "a.toml")
    kind = Device("ACME Imaging", software="3.2")
    assert policy.thresholds == Thresholds(None, ((kind, Band(0.1, 0.9)),))


@pytest.mark.parametrize(
    ("old", "new", "key", "sentence"),
    [
        ('maker = "ACME Imaging"\n', "", "thresholds.devices.0.maker", "must be the Manufacturer"),
        ('software = "3.2"', "software = 3", "thresholds.devices.0.software", "must be a text"),
        ("= 0.9", "= 0.1", "thresholds.devices.0.present_at_least", "more than absent_at_most"),
        ("[[thresholds.devices]]", "[thresholds]\nabsent_at_most = 0.1\n[[thresholds.devices]]",
         "thresholds", "must be a table: absent_at_most and present_at_least"),
        (DEVICES.strip(), "[thresholds]", "thresholds", "must be a table"),
        (DEVICES, DEVICES + DEVICES.replace('software = "3.2"', 'model = "DX"\nsoftware = "3.2"'),
         "thresholds.devices", "must name a kind of device before those that it is one of"),
    ],
)  # fmt: skip
def test_wrong_thresholds_of_devices_are_named(old, new, key, sentence):
    assert old in DEVICES
    issues = {issue.path: issue.text for issue in refusal(SHIPPED + DEVICES.replace(old, new))}
    assert sentence in issues[key]


def test_a_gatekeeper_has_its_own_table():
    policy = read_policy(GATEKEPT, "a.toml")
    assert policy.pathway is Pathway.GATEKEEPER
    assert policy.gate == GateRule(0.02, hours(24 * 90), 0.5, 0.05, 0.01)
    banded = SHIPPED + BANDS.partition("[confident]")[0].replace("P4", "P2").replace("none", "gatekeeper")
    assert read_policy(banded + GATEKEEPER, "a.toml").bands[0].pathway is Pathway.GATEKEEPER


@pytest.mark.parametrize(
    ("old", "new", "key", "sentence"),
    [
        ("rule_out_below = 0.02", "rule_out_below = 0", "gate.rule_out_below", "above 0 and below 1"),
        ("rule_out_below = 0.02", "rule_out_below = 1", "gate.rule_out_below", "above 0 and below 1"),
        ("rule_out_below = 0.02", "", "gate.rule_out_below", "above 0 and below 1"),
        ("rule_out_below = 0.02", "rule_out_below = nan", "gate.rule_out_below", "above 0 and below 1"),
        ('window = "90 d"', 'window = "90"', "gate.window", DURATION),
        ("at_most = 0.5", "at_most = 1", "gate.at_most", "above 0 and below 1"),
        ("reread = 0.05", "reread = 0", "gate.reread", "nobody would learn what is missed"),
        ("reread = 0.05", "reread = 1.1", "gate.reread", "nobody would learn what is missed"),
        ("omitted_at_most = 0.01", "omitted_at_most = 0", "gate.omitted_at_most", "above 0 and below 1"),
        ("reread", "again", "gate.again", "the keys here are: rule_out_below, window, at_most, reread"),
    ],
)
def test_a_wrong_key_of_a_gatekeeper_is_named(old, new, key, sentence):
    changed = GATEKEPT.replace(GATEKEEPER, GATEKEEPER.replace(old, new, 1))
    assert changed != GATEKEPT
    issues = {issue.path: issue.text for issue in refusal(changed)}
    assert sentence in issues[key]


def test_a_gate_without_a_gatekeeper_is_refused():
    [issue] = refusal(SHIPPED + GATEKEEPER)
    assert (issue.path, GATE in issue.text) == ("gate", True)


def test_who_shows_readers_the_model_audits_what_they_agree_on():
    shown = SHIPPED.replace('rule = "P1"', 'rule = "P1"\npathway = "concurrent"', 1)
    assert read_policy(shown, "a.toml").pathway is Pathway.CONCURRENT
    [issue] = refusal(shown.replace("audit_fraction = 0.05", "audit_fraction = 0"))
    assert (issue.path, "only an audit" in issue.text) == ("audit_fraction", True)


def test_a_band_by_probability_does_not_come_before_one_by_priority():
    [issue] = refusal(CONFIRMED + FIRST + BANDS.replace('"middle"', '"other"'))
    assert "must list bands by priority before those by probability" in issue.text


def test_a_band_with_a_rule_that_confirms_needs_its_urgency():
    [issue] = refusal(SHIPPED + BANDS)
    assert issue.path == "urgency.confirmation"


@pytest.mark.parametrize(("number", "fraction"), [("0", 0), ("1", 1), ("1.0", 1), ("0.5", 0.5)])
def test_fractions_that_are_allowed(number, fraction):
    policy = read_policy(SHIPPED.replace("audit_fraction = 0.05", f"audit_fraction = {number}"), "a.toml")
    assert (policy.audit_fraction, type(policy.audit_fraction)) == (fraction, float)


@pytest.mark.parametrize("specialties", ["specialties = []", 'specialties = "all"', ""])
def test_a_policy_without_specialties(specialties):
    start, rest = SHIPPED.split("[[specialties]]", 1)
    content = start + specialties + "\n[urgency]" + rest.split("[urgency]", 1)[1]
    assert tomllib.loads(content)
    [issue] = refusal(content)
    assert issue.text.endswith(f"key specialties: {SPECIALTIES}")


def test_all_wrong_keys_are_told_at_once():
    content = SHIPPED.replace('"1.1.1"', "1").replace('"48 h"', "48").replace("0.05", "2")
    assert {issue.path for issue in refusal(content)} == {"version", "incomplete_for", "audit_fraction"}


def test_text_that_is_not_toml_is_refused_with_its_place():
    [issue] = refusal('question = "a"\nversion = Secret\n', "a.toml")
    assert issue.text == "policy file a.toml is not TOML (at line 2, column 11)"


def test_refusals_quote_no_values():
    content = SHIPPED.replace('"1.1.1"', '"Secret"').replace('"48 h"', '"Secret"').replace("0.05", '"Secret"')
    assert all("Secret" not in issue.text for issue in refusal(content))


def in_folder(folder, **files):
    for stem, content in files.items():
        (folder / f"{stem}.toml").write_bytes(content)
    with pytest.raises(Fault) as refused:
        load_policies(folder)
    assert refused.value.category is Category.INCORRECT
    return str(refused.value)


def test_a_folder_without_policies(tmp_path):
    assert "must be one for each question" in in_folder(tmp_path)
    with pytest.raises(Fault, match="must be one for each question"):
        load_policies(tmp_path / "nowhere")


def test_a_file_that_is_not_called_after_its_question(tmp_path):
    words = in_folder(tmp_path, other=SHIPPED.encode())
    assert words == "policy file other.toml must be called after its question, <question>.toml"


def test_a_file_that_is_not_text(tmp_path):
    assert in_folder(tmp_path, other=b"\xff\xfe") == "policy file other.toml is not UTF-8 text"


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    assert in_folder(tmp_path).startswith("policy file folder.toml cannot be read: ")


def test_one_policy_for_each_question(tmp_path):
    for question in ("one", "two"):
        content = SHIPPED.replace('question = "bacterial-meningitis"', f'question = "{question}"')
        (tmp_path / f"{question}.toml").write_text(content, encoding="utf-8")
    policies = load_policies(tmp_path)
    assert {question: policy.question for question, policy in policies.items()} == {
        "one": "one",
        "two": "two",
    }


def test_a_file_that_does_not_say_it_has_a_second_stage():
    # S2.4; a policy that a case was compared under before there was one has none (tests/store).
    without = re.sub("(reveal|final_within) = .*", "", SHIPPED)
    policy = read_policy(without, "bacterial-meningitis.toml")
    assert (policy.reveal, policy.final_within) == (Reveal.ALWAYS, None)


@pytest.mark.parametrize("reveal", Reveal)
def test_a_policy_says_when_both_opinions_are_shown(reveal):
    said = SHIPPED.replace('"always"', f'"{reveal}"').replace('final_within = "30', 'final_within = "20')
    policy = read_policy(said, "bacterial-meningitis.toml")
    assert (policy.reveal, policy.final_within) == (reveal, hours(1 / 3))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("reveal", "sometimes", "must be one of: always, never"),
        ("final_within", "soon", DURATION),
    ],
)
def test_a_second_stage_that_cannot_be_is_refused_with_file_key_and_what_is_allowed(key, value, sentence):
    [issue] = refusal(re.sub(f'{key} = ".*"', f'{key} = "{value}"', SHIPPED))
    assert issue.text == f"policy file bacterial-meningitis.toml, key {key}: {sentence}"
