"""The demonstration itself: a hospital, its specialists, and cases one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from conformance.demo import verdict
from conformance.demo.cases import Script, Story
from conformance.demo.radiology import Radiology
from conformance.demo.show import Show
from conformance.demo.verdict import Chart, Ending
from conformance.demo.watch import Watch
from conformance.peers.blindness import NotBlind
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import TERMINAL, Resource, codes_of
from conformance.peers.ehr import Ehr, Sent
from conformance.peers.request import Opinion, ReadRequest
from conformance.peers.specialist import Desk, by_rule

_AS_POSTED = "requested"
_SOURCES = {"task": "second reader", "case": "case"}


class Play:
    """One run of the script against one second reader."""

    def __init__(
        self,
        server: FhirClient,
        ehr: Ehr,
        script: Script,
        roles: Mapping[str, str],
        show: Show,
        *,
        patience: float,
        radiology: Radiology | None = None,
        numbers: tuple[int, int] | None = None,
    ) -> None:
        """``radiology``: for cases with films. ``numbers``: of the first case, and of all."""
        self._radiology = radiology
        self._first, self._of = numbers or (1, len(script.stories))
        self._server = server
        self._ehr = ehr
        self._own = FhirClient(ehr.base, timeout=5.0, token=ehr.gate.lent() if ehr.gate else "")
        self._script = script
        self._show = show
        self._patience = patience
        self._run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        self._reason_to_decline = ""
        self._roles = roles
        self._failed: NotBlind | NotDone | None = None
        self._specialist_finds = ""
        self._unseen: tuple[bool, str] = (False, "")
        """Whether the first offer of the story is not looked at, and which it was."""
        self._desk = Desk(
            server, list(roles), script.analytes, self._opine,
            choose=self._choose, unseen=self._looks_away, tell=self._specialist_says,
        )  # fmt: skip

    def run(self) -> list[Ending]:
        """All stories in order.

        Raises:
            NotBlind: a specialist could see something of an opinion.
            NotDone: the second reader refused what the hospital sent.
        """
        stop = threading.Event()
        desk = threading.Thread(target=self._work, args=[stop], daemon=True)
        desk.start()
        try:
            stories = enumerate(self._script.stories, self._first)
            return [self._carry(number, story) for number, story in stories]
        finally:
            stop.set()
            desk.join()
            self._own.close()

    # -- the specialists ---------------------------------------------------------------------

    def _work(self, stop: threading.Event) -> None:
        try:
            self._desk.run(stop)
        except (NotBlind, NotDone) as reason:
            self._failed = reason  # raised again by the thread that tells the story

    def _choose(self, _: Resource) -> str:
        reason, self._reason_to_decline = self._reason_to_decline, ""
        return reason

    def _looks_away(self, offer: Resource) -> bool:
        if any(story.left_open for story in self._script.stories):
            return True
        wanted, seen = self._unseen
        if wanted and not seen:
            self._unseen = (wanted, offer["id"])
            self._specialist_says("", f"{offer['owner']['reference']} does not look at Task/{offer['id']}")
        return self._unseen == (True, offer["id"])

    def _opine(self, values: Mapping[str, Decimal]) -> Opinion:
        """As told where a picture is to be judged, which nobody here can; else by the rule."""
        findings = self._script.findings
        if self._specialist_finds:
            return findings[self._specialist_finds]
        return by_rule(findings["bacterial"], findings["viral"])(values)

    def _specialist_says(self, _: str, text: str) -> None:
        for role, name in self._roles.items():
            text = text.replace(f"{role} ", f"{name} ", 1)
        self._show.line("specialist", text)

    # -- one case ----------------------------------------------------------------------------

    def _carry(self, number: int, story: Story) -> Ending:
        self._show.begin(number, self._of, story)
        self._reason_to_decline = story.first_offer_declined
        self._specialist_finds = story.specialist_says
        self._unseen = (story.first_offer_unseen, "")
        started = time.monotonic()
        request = self._script.request(story, self._run_id, datetime.now(UTC))
        if story.ehr_down_seconds:
            self._take_down()
        if story.by_messages:
            sent = self._send_messages(story, request)
        else:
            self._send_films(story, request)
            sent = self._ehr.send_case(request, self._server, together=story.together, tell=self._ehr_says)
        self._follow(story, sent, started)
        self._bring_up()
        chart = self._with_archive(verdict.read_chart(self._own, self._ehr.system, request.token), request)
        if chart.messages:
            self._show.line("ris", f"was told by ORU^R01: {chart.messages}")
        for title, words in chart.words:
            self._show.line("ehr", f"reads in its chart, {title}: {words}")
        ending = Ending(story, chart, time.monotonic() - started, verdict.compare(story, chart))
        self._show.ended(ending)
        return ending

    def _follow(self, story: Story, sent: Sent, started: float) -> None:
        """Tell what is new until the hospital's own Task has ended, or is held as told, or patience has."""
        watch = Watch(self._server, sent.task)
        waits_for_more = bool(story.later or (story.imaging and story.imaging.later))
        signs = story.signs_later
        up_at, at_home = started + story.ehr_down_seconds, _AS_POSTED
        kept: tuple[str, ...] = ()
        while time.monotonic() < started + self._patience:
            self._tell_news(watch)
            if waits_for_more and watch.status == "on-hold":
                waits_for_more = False
                self._send_what_was_missing(story, sent)
            if signs and watch.sealed:
                signs = False
                self._ehr.sign_later(sent, self._server, self._ehr_says)
            if watch.delivery_failed and time.monotonic() > up_at:
                self._bring_up()
            at_home, before = self._status_at_home(sent) or at_home, at_home
            if at_home != before:
                self._show.line("ehr", f"its own Task is {at_home}")
            kept = self._tell_archive(sent.request, kept)
            told = not story.by_messages or bool(self._told(sent.request))
            if (
                _over(story, at_home)
                and sorted(kept) == sorted(story.kept)
                and told
                and not watch.archive_waits
            ):
                break
            if self._failed is not None:
                raise self._failed
            time.sleep(0.1)
        self._tell_news(watch)

    def _tell_news(self, watch: Watch) -> None:
        for each in watch.news():
            self._show.line(_SOURCES[each.source], each.text, each.at)

    def _send_what_was_missing(self, story: Story, sent: Sent) -> None:
        for lab in story.later:
            self._ehr.send_later(lab, sent, self._server, self._ehr_says)
        self._send_films(story, sent.request, late=True)

    # -- by HL7 v2 ---------------------------------------------------------------------------

    def _send_messages(self, story: Story, request: ReadRequest) -> Sent:
        """The order, the film, the report. Raises NotDone, NotAcknowledged."""
        interface = self._radiology.interface if self._radiology else None
        if interface is None:
            raise NotDone("a case by messages needs a radiology system that speaks HL7 v2")
        self._ehr.keep_chart(request)
        self._say_sent("orders by ORM^O01", interface.order(request).code)
        self._send_films(story, request)
        self._say_sent("reports by ORU^R01", interface.report(request).code)
        found = self._asked_by_message(request)
        return Sent(request, {}, f"Task/{found['id']}", found["for"]["reference"])

    def _asked_by_message(self, request: ReadRequest) -> Resource:
        """The Task that the order has become; a message is applied after it was acknowledged."""
        until = time.monotonic() + self._patience
        while True:
            found = verdict.task_of(self._server, self._ehr.system, request.token)
            if found:
                return found
            if time.monotonic() > until:
                raise NotDone("the order was acknowledged, and has become no Task")
            time.sleep(0.05)

    def _say_sent(self, what: str, code: str) -> None:
        self._show.line("ris", f"{what}: {code}")

    def _told(self, request: ReadRequest) -> str:
        interface = self._radiology.interface if self._radiology else None
        return interface.told(request) if interface else ""

    # -- radiology ---------------------------------------------------------------------------

    def _send_films(self, story: Story, request: ReadRequest, *, late: bool = False) -> None:
        if story.imaging is None or self._radiology is None:
            return
        first = len(story.imaging.shots) + 1 if late else 1
        shots = story.imaging.later if late else story.imaging.shots
        if not shots:
            return
        began = datetime.now(UTC)
        statuses = self._radiology.send(shots, story, request, first)
        answered = ", ".join(f"{each:04X}" for each in statuses)
        whose = " with the id of another patient" if story.imaging.another_patient else ""
        films = f"{len(shots)} film{'' if len(shots) == 1 else 's'}{whose}"
        how = "C-STORE, and MPPS before and after it" if story.imaging.performed else "C-STORE"
        took = (datetime.now(UTC) - began).total_seconds() * 1000
        self._show.line("modality", f"sends {films} by {how}: {answered}, {took:.0f} ms", began)

    def _tell_archive(self, request: ReadRequest, before: tuple[str, ...]) -> tuple[str, ...]:
        """What the archive keeps now, told when it is more than before."""
        kept = self._radiology.kept(request) if self._radiology else ()
        if kept != before:
            self._show.line("pacs", f"keeps {', '.join(kept)}")
        return kept

    def _with_archive(self, chart: Chart, request: ReadRequest) -> Chart:
        if self._radiology is None:
            return chart
        return replace(chart, archived=self._radiology.kept(request), messages=self._told(request))

    def _status_at_home(self, sent: Sent) -> str:
        """Task.status and businessStatus in the hospital's store; empty while it is down, or has no Task."""
        try:
            task = verdict.task_of(self._own, self._ehr.system, sent.request.token)
        except NotDone:
            return ""
        return " · ".join([task["status"], *codes_of(task.get("businessStatus"))]) if task else ""

    # -- the hospital goes away and comes back -------------------------------------------------

    def _take_down(self) -> None:
        self._ehr.down()
        self._show.line("ehr", f"closes {self._ehr.base}; {self._reachable()}")

    def _bring_up(self) -> None:
        if self._ehr.is_up:
            return
        self._ehr.up()
        self._show.line("ehr", f"opens {self._ehr.base}; {self._reachable()}")

    def _reachable(self) -> str:
        try:
            return f"GET /fhir/metadata: {self._own.read('metadata').status}"
        except NotDone as reason:
            return str(reason)

    def _ehr_says(self, at: datetime, text: str) -> None:
        self._show.line("ehr", text, at)


def _over(story: Story, at_home: str) -> bool:
    """The hospital's own Task has ended, or stands where the story leaves it."""
    status, _, business = at_home.partition(" · ")
    stays = story.held or story.left_open
    return status in TERMINAL or (stays and business in story.ends)
