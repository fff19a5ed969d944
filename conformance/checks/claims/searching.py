"""Search beyond single parameters (R4 search.html): combining, paging, strictness."""

from __future__ import annotations

from conformance.checks import expect, specimens
from conformance.checks.claim import claim
from conformance.checks.exchange import Seen
from conformance.checks.parameters import escaped
from conformance.checks.run import SYSTEM, Run
from conformance.peers.codes import Resource

_PATIENT = ("Patient.search-type", "Patient?identifier")
_MAKE = ("Patient.create", *_PATIENT)
_FORM = "application/x-www-form-urlencoded"


@claim(
    "search/or-and",
    "R4 search.html#combining",
    "Values divided by commas are alternatives; a repeated parameter must be met each time.",
    needs=_MAKE,
)
def or_and(run: Run) -> None:
    one, two = (specimens.created(run, "Patient") for _ in range(2))
    first, second = _token(one), _token(two)
    either = run.wire.get("Patient", {"identifier": f"{first},{second}"})
    expect.equal(sorted([one["id"], two["id"]]), sorted(expect.ids(either)), "by either value:")
    both = run.wire.get(f"Patient?identifier={first}&identifier={second}")
    expect.equal([], expect.ids(both), "by both values:")


@claim(
    "search/token-forms",
    "R4 search.html#token",
    "A token is found by code alone and by system|code, and not by another system or by |code.",
    needs=_MAKE,
)
def token_forms(run: Run) -> None:
    here = specimens.created(run, "Patient")
    value = here["identifier"][0]["value"]
    for text, found in (
        (value, True),
        (_token(here), True),
        (f"{SYSTEM}/other|{value}", False),
        (f"|{value}", False),
        (value[:-1], False),
    ):
        ids = expect.ids(run.wire.get("Patient", {"identifier": text, "_id": here["id"]}))
        expect.equal([here["id"]] if found else [], ids, f"by {text}:")


@claim(
    "search/no-system",
    "R4 search.html#token",
    "|code finds an identifier that has no system.",
    needs=_MAKE,
)
def no_system(run: Run) -> None:
    sent = specimens.new(run, "Patient")
    value = run.fresh()
    id_ = specimens.post(run, sent | {"identifier": [{"value": value}]}).reference.partition("/")[2]
    expect.equal([id_], expect.ids(run.wire.get("Patient", {"identifier": f"|{value}"})), "ids found:")


@claim(
    "search/escaping",
    "R4 search.html#escaping",
    r"A comma, a bar, a dollar or a backslash in a value is searched for as \, \| \$ and \\.",
    needs=_MAKE,
)
def escaping(run: Run) -> None:
    for sign in (",", "|", "$", "\\"):
        value = f"{run.fresh()}{sign}x"
        named = {"system": f"{SYSTEM}/id", "value": value}
        sent = specimens.new(run, "Patient") | {"identifier": [named]}
        id_ = specimens.post(run, sent).reference.partition("/")[2]
        seen = run.wire.get("Patient", {"identifier": f"{SYSTEM}/id|{escaped(value)}"})
        expect.equal([id_], expect.ids(seen), f"ids found by a value with {sign}:")


@claim(
    "search/reference-forms",
    "R4 search.html#reference",
    "A reference is found by Type/id, by id alone and by the full address of the resource.",
    needs=("Observation.create", "Patient.create", "Observation?subject"),
)
def reference_forms(run: Run) -> None:
    here = specimens.specimen(run, "Observation")
    target = here["subject"]["reference"]
    for form in (target, target.partition("/")[2], f"{run.wire.known_as}/{target}"):
        seen = run.wire.get("Observation", {"subject": form, "_id": here["id"]})
        expect.equal([here["id"]], expect.ids(seen), f"ids found by {form}:")


@claim(
    "search/post",
    "R4 http.html#search",
    "POST [type]/_search with a form finds what GET finds, parameters of the address included.",
    needs=_PATIENT,
)
def by_post(run: Run) -> None:
    here = specimens.specimen(run, "Patient")
    form = f"_id={here['id']}".encode()
    expect.equal([here["id"]], expect.ids(run.wire.post("Patient/_search", form, Content_Type=_FORM)), "ids:")
    both = run.wire.post(f"Patient/_search?_id={run.fresh()}", form, Content_Type=_FORM)
    expect.equal([], expect.ids(both), "ids by two that contradict each other:")


@claim(
    "search/all-types",
    "R4 http.html#search, search.html#all",
    "GET [base] and POST [base]/_search find what each _type finds, page by page.",
    needs=("search-system", *_MAKE, "Organization.create"),
)
def of_all_types(run: Run) -> None:
    made = [specimens.created(run, type_) for type_ in ("Patient", "Organization")]
    wanted = sorted(str(each["id"]) for each in made)
    by = {"_type": "Patient,Organization", "_id": ",".join(wanted), "_count": "1"}
    found, seen = list[str](), run.wire.get("", by)
    while True:
        found += expect.ids(seen)
        onward = [str(each["url"]) for each in seen.body.get("link", []) if each["relation"] == "next"]
        if not onward:
            break
        seen = run.wire.get(run.wire.below(onward[0]))
    expect.equal(wanted, sorted(found), "ids found, one on a page:")
    form = f"_type=Organization&_id={','.join(wanted)}".encode()
    only = expect.ids(run.wire.post("_search", form, Content_Type=_FORM))
    expect.equal([str(made[1]["id"])], only, "ids of one type by a form:")
    expect.refused(run.wire.get("", by | {"gender": "other"}, Prefer="handling=strict"), 400)


@claim(
    "search/compartment",
    "R4 http.html#vsearch",
    "GET [base]/Patient/[id]/* finds the patient and what is about them, of all types.",
    needs=(*_MAKE, "Observation.create", "search-system"),
)
def of_a_compartment(run: Run) -> None:
    here = specimens.specimen(run, "Observation")
    who = here["subject"]["reference"]
    asked = {"_id": f"{here['id']},{who.partition('/')[2]}"}
    found = sorted(expect.ids(run.wire.get(f"{who}/*", asked)))
    expect.equal(sorted([str(here["id"]), who.partition("/")[2]]), found, "ids found:")
    expect.equal([], expect.ids(run.wire.get(f"Patient/{run.fresh()}/*", asked)), "ids of nobody:")


@claim(
    "search/self-link",
    "R4 search.html, Server Conformance",
    "The self link holds the parameters that were used.",
    needs=_PATIENT,
)
def self_link(run: Run) -> None:
    seen = run.wire.get("Patient", {"_id": specimens.specimen(run, "Patient")["id"]})
    expect.that("_id=" in _link(seen, "self"), "a self link with _id=", "another, or none")


@claim(
    "search/nothing-found",
    "R4 search.html, json.html",
    "A search that finds nothing is no error: 200, a searchset without entries.",
    needs=_PATIENT,
)
def nothing_found(run: Run) -> None:
    seen = run.wire.get("Patient", {"identifier": f"{SYSTEM}/id|{run.fresh()}"})
    expect.equal([], expect.ids(seen), "ids found:")
    expect.that(seen.body.get("total", 0) == 0, "total 0", "another")


@claim(
    "search/paging",
    "R4 http.html#paging, search.html#count",
    "With _count=1 each page holds at most one match, and next links lead to every match once.",
    needs=_MAKE,
)
def paging(run: Run) -> None:
    three = [specimens.created(run, "Patient") for _ in range(3)]
    wanted = ",".join(map(_token, three))
    found: list[str] = []
    page = run.wire.get("Patient", {"identifier": wanted, "_count": "1"})
    for _ in three:
        ids = expect.ids(page)
        expect.that(len(ids) <= 1, "at most one match on a page", f"{len(ids)}")
        found += ids
        onward = _link(page, "next")
        if not onward:
            break
        page = run.wire.get(run.wire.below(onward))
    expect.equal(sorted(each["id"] for each in three), sorted(found), "ids on all pages:")
    expect.equal("", _link(page, "next"), "next link of the last page")


@claim(
    "search/strict",
    "R4 search.html#errors (SHOULD)",
    "An unknown parameter with Prefer: handling=strict is refused with 400.",
    needs=_PATIENT,
)
def strict(run: Run) -> None:
    expect.refused(run.wire.get("Patient", {"nickname": "x"}, Prefer="handling=strict"), 400)


@claim(
    "search/lenient",
    "R4 search.html#errors (SHOULD)",
    "An unknown parameter with Prefer: handling=lenient is ignored, and the self link does not hold it.",
    needs=_PATIENT,
)
def lenient(run: Run) -> None:
    seen = _with_unknown(run)
    expect.that("nickname" not in _link(seen, "self"), "a self link without the parameter", "one with it")


@claim(
    "search/lenient-warns",
    "R4 search.html#errors, docs/fhir-door.md",
    "A search that ignored a parameter says so: an OperationOutcome among the entries, search.mode outcome.",
    ours=True,
    needs=_PATIENT,
)
def lenient_warns(run: Run) -> None:
    entries = expect.bundle(_with_unknown(run), "searchset")
    told = [each["resource"] for each in entries if each["search"]["mode"] == "outcome"]
    expect.equal(["OperationOutcome"], [each["resourceType"] for each in told], "outcomes")
    expect.equal("not-supported", told[0]["issue"][0]["code"], "issue code")


@claim(
    "search/unknown-modifier",
    "R4 search.html#modifiers",
    "A modifier that is not supported is refused, whatever Prefer says: ignored, it would be another search.",
    needs=_PATIENT,
)
def unknown_modifier(run: Run) -> None:
    for handling in ("strict", "lenient"):
        asked = {"identifier:of-no-kind": f"x|{run.fresh()}"}
        expect.refused(run.wire.get("Patient", asked, Prefer=f"handling={handling}"), 400)


@claim(
    "search/never-widened",
    "docs/fhir-door.md, Limits and refusals worth knowing",
    "What narrows a search in R4 and is not offered (_filter, _text, _list) is refused, not ignored.",
    ours=True,
    needs=("Observation.search-type",),
)
def never_widened(run: Run) -> None:
    for name in ("_filter", "_text", "_content", "_list", "_query", "code:in", "code:above"):
        expect.refused(run.wire.get("Observation", {name: "x"}), 400, code="not-supported")


def _with_unknown(run: Run) -> Seen:
    here = specimens.specimen(run, "Patient")
    asked = {"_id": here["id"], "nickname": "x"}
    seen = run.wire.get("Patient", asked, Prefer="handling=lenient")
    expect.equal([here["id"]], expect.ids(seen), "ids found:")
    return seen


def _token(resource: Resource) -> str:
    named = resource["identifier"][0]
    return f"{named['system']}|{named['value']}"


def _link(seen: Seen, relation: str) -> str:
    links = seen.body.get("link", [])
    return next((str(each["url"]) for each in links if each["relation"] == relation), "")
