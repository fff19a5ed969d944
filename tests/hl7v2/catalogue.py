"""The H rows: bad HL7 v2 input. ``python -m tests.hl7v2.catalogue`` prints the count."""

from __future__ import annotations

from tests.catalogue import Catalogue

_STORY, _INBOX = "tests/test_story_messages.py", "tests/store/test_inbox.py"
ANSWERED = {
    "H-003": "tests/hl7v2/listen/test_loop.py::test_what_is_no_mllp_is_closed_without_a_word",
    "H-017": "tests/hl7v2/text/test_segments.py::test_too_much_of_anything_is_refused_at_once",
    "H-018": "tests/hl7v2/text/test_segments.py::test_too_much_of_anything_is_refused_at_once",
    "H-079": "tests/hl7v2/mapping/test_results.py::test_one_result_with_two_values_is_doubted",
    "H-016": "tests/hl7v2/listen/test_loop.py::test_h014_ten_megabytes",
    "H-029": "tests/hl7v2/listen/test_loop.py::test_what_is_no_mllp_is_closed_without_a_word",
    "H-065": f"{_STORY}::test_messages_by_the_merged_number_are_about_the_survivor",
    "H-067": f"{_STORY}::test_a_known_number_with_another_name_and_birth_date_is_held",
    "H-075": "tests/test_contract.py::test_units_are_converted_exactly",
    "H-076": f"{_STORY}::test_a_correction_opens_the_comparison_again",
    "H-078": f"{_STORY}::test_a_preliminary_report_after_the_final_one_changes_nothing",
    "H-087": f"{_STORY}::test_the_cancellation_of_an_order_that_nobody_knows_waits_a_day_and_is_held",
    "H-088": f"{_STORY}::test_an_order_of_another_patient_is_held",
    "H-092": f"{_STORY}::test_a_merge_that_comes_before_either_patient_is_applied_once",
    "H-094": f"{_STORY}::test_a_merge_back_and_a_ring_are_held",
    "H-095": f"{_STORY}::test_a_merge_back_and_a_ring_are_held",
    "H-096": f"{_STORY}::test_a_merge_that_comes_before_either_patient_is_applied_once",
    "H-097": f"{_STORY}::test_the_same_merge_again_changes_nothing",
    "H-099": f"{_STORY}::test_a_case_goes_on_through_a_merge_and_nothing_is_read_or_corrected_anew",
    "H-101": f"{_STORY}::test_an_older_adt_does_not_overwrite_a_newer_one",
    "H-104": f"{_INBOX}::test_the_same_message_gets_the_same_answer_and_is_there_once",
    "H-105": f"{_INBOX}::test_a_control_id_with_other_content_is_a_message_of_its_own_and_flagged",
    "H-106": f"{_STORY}::test_the_same_messages_again_change_nothing",
    "H-107": f"{_INBOX}::test_control_ids_of_two_senders_have_nothing_to_do_with_each_other",
    "H-114": f"{_STORY}::test_an_error_of_ours_is_tried_again_and_holds_up_its_patient_alone",
    "H-115": f"{_INBOX}::test_a_faulted_message_holds_up_its_patient_alone_until_a_person_decides",
}
DOES_NOT_APPLY: dict[str, str] = {}
DIFFERS = {
    "H-058": "accepted and flagged: the sequence number protocol is not spoken, gaps are not looked for",
    "H-081": "kept whole; an attachment above 4 MiB of Base64 is in no resource, which is flagged",
    "H-096": "AA and applied: the survivor takes the number over; who names it from then on means them",
}
H = Catalogue(
    "H", 115, ("hl7", "mllp", "hearing", "story_messages", "inbox"), ANSWERED, DOES_NOT_APPLY, DIFFERS
)

if __name__ == "__main__":
    print(H.told())  # noqa: T201
