"""No float comes near money: none is made, named or read from JSON, except where it measures other things."""

import ast
from collections.abc import Iterator

from tests.architecture._code import Module, product

NOT_MONEY = {
    "recon/demo/": "seconds of a stand-in venue's clock and waits",
    "recon/core/contracts.py": "seconds of the clock that is handed in",
    "recon/pipeline/clock.py": "seconds of the clock that is handed in",
    "recon/pipeline/proof.py": "seconds that a part of the proof took",
    "recon/pipeline/pack_proof.py": "seconds that a part of the proof took",
    "recon/sources/_guard.py": "seconds that a source has left",
    "recon/sources/_http.py": "seconds of deadlines and waits",
    "recon/sources/_settings.py": "seconds of the deadline",
    "reports/_render/": "column widths and places in a chart",
}
JSON_WITHOUT_FRACTIONS = {
    "recon/demo/": "the sample data states every amount as a string",
    "recon/pipeline/register.py": "the facts of a break are our own canonical JSON, every amount a string",
    "reports/_pack/": "an auditor's program takes documents as they are: each is held to its hash first",
    "recon/evidence/": "a line of the chain counts in whole numbers, and its canonical text refuses any other",
}


def _floats(module: Module) -> Iterator[str]:
    refusals = {
        id(name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        for name in ast.walk(node.args[1])
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == "float" and id(node) not in refusals:
            yield f"{module.path}:{node.lineno} names float"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{module.path}:{node.lineno} holds the float {node.value}"


def _lossy_json(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in {"json.loads", "json.load", "json.JSONDecoder", "loads", "JSONDecoder"}:
            missing = {"parse_float", "parse_int"} - {keyword.arg for keyword in node.keywords}
            if missing:
                yield f"{module.path}:{node.lineno} calls {called} without {' and '.join(sorted(missing))}"
        elif called.endswith((".json", ".model_validate_json")):
            yield f"{module.path}:{node.lineno} calls {called}, which reads numbers as floats"


def test_floats_appear_only_where_they_are_not_money() -> None:
    found = [fault for module in product() for fault in _floats(module) if not _is_in(module, NOT_MONEY)]
    assert not found, "\n".join(found)


def test_json_numbers_are_never_read_as_floats() -> None:
    found = [
        fault
        for module in product()
        for fault in _lossy_json(module)
        if not _is_in(module, JSON_WITHOUT_FRACTIONS)
    ]
    assert not found, "\n".join(found)


def test_every_place_that_may_use_floats_still_does() -> None:
    for allowed, faults in ((NOT_MONEY, _floats), (JSON_WITHOUT_FRACTIONS, _lossy_json)):
        for place in allowed:
            there = [module for module in product() if module.path.startswith(place)]
            assert not there or any(any(faults(module)) for module in there), f"{place} needs no exception"


def _is_in(module: Module, places: dict[str, str]) -> bool:
    return module.path.startswith(tuple(places))
