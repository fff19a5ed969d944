"""The nouns of second reading: frozen values, no I/O, no wire format.

Times are timezone-aware UTC datetimes; measured values are Decimals, because FHIR
forbids losing the precision in which a laboratory reported (R4 datatypes, decimal).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one code system (R4 Coding)."""

    system: str
    code: str
    display: str = ""

    def same_as(self, other: Coding) -> bool:
        """Equality as FHIR means it: system and code; the display is for people."""
        return (self.system, self.code) == (other.system, other.code)


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """A resource in our own store; ``version`` pins what was actually seen."""

    type: str
    id: str
    version: int | None = None

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"

    @property
    def versioned(self) -> str:
        """``Type/id/_history/n`` when pinned, else ``Type/id``."""
        return str(self) if self.version is None else f"{self}/_history/{self.version}"


# -- evidence: what a reader may see -------------------------------------------------------


class Comparator(StrEnum):
    """Quantity.comparator: a bound, not a value; no built-in reader computes with it."""

    LESS = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    MORE = ">"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One numeric observation as the laboratory sent it; never converted, never rounded."""

    codes: tuple[Coding, ...]
    value: Decimal | None
    unit: str
    """UCUM code; empty when the sender gave none."""
    effective: datetime | None
    """When the specimen was taken (Observation.effective[x]); None when not said."""
    source: ResourceKey
    comparator: Comparator | None = None
    final: bool = True
    """False for registered and preliminary results (R4 observation-status)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a reader may be shown of a case. There is no place here for an opinion."""

    measurements: tuple[Measurement, ...]
    birth_date: date | None = None
    sex: str | None = None
    anchor: datetime | None = None
    """The moment the question is about; the age of specimens is counted from it."""


# -- cards and input contracts -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A closed interval of values in the feature's canonical unit."""

    low: Decimal
    high: Decimal

    def holds(self, value: Decimal) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a model: which codes carry it, in which units, within which ranges."""

    name: str
    label: str
    codes: tuple[Coding, ...]
    unit: str
    """Canonical UCUM unit the model was trained in."""
    units: Mapping[str, Decimal]
    """Accepted UCUM unit -> factor that turns a value into the canonical unit."""
    plausible: Span
    """Outside: a measuring or typing error; the sender is asked to mend it."""
    trained: Span
    """Outside: possible, but the model has not seen it; the model declines."""
    required: bool
    max_age: timedelta
    """How far from the anchor a specimen may have been taken."""


@dataclass(frozen=True, slots=True)
class InputContract:
    """What one reader needs before it may read."""

    features: tuple[Feature, ...]
    age_years: Span
    """Patient age at the anchor for which the reader is made; outside it declines."""


@dataclass(frozen=True, slots=True)
class Device:
    """What acquires images, as DICOM names it (PS3.3 C.7.5.1); what is empty is not told, or any."""

    maker: str
    """Manufacturer (0008,0070)."""
    model: str = ""
    """Manufacturer's Model Name (0008,1090)."""
    software: str = ""
    """Software Versions (0018,1020)."""

    def covers(self, other: Device) -> bool:
        """Whether the other is of this kind: alike in all that is told here, but for case and spaces."""
        pairs = (self.maker, other.maker), (self.model, other.model), (self.software, other.software)
        return all(not wanted or _plain(wanted) in _values(found) for wanted, found in pairs)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _values(text: str) -> set[str]:
    """Software Versions has one for each part (VM 1-n): the whole, and each (PS3.5 6.2)."""
    return {_plain(text), *map(_plain, text.split("\\"))}


@dataclass(frozen=True, slots=True)
class FilmContract:
    """Which films a reader of films is made for; anything else it declines."""

    modalities: tuple[str, ...]
    """Modality (0008,0060)."""
    body_parts: tuple[str, ...]
    """Body Part Examined (0018,0015); a film that states none is judged by its pixels."""
    views: tuple[str, ...]
    """View Position (0018,5101)."""
    pixels: Span
    """Rows and columns, each; checked before anything is decoded."""
    aspect: Span
    """Width by height, as the film is shown."""
    devices: tuple[Device, ...] = ()
    """Whose films, and of which software; empty: any."""


@dataclass(frozen=True, slots=True)
class Band:
    """Decision thresholds on the calibrated probability; between them the model declines."""

    absent_at_most: float
    present_at_least: float

    def says(self, chance: float) -> Answer | None:
        """Present, absent, or None between the two thresholds."""
        if chance >= self.present_at_least:
            return Answer.PRESENT
        return Answer.ABSENT if chance <= self.absent_at_most else None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a model's probability is an answer, in general and of some devices."""

    band: Band | None
    """None: as the card says."""
    devices: tuple[tuple[Device, Band], ...] = ()
    """The first that covers the device counts."""

    def of(self, device: Device | None) -> Band | None:
        if device is None:
            return self.band
        return next((band for kind, band in self.devices if kind.covers(device)), self.band)


@dataclass(frozen=True, slots=True)
class Subgroup:
    """How a model did in some of the people that it was tested on."""

    name: str
    """Who they are, in plain words."""
    people: int
    sensitivity: str
    """With its interval, as in ``Card.performance``."""
    specificity: str
    age_years: Span | None = None
    sex: str | None = None
    """R4 administrative-gender; None: any."""


@dataclass(frozen=True, slots=True)
class SharedErrors:
    """How far the errors of two models go together: phi of being wrong on the same cases (S5.4)."""

    other: str
    """``name@version`` of the other model."""
    phi: float
    cases: int


@dataclass(frozen=True, slots=True)
class Card:
    """A reader's data sheet: identity, digest, contract, thresholds, words for people."""

    question: str
    name: str
    version: str
    title: str
    manufacturer: str
    model_file: str
    model_digest: str
    """SHA-256 of the model file, lower-case hex; anything else refuses to load."""
    intended_use: str
    limits: tuple[str, ...]
    contract: InputContract
    band: Band
    finding: Coding
    """What is said to be present or absent."""
    report_code: Coding
    """DiagnosticReport.code of the opinion we write."""
    present_codes: tuple[Coding, ...]
    """conclusionCodes by which a human says 'present'."""
    absent_codes: tuple[Coding, ...]
    """conclusionCodes by which a human says 'absent'."""
    calibration: Mapping[str, float]
    performance: Mapping[str, str]
    film: FilmContract | None = None
    """A reader of films has one, and no features; a reader of tables has features and none."""
    subgroups: tuple[Subgroup, ...] = ()
    """Empty: no figures for some people alone are known."""
    family: str = ""
    """What kind of model it is, in plain words; empty: not told."""
    trained_on: str = ""
    """Where the training data are from; empty: not told."""
    shared_errors: SharedErrors | None = None
    """None: not measured."""
    settles: tuple[str, ...] = ()
    """What would decide the question, where two readers differ; empty: not told."""

    @property
    def identity(self) -> str:
        return f"{self.name}@{self.version}"


# -- reads ---------------------------------------------------------------------------------


class Answer(StrEnum):
    """What a reader says of a yes/no question."""

    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class FirstRead:
    """The primary clinician's opinion, locked when signed."""

    report: ResourceKey
    digest: str
    """SHA-256 of the report version as stored; shows later that nothing was swapped."""
    signed_at: datetime
    codes: tuple[Coding, ...]
    readers: tuple[str, ...]
    """Practitioner and PractitionerRole references of who signed."""
    organisations: tuple[str, ...]
    known_as: tuple[str, ...] = ()
    """Every name of who signed: references, and identifiers as ``system|value``."""
    homes: tuple[str, ...] = ()
    """Every name of the organisations, and of what they are part of."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much one input moved the score, in log-odds (Lundberg 2020, TreeSHAP)."""

    feature: str
    label: str
    value: str
    unit: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class FilmLook:
    """What a reader of films saw of the one film that it read."""

    instance: str
    """SOP Instance UID."""
    rows: int
    columns: int
    cells: tuple[tuple[float, ...], ...]
    """Class activation: log-odds of each cell of the model's last map; their mean is the score."""
    lossy: bool
    """The film had been compressed with loss at some time (0028,2110)."""


class Silence(StrEnum):
    """Why a model has said nothing at all."""

    LATE = "no answer in time"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class AiRead:
    """A model's answer, or its decline, with all that is needed to stand by it later."""

    question: str
    card: str
    model_digest: str
    input_digest: str
    """SHA-256 over the canonical inputs; the same inputs give the same read."""
    made_at: datetime
    answer: Answer | None
    """None: the model declines; ``reasons`` says why."""
    probability: float | None
    band: Band
    contributions: tuple[Contribution, ...] = ()
    baseline_log_odds: float | None = None
    reasons: tuple[str, ...] = ()
    sources: tuple[ResourceKey, ...] = ()
    """The observations that were used, or the study, version by version."""
    film: FilmLook | None = None
    """Of a reader of films that read one."""
    silence: Silence | None = None
    """Why there is no answer, where the model itself has not declined."""

    @property
    def declined(self) -> bool:
        return self.answer is None


# -- completeness --------------------------------------------------------------------------


class Problem(StrEnum):
    """Why an item of the input contract is not met."""

    MISSING = "missing"
    WRONG_UNIT = "wrong-unit"
    IMPLAUSIBLE = "implausible"
    TOO_OLD = "too-old"
    NOT_A_NUMBER = "not-a-number"
    CONTRADICTORY = "contradictory"
    NOT_FINAL = "not-final"


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is wrong with a case's inputs, and how its sender mends it."""

    item: str
    problem: Problem
    found: str
    mend: str
    source: ResourceKey | None = None

    @property
    def text(self) -> str:
        return f"{self.item}: {self.found}. {self.mend}"


# -- comparison and policy -----------------------------------------------------------------


class Verdict(StrEnum):
    """How the two reads relate."""

    CONCORDANT = "concordant"
    DISCORDANT = "discordant"
    NOT_COMPARABLE = "not-comparable"
    DECLINED = "declined"
    NOT_ASKED = "not-asked"
    """No model was: two humans read."""
    RULED_OUT = "ruled-out"
    """No human has read: there is nothing that the model's answer could be compared with."""


class Discordance(StrEnum):
    """Which way a yes/no disagreement goes."""

    MISSED = "missed"
    OVER_CALLED = "over-called"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on two locked reads, under one version of one policy."""

    verdict: Verdict
    reason: str
    policy: str
    first: Answer | None
    discordance: Discordance | None = None
    rule: str = "P1"
    """By which what is made of the verdict is decided; the policy's, or that of the case's risk band."""
    band: str | None = None
    """The risk band that the case was in; None: in none."""
    shown: bool = False
    """The first reader had been shown the model's answer: the two are not independent."""


class Grounds(StrEnum):
    """Why a specialist is asked; a policy gives each its urgency."""

    MISSED = "missed"
    OVER_CALLED = "over-called"
    DECLINED = "declined"
    NOT_COMPARABLE = "not-comparable"
    CONFIRMATION = "confirmation"
    """The readers agree, and the rule has a specialist read all the same."""
    AUDIT = "audit"


class Pathway(StrEnum):
    """When a model is asked about a case, and who learns of it when (second-reading S8, DESIGN 3)."""

    SECOND_READER = "second-reader"
    """Sealed until the first report is locked."""
    GATEKEEPER = "gatekeeper"
    """The model reads first; what it rules out no human reads."""
    CONCURRENT = "concurrent"
    """The first reader sees what the model says while reading."""
    NONE = "none"
    """No model is asked; two humans read."""


@dataclass(frozen=True, slots=True)
class RiskBand:
    """Cases that a policy treats otherwise, told apart by priority or by the model's probability."""

    name: str
    priorities: tuple[str, ...] = ()
    """Of the requester's Task (R4 request-priority)."""
    probability: tuple[float, float] | None = None
    """From and to, both included. Known only when the model has read: such a band has no pathway."""
    pathway: Pathway | None = None
    rule: str | None = None


class Reveal(StrEnum):
    """When a specialist who has answered blind is shown the two others' answers, unnamed (S2.4)."""

    ALWAYS = "always"
    """After each blind answer, so that nobody can tell by it whether the two differ."""
    NEVER = "never"
    """The blind answer is the final one."""


class Urgency(StrEnum):
    """R4 request-priority, the three we use."""

    ROUTINE = "routine"
    URGENT = "urgent"
    STAT = "stat"


@dataclass(frozen=True, slots=True)
class Clock:
    """Deadlines of one urgency."""

    accept_within: timedelta
    answer_within: timedelta


class Late(StrEnum):
    """What becomes of a case whose study is known to lack images when time has run out."""

    DROP = "drop"
    """The case ends without an opinion."""
    GO = "go"
    """What has come is read."""
    WAIT = "wait"
    """The case waits on, and says what is missing."""


@dataclass(frozen=True, slots=True)
class PriorRules:
    """Which earlier studies of the patient are fetched for a case; of a policy."""

    within_days: int
    """Before the ordered study."""
    at_most: int
    modalities: tuple[str, ...]
    """Modalities in Study (0008,0061), of which a prior has one; empty: any."""
    wait: timedelta
    """How long a reading waits for them at most."""


@dataclass(frozen=True, slots=True)
class ImageRules:
    """When a study counts as complete; of a policy."""

    quiet_study: timedelta
    """Nothing new for so long: nothing more is expected."""
    quiet_series: Mapping[str, timedelta]
    """By Modality (0008,0060): longer or shorter pauses between the objects of one series."""
    complete_within: timedelta
    """From the opening of the case, until the images that are known to be missing must have come."""
    when_late: Late
    priors: PriorRules | None = None
    """None: none are fetched."""


class Spoken(StrEnum):
    """Whose knowledge of the patient's language a policy demands."""

    ANY = "any"
    """Nobody's."""
    SPECIALIST = "specialist"
    INTERPRETER = "interpreter"
    """The specialist's own, or that of the service they work in (HealthcareService.communication)."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What a score is made of; together 1."""

    specialty: float = 0.5
    volume: float = 0.0
    speed: float = 0.3
    quality: float = 0.0
    load: float = 0.2


@dataclass(frozen=True, slots=True)
class Matching:
    """What a policy demands of a specialist, and what it weighs (second-reading S4.1, S4.2)."""

    credentials: tuple[Coding, ...] = ()
    """One of these qualifications is demanded; empty: none."""
    licence: bool = False
    """A licence is demanded that holds where the patient lives."""
    language: Spoken = Spoken.ANY
    reporting_line: bool = False
    """The directory must say to whom the first reader and the specialist report."""
    most_open: int | None = None
    """Who has so many open offers is not asked; None: no cap."""
    measured: bool = False
    """How long a specialist needs is taken from this server's own ledger, once it knows."""
    confidence: float = 0.0
    """Below it a coordinator looks before anybody is asked."""
    weights: Weights = Weights()


@dataclass(frozen=True, slots=True)
class StopRule:
    """When two humans are to read every case of a question again, without anybody asking for it (S2.9)."""

    window: timedelta
    """How far back resolved cases are counted."""
    at_least: int
    """Cases; fewer say nothing about a share."""
    discordance: tuple[float, float] | None = None
    """The share of compared cases in which the two differ, from and to."""
    positive: tuple[float, float] | None = None
    """The share of cases that end as present, from and to."""
    declined_at_most: float | None = None
    missed_at_most: int | None = None
    """Cases in which a specialist saw what the model did not."""


class DriftAct(StrEnum):
    """What an alarm of drift comes to."""

    TELL = "tell"
    STOP = "stop"
    """The switch is thrown: for the device whose alarm it is, else for the question."""


@dataclass(frozen=True, slots=True)
class DriftRule:
    """When what the model says has moved from what it said at first (second-reading 5, row Drift)."""

    act: DriftAct
    baseline: int = 1000
    """So many results are what later ones are held against."""
    share: float | None = None
    """Of answers that are present, where a policy knows it; None: that of the baseline."""
    ratio: float = 3.0
    """Of the odds of present, up and down, that is to be found."""
    limit: float = 10.0
    """Of the cumulated sum of log-likelihood ratios."""
    shift: float = 0.5
    """Of the mean score, in standard deviations, that is to be found."""
    score_limit: float = 18.0
    """Of the cumulated sum of standardised scores."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A resolved case in which the model has answered, as far as drift shows by it."""

    seq: int
    """The order in which cases were resolved."""
    at: datetime
    device: Device | None
    present: bool
    score: float | None
    discordant: bool | None
    """The first reader says otherwise; None: they gave no answer."""


@dataclass(frozen=True, slots=True)
class GateRule:
    """When a gatekeeper may leave a case without a human (second-reading S8.2)."""

    rule_out_below: float
    """A probability below it; lower than that by which the model says absent."""
    window: timedelta
    """How far back cases are counted for all that follows."""
    at_most: float
    """Cap on the share ruled out: a model that drifts must not close the door on everybody."""
    reread: float
    """Share of those below that humans read all the same, drawn like an audit."""
    omitted_at_most: float
    """What the net false-omission rate may be at the most, by its upper 95 % bound."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a gatekeeper has done so far: one question, one model version, one window."""

    cases: int = 0
    ruled_out: int = 0
    reread: int = 0
    """Cases below the threshold that humans have read to the end, for whichever reason."""
    found: int = 0
    """Of those, with a finding, the first reader's or a specialist's."""


@dataclass(frozen=True, slots=True)
class GateKey:
    """Which cases a gatekeeper judges alike: only reads of such prove anything of one another."""

    question: str
    card: str
    """``name@version`` of the model."""
    rule_out_below: float
    scope: str
    """The priorities of the requests that have it, joined by commas."""


class Passage(StrEnum):
    """Why a gatekeeper leaves a case to humans, or that it does not."""

    SILENT = "the model gives no answer"
    NOT_BELOW = "its probability is not below the threshold"
    DOUBLED = "two humans read every case"
    UNPROVEN = "it is not known well enough what would be missed"
    FULL = "the share that may be ruled out is reached"
    DRAWN = "drawn to be read by humans"
    READ = "a human has read it meanwhile"
    ASKED = "humans have been asked to read it before"
    STOPPED = "a person has stopped it before it was written up"
    RULED_OUT = "ruled out"


@dataclass(frozen=True, slots=True)
class Gated:
    """What a gatekeeper has made of one read of the model."""

    passage: Passage
    below: bool
    """Its probability was below the threshold, whatever became of the case."""
    key: GateKey
    read: int
    """Which of the case's AI reads, counted from 1."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first reader is shown what the model says before they sign."""

    read: int
    """Which of the case's AI reads, counted from 1."""
    withdrawn: bool = False
    """It must not be used any more, and whoever has it was told."""


@dataclass(frozen=True, slots=True)
class ReadAfterAll:
    """What a human's report says of a case that had been ruled out."""

    report: ResourceKey
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How a released result is chased until a clinician says that they have read it."""

    remind_after: timedelta
    remind_every: timedelta
    escalate_after: timedelta
    coordinator: str
    """To whom it is told then."""


@dataclass(frozen=True, slots=True)
class ContestRules:
    """Who decides when a released result is contested, and until when."""

    accountable: str = "medical director"
    decide_within: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AssessmentRules:
    """Within which time a patient's assessment is acknowledged, begun and answered (second-reading S5.2)."""

    acknowledge_within: timedelta = timedelta(hours=1)
    records_within: timedelta = timedelta(days=2)
    """Until when the record is found complete, or what is missing has been said."""
    answer_within: timedelta = timedelta(days=5)
    answer_within_urgent: timedelta = timedelta(days=1)
    """Of a Task with another priority than routine."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens for one question; versioned, never retroactive."""

    question: str
    version: str
    rule: str
    """Which pairs of answers go to a specialist: P0 to P4, ``server.routing.rules``."""
    audit_fraction: float
    incomplete_for: timedelta
    first_read_within: timedelta
    specialties: tuple[Coding, ...]
    """In order of preference."""
    urgency: Mapping[str, Urgency]
    """Reason for referral, of ``Grounds`` -> urgency."""
    clocks: Mapping[Urgency, Clock]
    deliver_for: timedelta
    images: ImageRules | None = None
    """Of questions that are read from images."""
    pathway: Pathway = Pathway.SECOND_READER
    confident: Band | None = None
    """From where on the model is sure enough for P4; other rules have none."""
    bands: tuple[RiskBand, ...] = ()
    """The first that a case is in counts."""
    matching: Matching = Matching()
    notice: bool = True
    """Patients are told with the result whether a model took part, which one, and how it does."""
    reading: ReadingRules | None = None
    """None: nobody is asked whether a result has been read."""
    contest: ContestRules = ContestRules()
    assessment: AssessmentRules = AssessmentRules()
    reveal: Reveal = Reveal.NEVER
    """Of a file that does not say it: always. A case that was compared before there was a second
    stage has none."""
    final_within: timedelta | None = None
    """How long a final answer is waited for; None: as long as the blind one."""
    stop: StopRule | None = None
    drift: DriftRule | None = None
    """None: nobody looks for it."""
    thresholds: Thresholds | None = None
    """None: as the model's card says."""
    gate: GateRule | None = None
    """With the pathway gatekeeper, and with no other."""

    @property
    def identity(self) -> str:
        return f"{self.question}@{self.version}"


# -- referral ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Absence:
    """A time in which a specialist takes no work (PractitionerRole.notAvailable)."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Qualification:
    """What somebody may do, and where (Practitioner.qualification)."""

    codes: tuple[Coding, ...]
    valid: Absence
    """From when until when it holds."""
    places: frozenset[str] = frozenset()
    """ISO 3166-1 and 3166-2 codes of where it is a licence; empty: it says nothing of that."""


@dataclass(frozen=True, slots=True)
class Renown:
    """What the directory says of somebody's work on one question."""

    per_year: int = 0
    """Cases a year."""
    right: int = 0
    adjudicated: int = 0
    """Reads that were held against what became known later, and how many of them were right."""


@dataclass(frozen=True, slots=True)
class Track:
    """What our own ledger has of one specialist; of the reads, those of one question."""

    open: int = 0
    """Offers of any question that have not ended."""
    answered: int = 0
    """Accepted offers that ended with a signed report."""
    waited: timedelta = timedelta(0)
    """From the offer to its end, over all that were accepted, those without an answer too."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a patient needs of a specialist."""

    languages: tuple[str, ...] = ()
    """BCP 47; empty: not known."""
    places: frozenset[str] = frozenset()
    """Where the patient lives, as ISO 3166-1 and 3166-2 codes; empty: not known."""


@dataclass(frozen=True, slots=True)
class Specialist:
    """One entry of the directory: a practitioner in one role at one organisation."""

    role: str
    practitioner: str
    organisation: str
    name: str
    active: bool
    specialties: tuple[Coding, ...]
    absences: tuple[Absence, ...] = ()
    turnaround: timedelta | None = None
    """How long this specialist usually needs, as the directory says; None when it does not."""
    known_as: frozenset[str] = frozenset()
    """Every name of this person: references, and identifiers as ``system|value``."""
    homes: frozenset[str] = frozenset()
    """Every name of the organisation, and of what it is part of."""
    organisation_active: bool = True
    since: datetime | None = None
    until: datetime | None = None
    """The time in the role (PractitionerRole.period), to before ``until``; None: open."""
    qualifications: tuple[Qualification, ...] = ()
    languages: frozenset[str] = frozenset()
    """BCP 47, the specialist's own."""
    service_languages: frozenset[str] = frozenset()
    """Of the services that the role works in: interpreters' too."""
    superiors: frozenset[str] = frozenset()
    """Every name of those to whom this person reports."""
    line_known: bool = False
    """Whether the directory says to whom they report; it may be nobody."""
    renown: Mapping[str, Renown] = field(default_factory=dict)
    """By question."""

    @property
    def away(self) -> tuple[Absence, ...]:
        """The absences, and the times before and after the role."""
        before = (Absence(None, self.since),) if self.since is not None else ()
        after = (Absence(self.until, None),) if self.until is not None else ()
        return (*self.absences, *before, *after)

    @property
    def names(self) -> frozenset[str]:
        return (self.known_as | {self.role, self.practitioner}) - {""}

    @property
    def places(self) -> frozenset[str]:
        return (self.homes | {self.organisation}) - {""}

    def is_one_of(self, named: AbstractSet[str]) -> bool:
        """Whether one of these names is this person's."""
        return self.role in named or self.practitioner in named or not self.known_as.isdisjoint(named)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One specialist weighed for one case. A score is given only when no filter failed."""

    specialist: Specialist
    failed: tuple[str, ...]
    score: float | None
    reasons: tuple[str, ...]
    confidence: float = 0.0
    """The part of the score that rests on what is known, not on what is assumed."""


class Finding(StrEnum):
    """What became of one check of independence."""

    DIFFERENT = "different"
    SHARED = "shared"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that an assessor must not have in common with whoever gave an earlier opinion."""

    what: str
    finding: Finding
    words: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """Who has given an opinion on a question about a patient in other cases."""

    signers: tuple[str, ...] = ()
    """References of people and roles, specialists' and first readers'."""
    models: tuple[str, ...] = ()
    """``name@version``."""
    cases: tuple[str, ...] = ()
    """Their ids."""
    reports: tuple[str, ...] = ()
    """``Type/id`` of what people have signed."""
    ends: Mapping[str, datetime] = field(default_factory=dict)
    """``Task/id`` -> since when it tells how its case has ended."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A system that was shown an earlier opinion, as the record of accesses has it."""

    speaks_for: frozenset[str]
    """``Type/id`` of those for whom it speaks; empty: for nobody in particular, or it is not told apart."""
    found: bool = True
    """False: it has searched the patient's record, and what a search has shown is not kept."""


@dataclass(frozen=True, slots=True)
class Independence:
    """What was checked of somebody, or of a model, that has assessed a case for its patient (S5.4)."""

    role: str
    """``PractitionerRole/id``, or ``name@version``."""
    earlier: tuple[str, ...]
    """Everybody of whom they were to be independent, as references; of a model ``name@version``."""
    checks: tuple[Check, ...]

    @property
    def shown(self) -> bool:
        """The label is refused where anything is shared or not known."""
        return all(each.finding is Finding.DIFFERENT for each in self.checks)


class OfferEnd(StrEnum):
    """How an offer to a specialist ended."""

    DECLINED = "declined"
    EXPIRED = "expired"
    UNANSWERED = "unanswered"
    CALLED_OFF = "called-off"
    CORRECTED = "first-report-corrected"
    """The first report was corrected, and this specialist is no longer needed, or no longer independent."""
    READ = "read"


@dataclass(frozen=True, slots=True)
class Offer:
    """The request put to one specialist."""

    number: int
    role: str
    offered_at: datetime
    accept_by: datetime
    task: str
    """Our referral Task, ``Task/id``."""
    accepted_at: datetime | None = None
    answer_by: datetime | None = None
    ended: OfferEnd | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """The request for a specialist; its identifiers are minted before anyone sees them."""

    reason: str
    urgency: Urgency
    service_request: str
    deadline: datetime
    candidates: tuple[Candidate, ...]
    offers: tuple[Offer, ...] = ()
    evidence: tuple[ResourceKey, ...] = ()
    """What the specialist is asked about: the inputs of the model's read."""
    priors: tuple[ResourceKey, ...] = ()
    """Earlier studies of the patient, for comparison."""

    @property
    def offer(self) -> Offer | None:
        """The latest offer, if any was made."""
        return self.offers[-1] if self.offers else None

    @property
    def open(self) -> bool:
        """Whether a specialist is being asked."""
        return self.offer is not None and self.offer.ended is None


@dataclass(frozen=True, slots=True)
class SpecialistRead:
    """The specialist's own opinion, made blind."""

    report: ResourceKey
    digest: str
    signed_at: datetime
    role: str
    answer: Answer | None
    """None when the report's codes are in neither value set of the card."""
    codes: tuple[Coding, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """By what the figures of resolved cases are told apart: what somebody has in common with many."""

    age_years: int | None = None
    """Whole years, at the moment that the question is about."""
    sex: str | None = None
    """administrative-gender."""
    device: Device | None = None
    """What acquired the images, of a question that is read from them."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a resolved case comes to where cases are counted; nothing of whose it was."""

    card: str
    verdict: Verdict
    rule: str
    first: Answer | None
    model: Answer | None
    probability: float | None
    silence: Silence | None
    priority: str
    final: Answer | None
    """The specialist's, where one has signed."""
    blind: Answer | None = None
    """The specialist's before they were shown what others say."""
    kind: Kind = Kind()


class Unanswered(StrEnum):
    """Why there is no answer of a model that was asked."""

    CONTRACT = "declined by its contract"
    LATE = "no answer in time"
    WITHDRAWN = "model withdrawn"


@dataclass(frozen=True, slots=True)
class Alike:
    """How many resolved cases came to the same, one for each person; for reports."""

    rule: str
    first: Answer | None
    model: Answer | None
    asked: bool
    """The model was."""
    final: Answer | None
    """The specialist's, where one has signed."""
    policy: str | None
    """Digest of the one under which they were opened; None: before any was kept."""
    cases: int
    blind: Answer | None = None
    """The specialist's before they were shown what others say."""
    unanswered: Unanswered | None = None
    """Why the model has no answer."""


@dataclass(frozen=True, slots=True)
class Course:
    """What has happened to a case, and when: for the time that it took."""

    policy: str | None
    """Digest of the one under which it was opened."""
    steps: tuple[tuple[str, datetime], ...]
    """Values of ``server.states.Event``, in the order in which they happened."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A person's word that an opinion, or a model version with all its opinions, must not be used."""

    by: str
    reason: str
    at: datetime


class ContestEnd(StrEnum):
    """How the contest of a released result ends."""

    UPHELD = "upheld"
    CORRECTED = "corrected"
    """The people in charge have put the record right."""
    WITHDRAWN = "withdrawn"
    """The model's opinion must not be used."""
    UNDECIDED = "undecided"
    """A person ended the case itself."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Somebody does not accept a released result."""

    task: str
    """Their Task, ``Task/id``."""
    by: str
    accountable: str
    """Who answers for it that it is decided."""
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's word on a contest."""

    end: ContestEnd
    by: str
    reason: str
    round: int = 0
    """Which contest of this result it ends, counted from 1; set where the word is laid down."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """Whoever decides a contest was told that its date has passed."""

    round: int
    again: datetime
    """When they are told next."""


class Term(StrEnum):
    """What is owed to whoever has asked for an assessment, in this order."""

    ACKNOWLEDGEMENT = "acknowledgement"
    RECORDS = "records"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Owed:
    """Until when each of it is owed, from the moment that the Task came."""

    acknowledge_by: datetime
    records_by: datetime
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class ToldLate:
    """Patient, coordinator and medical director were told that something of it is late."""

    term: Term
    again: datetime
    """When they are told next."""


@dataclass(frozen=True, slots=True)
class Chase:
    """A result is with whoever asked, and nobody has said that they have read it."""

    told: int
    """How often somebody was reminded."""
    next_at: datetime
    escalate_at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has read a result."""

    by: str
    release: int
    """Of a case whose result was told anew, withdrawn say: what had been told by then."""


class Basis(StrEnum):
    """By what it is known how a case turned out, the surest first."""

    AUTOPSY = "autopsy"
    HISTOLOGY = "histology"
    CULTURE = "culture"
    MOLECULAR_TEST = "molecular-test"
    OTHER_TEST = "other-test"
    LATER_IMAGING = "later-imaging"
    CLINICAL_COURSE = "clinical-course"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class TurnedOut:
    """What somebody outside says about a resolved case, who knows it by other means than a reading of it."""

    finding: Answer | None
    """None: it is not known, and what was told before is taken back."""
    basis: Basis
    known_at: datetime
    by: str
    task: str = ""
    """``Task/id``; empty: told by a command."""
    evidence: str = ""
    """What shows it, as the Task refers to it."""

    @property
    def said(self) -> tuple[Answer | None, Basis, datetime]:
        """By which it is the same word, whoever brings it."""
        return self.finding, self.basis, self.known_at


@dataclass(frozen=True, slots=True)
class Learnt:
    """What such words have come to, once nobody reads the case blind any more."""

    words: int
    """So many there were."""
    finding: Answer | None
    """Of the last one."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """What a resolved case came to, and how it turned out; nothing of whose it was."""

    first: Answer | None
    model: Answer | None
    end: Answer | None
    """What it ended with: the specialist's answer where there is one, else the first reader's."""
    turned_out: Answer
    basis: Basis
    after: timedelta
    """From when it was resolved until that was known."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A Task upon a result came in; laid down in the commit that took it in."""

    task: str
    """Its id."""
    release: int
    """What had been told of the result by then."""


# -- documents -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Login:
    """How we prove to another system who we are (SMART Backend Services); the secret stays in its file."""

    client_id: str
    private_key: str
    """Path of a JWK or PEM file, read anew for each token."""
    scopes: str
    token_url: str = ""
    """Empty: as the system's own .well-known/smart-configuration says."""
    key_id: str = ""
    """Empty: the ``kid`` of the JWK, or the key's thumbprint (RFC 7638)."""


@dataclass(frozen=True, slots=True)
class Trust:
    """PEM files: whose certificates we believe (empty: the usual), and which one we show (empty: none)."""

    ca: str = ""
    certificate: str = ""
    certificate_key: str = ""


@dataclass(frozen=True, slots=True)
class Polling:
    """How we look for Tasks that another system keeps for us."""

    every: timedelta
    owner: str
    """By which Task.owner is ours: ``Type/id`` over there, or ``system|value``."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A system that results go to. Only these addresses are ever dialled."""

    name: str
    base: str
    """FHIR base URL, exact."""
    identifier_systems: tuple[str, ...]
    """Task.identifier systems that belong to this system: its cases come back to it."""
    timeout: timedelta
    login: Login | None = None
    trust: Trust = Trust()
    polling: Polling | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One write-up for one wire; its bytes are stored before the first attempt to send."""

    id: str
    kind: str
    destination: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a destination holds a document, in the destination's own words."""

    status: int | None
    """None where answers have no number (HL7 v2)."""
    locations: tuple[str, ...]
    how: str
    """``accepted``: it answered so; ``found``: we looked and it was already there; ``given up``: it was about
    nothing but a Task that its placer has cancelled there; ``AA``, ``CA``: it acknowledged so (HL7 v2)."""
    told: tuple[str, ...] = ()
    """``Type/id/_history/n`` of what is here and stood in it, where the store does not know."""


class PacsKind(StrEnum):
    """What kinds of DICOM objects we write."""

    SR = "sr"
    MAP = "map"
    CAPTURE = "capture"
    KEY_OBJECTS = "kos"


class Asking(StrEnum):
    """How an archive is asked about studies."""

    DIMSE = "dimse"
    """C-FIND, Study Root (PS3.4 annex C)."""
    QIDO = "qido"
    """QIDO-RS (PS3.18 10.6)."""


class Fetching(StrEnum):
    """How studies are fetched from an archive."""

    MOVE = "move"
    """C-MOVE to our own AE title."""
    GET = "get"
    """C-GET, on the association by which it is asked for."""
    WADO = "wado"
    """WADO-RS."""


@dataclass(frozen=True, slots=True)
class DicomNode:
    """An archive's address on a DICOM network (PS3.8), and how much of its word we want."""

    ae: str
    host: str
    port: int
    calling_ae: str
    """What we call ourselves there."""
    commitment_within: timedelta | None
    """How long it may take until it says that it keeps an object (PS3.4 annex J); None: it is not asked."""
    trust: Trust | None = None
    """None: without TLS."""


@dataclass(frozen=True, slots=True)
class PacsDestination:
    """An archive that DICOM objects go to, or that is asked. Only these addresses are ever dialled."""

    name: str
    serves: tuple[str, ...]
    """Destinations whose cases are answered into this archive, by name."""
    accepts: frozenset[PacsKind]
    timeout: timedelta
    at: DicomNode | Destination
    """A Destination's base is that of its DICOMweb services (PS3.18)."""
    ask: Asking | None = None
    """How it is asked about studies of the cases that it serves; None: it is not."""
    fetch: Fetching | None = None
    """How earlier studies are fetched from it; None: they are not."""


class Hl7Kind(StrEnum):
    """What kinds of HL7 v2 messages we write."""

    ORU = "oru"
    """ORU^R01: the opinion, and that it is withdrawn."""
    REF = "ref"
    """REF^I12, I13, I14: a referral."""
    OML = "oml"
    """OML^O21: a referral, for systems that take orders only."""


class AckMode(StrEnum):
    """By which acknowledgement a message is delivered (HL7 v2 section 2.9)."""

    ORIGINAL = "original"
    """AA: it is processed."""
    ENHANCED = "enhanced"
    """CA: it is stored."""


@dataclass(frozen=True, slots=True)
class AssignedBy:
    """An identifier system, and the assigning authority (HD) by which HL7 v2 has it."""

    system: str
    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""


@dataclass(frozen=True, slots=True)
class Hl7Terms:
    """How messages to one system are written."""

    sender: tuple[str, str]
    """MSH-3 and MSH-4: what we call ourselves there."""
    receiver: tuple[str, str]
    """MSH-5 and MSH-6."""
    version: str = "2.5.1"
    character_set: str = "UNICODE UTF-8"
    """MSH-18 (table 0211); ``ASCII``: it is left empty."""
    processing: str = "P"
    mode: AckMode = AckMode.ENHANCED
    application_answer: bool = False
    """In enhanced mode: it says on the same connection what became of the message (MSH-16)."""
    probability: bool = False
    """OBX-9 is told."""
    authorities: tuple[AssignedBy, ...] = ()


@dataclass(frozen=True, slots=True)
class Hl7Destination:
    """A system that is told in HL7 v2, over MLLP. Only these addresses are ever dialled."""

    name: str
    serves: tuple[str, ...]
    """Destinations whose cases it is told of, by name."""
    identifier_systems: tuple[str, ...]
    """As those of ``Destination``: its cases are answered by HL7 v2 alone."""
    accepts: frozenset[Hl7Kind]
    host: str
    port: int
    timeout: timedelta
    terms: Hl7Terms
    trust: Trust | None = None
    """None: without TLS."""


class Promise(StrEnum):
    """How it stands with a storage commitment that we asked for."""

    ASKED = "asked"
    COMMITTED = "committed"
    FAILED = "failed"
    OVER = "over"
    """It failed, and that has been acted upon."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """One request that an archive says whether it keeps an object (PS3.4 annex J)."""

    transaction: str
    """Minted and stored before it is sent; the archive's answer names nothing else of ours."""
    document: str
    sop_instance: str
    state: Promise
    due_at: datetime
    """When an answer that has not come is asked for anew."""
    reason: int | None = None
    """Failure Reason (0008,1197)."""
