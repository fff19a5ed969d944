"""Bad FHIR bodies as data: rows F-001 to F-045 that concern bodies, and those of Bundles and references."""

from __future__ import annotations

from tests.badinput import fhir_bundles, fhir_contained, fhir_elements, fhir_json, fhir_values
from tests.badinput.row import Row

JSON_ROWS: tuple[Row, ...] = fhir_json.ROWS
RESOURCE_ROWS: tuple[Row, ...] = fhir_elements.ROWS + fhir_values.ROWS + fhir_contained.ROWS
BUNDLE_ROWS: tuple[Row, ...] = fhir_bundles.ROWS
ROWS = JSON_ROWS + RESOURCE_ROWS + BUNDLE_ROWS
