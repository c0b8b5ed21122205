"""The files of a centre as one document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.config.files import load
from router.config.whole import examine_whole, load_whole

CONFIGS = Path(__file__).parents[2] / "configs"
CENTRES = sorted({path.parent for path in CONFIGS.rglob("centre.yaml")})


@pytest.mark.parametrize("folder", CENTRES, ids=lambda folder: str(folder.relative_to(CONFIGS)))
def test_the_document_says_what_the_files_say(folder: Path) -> None:
    """Also after it was JSON: the same plan, version and all, and it is the document of itself."""
    plan, document = load_whole(folder)
    examined = examine_whole(json.loads(json.dumps(document)), "other")
    assert examined.plan == plan == load(folder)


def test_keys_for_anchors_are_left_out() -> None:
    """As in files."""
    document = {"x-anchors": {"any": "thing"}, "sections": {"a": {}}}
    assert examine_whole(document, "shop").plan_or_raise().centre_id == "shop"
    assert "x-anchors" not in document
