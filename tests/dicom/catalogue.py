"""The D rows: bad DICOM input. ``python -m tests.dicom.catalogue`` prints the count."""

from __future__ import annotations

from tests.catalogue import Catalogue

ANSWERED = {
    "D-075": "tests/routing/test_studies.py::test_what_does_not_fit_goes_to_a_person",
    "D-076": "tests/store/test_images.py::test_objects_of_one_study_that_name_others_are_told",
    "D-078": "tests/routing/test_studies.py::test_what_does_not_fit_goes_to_a_person",
    "D-079": "tests/store/test_images.py::test_a_repeat_changes_nothing_and_wakes_nobody",
    "D-080": "tests/store/test_images.py::test_many_senders_of_one_object_and_of_one_study",
    "D-081": "tests/test_story_images.py::test_the_same_uid_with_other_bytes_holds_the_case",
    "D-082": "tests/store/test_images.py::test_the_same_uid_in_another_study_casts_doubt_on_both",
    "D-085": "tests/test_story_images.py::test_a_late_image_supersedes_what_was_read_before_the_comparison",
    "D-092": "tests/flow/test_dicom.py::test_nothing_of_a_patient_is_in_the_log",
    "D-093": "tests/console/test_pages.py::test_hostile_text_is_shown_as_text",
    "D-094": "tests/flow/test_dicom.py::test_nothing_of_a_patient_is_in_the_log",
    "D-096": "tests/dicom/test_whole.py::test_a_deflated_data_set_is_walked_within_a_limit",
    "D-101": "tests/reader/film/test_pixels.py::test_a_stream_of_another_size_is_not_decoded",
    "D-102": "tests/reader/film/test_pixels.py::test_refusals_are_values",
    "D-104": "tests/flow/test_dicom.py::test_a_gigabyte_arrives_within_64_mib_above_idle",
    "D-107": "tests/reader/film/test_pixels.py::test_refusals_are_values",
    "D-108": "tests/reader/film/test_scope.py::test_the_header_decides",
    "D-118": "tests/flow/test_dicom.py::test_killed_listeners_lose_nothing_that_was_acknowledged",
}
DOES_NOT_APPLY = {
    "D-044": "we are asked to commit to nothing: an N-ACTION gets 0211 (D-043)",
    "D-045": "as D-044",
    "D-095": "nothing is exported as a table",
}
DIFFERS = {
    "D-022": "accepted: user identities are not looked at (PS3.7 D.3.3.7 lets who knows none go on)",
    "D-040": "0000: with one operation at a time nothing is outstanding when the next is read (decision 18)",
    "D-043": "0211, not 0115: no commitment is given, to references or without",
    "D-083": "both kept and the case held: the door decodes no pixels, so two encodings are two contents",
    "D-086": "kept and not read: nothing deletes or rejects a study here",
}
D = Catalogue(
    "D",
    133,
    ("dicom", "badinput", "flow", "store", "routing", "reader", "story", "importing"),
    ANSWERED,
    DOES_NOT_APPLY,
    DIFFERS,
)

if __name__ == "__main__":
    print(D.told())  # noqa: T201
