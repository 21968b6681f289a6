"""The Check page: findings with their repairs, the two splits beside each other, and cross-validation."""

import pytest
from sqlalchemy import update

from core.advice.cross_validation import CrossValidation
from core.advice.estimate import GroupedEstimate
from core.advice.split_comparison import SplitComparison
from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.edits import change_items
from core.catalog.items import Filter, list_items
from core.catalog.schema import ItemRow
from core.checks.findings import Finding, RepairOffer
from core.jobs.specs import CheckResult, CheckSpec, CrossValidateResult, CrossValidateSpec, Result, Spec
from core.settings import Settings
from pages.shared.steps import CHECK
from tests.finished_runs import Workspace, add_project


@pytest.fixture
def workspace(settings: Settings, database: Database) -> Workspace:
    return Workspace(settings, database)


@pytest.fixture
def project(workspace: Workspace) -> str:
    return add_project(workspace, images=10)


def finished(database: Database, project: str, spec: Spec, result: Result) -> None:
    job = jobs.add_job(database, project, spec)
    jobs.start_job(database, job)
    jobs.end_job(database, job, "finished", result)


def duplicates(database: Database, project: str, splits: SplitComparison | None = None) -> CheckResult:
    chosen = [item.id for item in list_items(database, project)][:4]
    repair = RepairOffer(action="exclude", title="Set the others aside", items=(chosen[1], chosen[3]))
    finding = Finding(
        check="near-duplicates", has_issue=True, summary="Four copies.", items=tuple(chosen), sets=(2, 2), repair=repair
    )
    fine = Finding(check="too-dark", has_issue=False, summary="No image is too dark.")
    return CheckResult(
        images=20,
        network="Starter",
        findings=(finding.model_dump(mode="json"), fine.model_dump(mode="json")),
        split_comparison=splits.model_dump(mode="json") if splits else None,
    )


def measured(value: float) -> GroupedEstimate:
    return GroupedEstimate(value=value, low=value - 0.03, high=value + 0.03)


def compared(random: float, honest: float) -> SplitComparison:
    return SplitComparison(
        images=20,
        sets=3,
        in_sets=9,
        seeds=3,
        random=measured(random),
        honest=measured(honest),
        gap=measured(random - honest),
        random_by_seed=(random,) * 3,
        honest_by_seed=(honest,) * 3,
    )


def rename(database: Database, names: dict[str, str]) -> None:
    with database.write() as session:
        for item, name in names.items():
            session.execute(update(ItemRow).where(ItemRow.id == item).values(name=name))


def said(tab) -> str:
    texts = [
        element.value for kind in ("markdown", "caption", "subheader", "info", "warning") for element in tab.get(kind)
    ]
    return " ".join(texts)


def button(tab, start: str):
    return next(one for one in tab.button if one.label.startswith(start))


def test_a_project_that_was_never_checked_offers_it(open_page, project):
    tab = open_page(CHECK, project=project)
    assert not tab.exception
    assert "Check the images" in [one.label for one in tab.button]


def test_a_finding_is_repaired_by_one_click_and_undone_by_another(open_page, database: Database, project):
    finished(database, project, CheckSpec(), duplicates(database, project))
    tab = open_page(CHECK, project=project)
    assert "Four copies." in said(tab)
    assert button(tab, "Set aside 0 chosen images").disabled  # only exact duplicates are chosen from the start
    button(tab, "Set aside all 2").click().run()
    assert len(list_items(database, project, Filter(excluded=True))) == 2
    assert "No issue is open" in " ".join(one.value for one in tab.success)
    assert "Repaired. It was: Four copies." in said(tab)
    button(tab, "Undo: 2 images set aside").click().run()
    assert not list_items(database, project, Filter(excluded=True))


def test_two_findings_that_set_aside_equally_many_have_a_button_each(open_page, database: Database, project):
    ids = [item.id for item in list_items(database, project)[:4]]
    found = [
        Finding(
            check=check,
            has_issue=True,
            summary="Two images.",
            items=images,
            repair=RepairOffer(action="exclude", title="Set them aside", items=images),
        ).model_dump(mode="json")
        for check, images in (("too-dark", tuple(ids[:2])), ("too-bright", tuple(ids[2:])))
    ]
    finished(database, project, CheckSpec(), CheckResult(images=20, network="Starter", findings=tuple(found)))
    tab = open_page(CHECK, project=project)
    assert not tab.exception
    _, last = (one for one in tab.button if one.label == "Set aside all 2")
    last.click().run()
    assert [item.id for item in list_items(database, project, Filter(excluded=True))] == ids[2:]


def test_a_split_that_flatters_is_told_beside_the_honest_one(open_page, database: Database, project):
    finished(database, project, CheckSpec(), duplicates(database, project, compared(0.98, 0.84)))
    tab = open_page(CHECK, project=project)
    assert [metric.value for metric in tab.metric][:3] == ["98.0%", "84.0%", "14.0 points"]
    assert "is no skill" in said(tab)


def test_splits_that_agree_are_no_alarm(open_page, database: Database, project):
    finished(database, project, CheckSpec(), duplicates(database, project, compared(0.9, 0.9)))
    assert "no difference that cannot be chance" in said(open_page(CHECK, project=project))


def test_a_small_test_split_is_said_and_cross_validation_is_asked_for(open_page, database: Database, project):
    tab = open_page(CHECK, project=project)
    assert "Your test split has only" in said(tab)
    tab.number_input[0].set_value(4)
    button(tab, "Cross-validate").click().run()
    (job,) = jobs.list_jobs(database, project_id=project)
    assert job.spec == CrossValidateSpec(folds=4, seed=0, include_test=False)


def test_a_cross_validation_says_its_spread_and_what_it_is_not(open_page, database: Database, project):
    result = CrossValidation(
        images=20,
        left_out=1,
        folds=3,
        seed=7,
        sets=2,
        by_fold=(0.8, 0.9, 1.0),
        spread=0.1,
        accuracy=measured(0.9),
        classes=("circles", "squares"),
        confusion=((9, 1), (1, 9)),
    )
    done = CrossValidateResult(network="Starter", measured=result.model_dump(mode="json"))
    finished(database, project, CrossValidateSpec(folds=5, seed=7, include_test=True), done)
    tab = open_page(CHECK, project=project)
    assert not tab.exception
    assert [metric.value for metric in tab.metric] == ["90.0%", "90.0%"]
    text = said(tab)
    for part in (
        "±10.0 points",
        "5 folds were not possible",
        "2 sets",
        "1 image could not be tested",
        "no longer untouched",
    ):
        assert part in text
    assert "not how good one trained model is" in text


def test_the_page_leads_with_a_summary_and_the_most_serious_finding_first(open_page, database: Database, project):
    images = [item.id for item in list_items(database, project)]
    found = [
        Finding(check="blurred", has_issue=True, summary="One is blurred.", items=(images[0],)),
        Finding(check="bursts", has_issue=True, summary="A burst.", items=tuple(images[1:3]), sets=(2,)),
        Finding(check="leaks", has_issue=True, summary="Two are in two splits.", items=tuple(images[3:5]), sets=(2,)),
    ]
    change_items(database, project, [images[3]], "to test", split="test")
    change_items(database, project, [images[4]], "to train", split="train")
    stored = tuple(one.model_dump(mode="json") for one in found)
    finished(database, project, CheckSpec(), CheckResult(images=20, network="Starter", findings=stored))
    tab = open_page(CHECK, project=project)
    heads = [one.value for one in tab.subheader]
    assert heads[:4] == ["3 things to look at, 1 serious", "The same in two splits", "Blurred", "Frames of one burst"]

    change_items(database, project, [images[4]], "to test", split="test")
    tab = open_page(CHECK, project=project)
    assert [one.value for one in tab.subheader][:2] == ["2 things to look at", "Blurred"]


def test_groups_that_file_names_suggest_are_taken_by_one_click_and_undone_by_another(
    open_page, workspace, database: Database
):
    project = add_project(workspace, images=10)
    rename(database, {item.id: f"Slide_{n // 4:05}_{n:03}.png" for n, item in enumerate(list_items(database, project))})
    finished(database, project, CheckSpec(), duplicates(database, project))
    tab = open_page(CHECK, project=project)
    assert "**Slide\\_00000**" in said(tab)
    button(tab, "Keep these 5 groups together").click().run()
    assert {item.group for item in list_items(database, project)} == {f"Slide_{n:05}" for n in range(5)}
    button(tab, "Undo: 5 groups made").click().run()
    assert {item.group for item in list_items(database, project)} == {None}
