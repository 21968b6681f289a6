"""Ways to bring images in that need no upload: addresses of the web, another project, sample sets."""

from core.catalog import jobs
from core.catalog.labels import list_labels
from core.catalog.projects import create_project, list_projects
from core.intake.public import PUBLIC_SAMPLES
from core.jobs.events import Ended, dump_event
from core.jobs.specs import IngestSpec, WebLink
from pages.shared.steps import HOME, IMAGES
from tests.app.filled import fill_project


def test_making_the_first_class_keeps_the_way_to_add_open(open_page, database):
    page = _adding(open_page, create_project(database, "Hands"), "A camera burst")
    page.text_input[0].set_value("fist")
    next(button for button in page.button if button.label == "Add class").click().run()
    assert page.pills[0].value == "A camera burst"
    assert not page.exception


def test_everything_that_is_on_its_way_closes_the_ways_to_add(open_page, database):
    page = _adding(open_page, create_project(database, "Bees"), "The web")
    page.text_area(key="links-0").set_value("https://a.example/1.jpg").run()
    _press(page, "add-links")
    assert not page.pills


def test_a_sample_set_that_failed_takes_its_person_home_with_the_reason(open_page, database):
    project = create_project(database, "CIFAR-10")
    page = open_page(IMAGES, project=project)
    job = jobs.add_job(database, project, IngestSpec(sample="cifar10"))
    ended = Ended(status="failed", reason="It could not be downloaded.", hint="Try again later.")
    jobs.add_event(database, job, ended.kind, dump_event(ended))
    jobs.end_job(database, job, "failed")
    page.run()
    assert [error.value for error in page.error] == ["It could not be downloaded. Try again later."]
    assert page.text_input[0].label == "Name of a new project"
    assert list_projects(database) == []


def _adding(open_page, project, way):
    page = open_page(IMAGES, project=project)
    page.pills[0].set_value(way).run()
    assert not page.exception
    return page


def _press(page, key):
    page.button(key=key).click().run()
    assert not page.exception


def _spec(database):
    (job,) = jobs.list_jobs(database)
    return job.spec


def test_addresses_are_fetched_with_their_classes(open_page, database):
    page = _adding(open_page, create_project(database, "Bees"), "The web")
    assert page.button(key="add-links").disabled
    page.text_area(key="links-0").set_value("https://a.example/1.jpg\nhttps://a.example/2.jpg red ants").run()
    assert page.button(key="add-links").label == "Fetch 2 images"
    _press(page, "add-links")
    links = (WebLink(url="https://a.example/1.jpg"), WebLink(url="https://a.example/2.jpg", label="red ants"))
    assert _spec(database) == IngestSpec(links=links)


def test_images_of_another_project_are_copied(open_page, database, settings):
    other = fill_project(settings, database, classes=("robins", "wrens"), images=8, files=False)
    project = create_project(database, "Bees")
    page = _adding(open_page, project, "Another project")
    _robins, wrens = [label.id for label in list_labels(database, other)]
    assert page.button(key="add-project").label == "Copy 8 images"
    page.multiselect[0].set_value([wrens]).run()
    assert page.button(key="add-project").label == "Copy 4 images"
    _press(page, "add-project")
    assert _spec(database) == IngestSpec(from_project=other, from_classes=(wrens,))


def test_without_another_project_there_is_nothing_to_copy(open_page, database):
    page = _adding(open_page, create_project(database, "Bees"), "Another project")
    assert "There is no other project with images." in [one.value for one in page.info]


def test_a_public_sample_set_names_its_licence_and_makes_a_project(open_page, database):
    page = open_page(HOME)
    told = " ".join(one.value for one in [*page.caption, *page.markdown])
    for sample in PUBLIC_SAMPLES.values():
        assert f"Licence: {sample.licence}. Source: {sample.source}" in told
        assert f"{sample.size_bytes / 1e6:.0f} MB" in told
    _press(page, "try-flower_photos")
    assert _spec(database) == IngestSpec(sample="flower_photos")
