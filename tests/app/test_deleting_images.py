"""Deleted images can come back by undo until a person removes them for good."""

from core.catalog.database import Database
from core.catalog.edits import delete_items, last_edit
from core.catalog.items import list_items
from core.settings import Settings
from pages.shared.steps import IMAGES
from tests.app.filled import fill_project

FOR_GOOD = "Remove for good"


def labels(page) -> list[str]:
    return [button.label for button in page.button]


def test_deleted_images_are_removed_for_good_by_a_button(open_page, database: Database, settings: Settings):
    project = fill_project(settings, database)
    item = list_items(database, project)[0]
    file = settings.originals / item.digest[:2] / item.digest
    assert FOR_GOOD not in labels(open_page(IMAGES, project=project))
    delete_items(database, project, [item.id], "1 image deleted")

    page = open_page(IMAGES, project=project)
    assert not page.exception
    assert "1 deleted image can still come back by undo." in " ".join(one.value for one in page.markdown)
    assert file.exists()

    page.button(key="forget-deleted").click().run()
    assert not page.exception
    assert not file.exists()
    assert last_edit(database, project) is None
    assert FOR_GOOD not in labels(open_page(IMAGES, project=project))
