from __future__ import annotations

from dataclasses import replace

import pytest

from server.fhir.pens.bundle import Answered, Opinion, opinion_bundle, referral_bundle, status_bundle
from server.fhir.pens.correspondence import Standing
from server.fhir.pens.service_request import RequestStatus
from server.fhir.terms import Business
from server.fhir.write import dump
from server.model import Answer, OfferEnd, ResourceKey, Verdict

SR = "https://second-reader.example/fhir"
AIAST = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue|AIAST"
EVIDENCE = (ResourceKey("Observation", "o1", 2),)
WAITING = Standing("in-progress", Business.AWAITING_SPECIALIST)
CLOSED = Standing("completed", Business.CLOSED_AMENDED)
EHR_TASK = ("PUT", "Task?identifier=https://ehr.example/task%7CT-1001", None)


@pytest.fixture
def opinion(card, read, comparison):
    return Opinion(card, read, comparison, "Present, because of a low glucose.")


@pytest.fixture
def answered(specialist_read, specialist_report):
    return Answered(specialist_read, specialist_report)


@pytest.fixture
def finished(referral, offer):
    return replace(referral, offers=(replace(offer, ended=OfferEnd.READ),))


@pytest.fixture
def full(letter, opinion, now, finished, answered):
    return opinion_bundle(letter, opinion, CLOSED, now, referral=finished, answered=answered)


def requests(bundle):
    return [
        (entry["request"]["method"], entry["request"]["url"], entry["request"].get("ifNoneExist"))
        for entry in bundle["entry"]
    ]


def resources(bundle, kind):
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def walk(value):
    """Every object in a resource."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def output_codes(task):
    return [each["type"]["coding"][0]["code"] for each in task["output"]]


def test_the_entries_of_an_opinion_without_referral(letter, opinion, now, valid):
    assert requests(valid(opinion_bundle(letter, opinion, CLOSED, now))) == [
        ("POST", "Device", f"identifier={SR}/model%7Cmeningitis-trees@1.0.0"),
        ("POST", "Observation", f"identifier={SR}/opinion%7C{letter.minted('opinion')}"),
        (
            "POST",
            "DiagnosticReport",
            f"identifier={SR}/opinion-report%7C{letter.minted('opinion-report')}",
        ),
        EHR_TASK,
        ("POST", "Provenance", f"_tag={SR}/provenance%7C{letter.minted('provenance')}"),
    ]


def test_the_entries_of_an_opinion_after_a_referral(letter, full, valid):
    assert requests(valid(full))[3:7] == [
        (
            "POST",
            "DiagnosticReport",
            f"identifier={SR}/specialist-report%7C{letter.minted('specialist-report')}",
        ),
        ("PUT", f"ServiceRequest?identifier={SR}/referral%7C{letter.minted('referral')}", None),
        ("PUT", f"Task?identifier={SR}/referral-task%7C{letter.minted('referral-task/1')}", None),
        EHR_TASK,
    ]
    assert full["entry"][-1]["resource"]["resourceType"] == "Provenance"


def test_the_entries_of_a_referral(letter, referral, offer, valid):
    two = replace(
        referral,
        offers=(
            replace(offer, ended=OfferEnd.DECLINED),
            replace(offer, number=2, role="PractitionerRole/r8"),
        ),
    )
    bundle = valid(referral_bundle(letter, "bacterial-meningitis", two, EVIDENCE, WAITING))
    assert requests(bundle) == [
        ("PUT", f"ServiceRequest?identifier={SR}/referral%7C{letter.minted('referral')}", None),
        ("PUT", f"Task?identifier={SR}/referral-task%7C{letter.minted('referral-task/1')}", None),
        ("PUT", f"Task?identifier={SR}/referral-task%7C{letter.minted('referral-task/2')}", None),
        EHR_TASK,
    ]
    assert [task["status"] for task in resources(bundle, "Task")] == ["rejected", "requested", "in-progress"]
    [output] = resources(bundle, "Task")[-1]["output"]
    assert output["valueReference"]["identifier"]["value"] == letter.minted("referral-task/2")


def test_the_entries_of_a_status(letter, valid):
    held = Standing("on-hold", Business.AWAITING_INFORMATION, "A measurement is missing.")
    bundle = valid(status_bundle(letter, held))
    assert requests(bundle) == [EHR_TASK]
    [task] = resources(bundle, "Task")
    assert (task["status"], task["statusReason"]) == ("on-hold", {"text": "A measurement is missing."})


def test_a_referral_without_an_offer_is_not_written_up(letter, referral):
    with pytest.raises(ValueError, match="when it is offered"):
        referral_bundle(letter, "q", replace(referral, offers=()), EVIDENCE, WAITING)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.CONCORDANT, "agree"),
        (Verdict.DISCORDANT, "major-discordance"),
        (Verdict.NOT_COMPARABLE, "not-comparable"),
        (Verdict.DECLINED, "abstained"),
    ],
)
def test_agreement(letter, opinion, now, verdict, code):
    told = replace(opinion, comparison=replace(opinion.comparison, verdict=verdict))
    [task] = resources(opinion_bundle(letter, told, CLOSED, now), "Task")
    assert output_codes(task) == ["agreement", "ai-opinion"]
    [coding] = task["output"][0]["valueCodeableConcept"]["coding"]
    assert coding == {"system": f"{SR}/CodeSystem/agreement", "code": code}


def test_the_outputs_after_a_referral_name_what_is_delivered(letter, full):
    task = resources(full, "Task")[-1]
    assert output_codes(task) == ["agreement", "ai-opinion", "referral", "specialist-report"]
    named = {
        (each["valueReference"]["type"], each["valueReference"]["identifier"]["value"])
        for each in task["output"][1:]
    }
    delivered = {
        (e["resource"]["resourceType"], i["value"])
        for e in full["entry"]
        for i in e["resource"].get("identifier", [])
    }
    assert named <= delivered


def test_writing_up_twice_gives_the_same_bytes(letter, opinion, now, referral, answered):
    first, second = (
        dump(opinion_bundle(letter, opinion, CLOSED, now, referral=referral, answered=answered))
        for _ in range(2)
    )
    assert first == second


def test_a_later_write_up_makes_the_same_things(letter, opinion, now):
    later = now.replace(hour=23)
    assert requests(opinion_bundle(letter, opinion, CLOSED, now)) == requests(
        opinion_bundle(letter, opinion, CLOSED, later)
    )


def test_probabilities_keep_their_digits(letter, opinion, now):
    told = replace(opinion, read=replace(opinion.read, probability=0.9))
    assert b'"valueDecimal":0.9000}' in dump(opinion_bundle(letter, told, CLOSED, now))


def test_every_reference_inside_the_transaction_leads_to_an_entry(full):
    urls = [entry["fullUrl"] for entry in full["entry"]]
    assert len(set(urls)) == len(urls)
    inside = [part["reference"] for part in walk(full) if "reference" in part]
    assert inside
    assert set(inside) <= set(urls)


@pytest.mark.parametrize("answer", [Answer.PRESENT, Answer.ABSENT, None])
def test_what_the_ai_wrote_is_labelled_and_never_final(letter, opinion, now, answer):
    told = replace(opinion, read=replace(opinion.read, answer=answer, reasons=("out of range",)))
    bundle = opinion_bundle(letter, told, CLOSED, now)
    [observation], [report] = resources(bundle, "Observation"), resources(bundle, "DiagnosticReport")
    assert (observation["status"], report["status"]) == ("preliminary", "partial")
    for written in (observation, report):
        labels = [f"{label['system']}|{label['code']}" for label in written["meta"]["security"]]
        assert AIAST in labels
    assert report["conclusion"].startswith("AI second read")


def test_only_the_specialist_says_final(full):
    final = [part for part in walk(full) if part.get("status") == "final"]
    assert [part["identifier"][0]["system"] for part in final] == [f"{SR}/specialist-report"]


def test_the_copy_of_the_specialists_report_carries_no_ai_label(full):
    [copy] = [r for r in resources(full, "DiagnosticReport") if r["status"] == "final"]
    assert "AIAST" not in dump(copy).decode()


def test_no_device_performs_or_signs(full):
    """R4 DiagnosticReport.performer and Observation.performer may not be a Device."""
    devices = {e["fullUrl"] for e in full["entry"] if e["resource"]["resourceType"] == "Device"}
    for kind in ("Observation", "DiagnosticReport"):
        for written in resources(full, kind):
            for signer in written.get("performer", []) + written.get("resultsInterpreter", []):
                assert signer.get("type") != "Device"
                assert signer.get("reference") not in devices


def test_nothing_that_the_specialist_reads_tells_an_opinion(letter, card, read, referral):
    """The EHR's own Task goes back with what the EHR wrote; all that we wrote is blind."""
    bundle = referral_bundle(letter, card.question, referral, EVIDENCE, WAITING)
    written = [e["resource"] for e in bundle["entry"] if "ehr.example/task" not in e["request"]["url"]]
    assert [resource["resourceType"] for resource in written] == ["ServiceRequest", "Task"]
    ours = dump({"resources": written}).decode()
    told = (
        *(code.code for code in (card.finding, *card.present_codes, *card.absent_codes)),
        "52101004", "2667000", "POS", "NEG", "AIAST", "missed", "discordance",
        card.name, card.identity, read.input_digest, str(read.probability), "AIconfidence",
        "DiagnosticReport", "R-1", "dr1", letter.minted("opinion"), letter.minted("opinion-report"),
    )  # fmt: skip
    assert [word for word in told if word in ours] == []


def test_the_ehrs_task_tells_no_opinion_while_a_specialist_reads(letter, card, referral):
    bundle = referral_bundle(letter, card.question, referral, EVIDENCE, WAITING)
    task = resources(bundle, "Task")[-1]
    assert output_codes(task) == ["referral"]
    text = dump(task).decode()
    assert letter.minted("opinion-report") not in text
    assert "agreement" not in text


def test_the_leak_test_can_see_a_leak(full):
    """The same words are found in the write-up that may hold them."""
    text = dump(full).decode()
    assert all(word in text for word in ("95883001", "52101004", "AIAST", "0.9312", "R-1"))


def test_evidence_is_shown_to_the_specialist(letter, referral):
    [request] = resources(referral_bundle(letter, "q", referral, EVIDENCE, WAITING), "ServiceRequest")
    assert request["supportingInfo"][0]["identifier"]["value"] == "O-1"


def test_a_task_identifier_with_signs_of_its_own_is_escaped(letter, opinion, now):
    odd = replace(letter, task={"system": "https://ehr.example/task", "value": "T 1|2&x"})
    [update] = [url for _, url, _ in requests(opinion_bundle(odd, opinion, CLOSED, now)) if "?" in url]
    assert update == "Task?identifier=https://ehr.example/task%7CT%201%5C%7C2%26x"


def test_a_request_ends_as_an_update_of_the_same_identifier(letter, referral, opinion, valid, now):
    ended = valid(referral_bundle(letter, "q", referral, EVIDENCE, WAITING, status=RequestStatus.REVOKED))
    assert requests(ended)[0] == (
        "PUT", f"ServiceRequest?identifier={SR}/referral%7C{letter.minted('referral')}", None,
    )  # fmt: skip
    [request] = resources(
        valid(opinion_bundle(letter, opinion, CLOSED, now, referral=referral)), "ServiceRequest"
    )
    assert request["status"] == "revoked"
    assert request == resources(ended, "ServiceRequest")[0] | {"code": request["code"]}


def test_a_referral_that_was_never_offered_is_known_to_nobody(letter, referral, opinion, now):
    bundle = opinion_bundle(letter, opinion, CLOSED, now, referral=replace(referral, offers=()))
    assert resources(bundle, "ServiceRequest") == []
