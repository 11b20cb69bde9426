"""Every module has a test file of its name, or stands here with the file that tests it."""

from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
TESTED_BY = {
    "__main__": "test_shell",
    "values": "test_doctests",
    "errors": "ui/shared/test_error_boundary",
    "progress": "ui/shared/test_jobs",
    "units/choices": "units/test_optimise",
    "attribution/baselines": "attribution/test_targets",
    "attribution/captum_copy": "attribution/test_captum",
    "attribution/deeplift": "attribution/test_chain",
    "attribution/method": "attribution/test_session",
    "attribution/methods": "attribution/test_session",
    "attribution/occlusion": "attribution/test_perturbation",
    "attribution/pixels": "attribution/test_captum",
    "attribution/raw_map": "attribution/test_session",
    "attribution/request": "attribution/test_session",
    "attribution/superpixels": "attribution/test_perturbation",
    "figures/blocks": "figures/test_architecture",
    "figures/data_uri": "ui/test_pages",
    "figures/network": "components/test_schema",
    "images/pixels": "images/test_decode",
    "inspection/architecture": "figures/test_architecture",
    "inspection/model": "inspection/test_inspection",
    "inspection/predictions": "inspection/test_inspection",
    "inspection/trace": "inspection/test_inspection",
    "network/checkpoint_index": "training/test_run_files",
    "network/class_names": "network/test_checkpoint_formats",
    "network/colours": "network/test_preprocessing_choice",
    "network/description": "network/test_hostile_checkpoints",
    "network/files": "network/test_weights",
    "network/keys": "network/test_checkpoint_formats",
    "network/pytorch_file": "network/test_hostile_checkpoints",
    "network/sources": "network/test_weights",
    "network/stored": "network/test_hostile_checkpoints",
    "training/snapshots": "training/test_snapshot_capture",
    "training/summary": "training/test_folder",
    "training/walk": "training/test_listing",
}
PAGES = {  # the parts of a page are tested as the page that they make, commands as typed
    "commands": "test_shell",
    "ui/activations": "ui/test_activations_page",
    "ui/architecture": "ui/test_pages",
    "ui/attribution": "ui/test_attribution_page",
    "ui/classify": "ui/test_pages",
    "ui/filters": "ui/test_filters_page",
    "ui/network": "ui/test_network_page",
    "ui/playground": "ui/test_playground_page",
    "ui/units": "ui/test_units_page",
    "ui/shared/job_progress": "ui/test_attribution_page",
    "ui/shared": "ui/test_pages",
    "ui/training": "ui/test_training_page",
    "ui": "ui/test_pages",
    "components": "components/test_schema",
}
MODULES = sorted(
    str(path.relative_to(HOME / "alexnet_viz").with_suffix(""))
    for path in (HOME / "alexnet_viz").rglob("*.py")
    if path.name != "__init__.py"
)


def own_test(module: str) -> Path:
    path = Path(module)
    return HOME / "tests" / path.parent / f"test_{path.name}.py"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_tested_in_a_file_that_can_be_named(module):
    name = TESTED_BY.get(module) or PAGES.get(str(Path(module).parent))
    assert own_test(module).is_file() or (name and (HOME / "tests" / f"{name}.py").is_file())


def test_nothing_is_listed_that_is_gone_or_has_a_test_of_its_own():
    assert not [module for module in TESTED_BY if module not in MODULES or own_test(module).is_file()]
