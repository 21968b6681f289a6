"""The speed of a network is stored once enough images were computed."""

from core.backbones.speed import FILE, Speedometer, read_speeds, record_speed


def heard(images: int, seconds: float) -> Speedometer:
    return Speedometer(images, seconds)


def test_speeds_are_stored_for_each_network(settings):
    settings.workspace.mkdir()
    record_speed(settings, "Starter", heard(300, 1.5))
    record_speed(settings, "MobileNetV2", heard(100, 2.0))
    record_speed(settings, "Starter", heard(300, 1.0))
    assert read_speeds(settings) == {"Starter": 300.0, "MobileNetV2": 50.0}


def test_a_few_images_are_not_enough(settings):
    settings.workspace.mkdir()
    record_speed(settings, "Starter", heard(20, 1.0))
    assert read_speeds(settings) == {}


def test_images_before_the_first_report_do_not_count():
    speedometer = Speedometer()
    for done in (0, 32, 64, 200):
        speedometer(done, 200)
    assert speedometer.images == 168
    assert speedometer.seconds >= 0


def test_a_damaged_file_contains_no_speeds(settings):
    settings.workspace.mkdir()
    for text in ("{", "[1]", '{"Starter": "fast"}'):
        (settings.workspace / FILE).write_text(text)
        assert read_speeds(settings) == {}


def test_a_disk_that_cannot_be_written_does_not_raise(settings):
    settings.workspace.write_text("a file where a folder should be")
    record_speed(settings, "Starter", heard(300, 1.0))
    assert read_speeds(settings) == {}
