"""A thousand times one character of an audit pack is altered, and each time its file and line are named."""

from pathlib import Path

import pytest

from reports._pack import verify
from tests.contract.house import VENUES, house
from tests.contract.packs import edits, named, sealed_pack, table

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", [1])
def test_a_thousand_edits_are_named_with_file_and_line(tmp_path: Path, seed: int) -> None:
    with house(tmp_path, *VENUES) as made:
        pack, seal = sealed_pack(made)
        assert verify.prove(pack, [seal]).problems == []
        tried = [(one.kind, named(one, pack, seal)) for one in edits(pack, seal, seed, count=1_000)]
    print(f"\nnamed, of all tried (seed {seed}):\n{table(tried)}")
    assert all(found for _, found in tried)
