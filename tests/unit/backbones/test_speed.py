"""How fast a network ran here is kept, once it saw enough images."""

from core.backbones.speed import FILE, Speedometer, read_speeds, record_speed


def heard(images: int, seconds: float) -> Speedometer:
    return Speedometer(images, seconds)


def test_speeds_are_kept_for_each_network(settings):
    settings.workspace.mkdir()
    record_speed(settings, "Starter", heard(300, 1.5))
    record_speed(settings, "MobileNetV2", heard(100, 2.0))
    record_speed(settings, "Starter", heard(300, 1.0))
    assert read_speeds(settings) == {"Starter": 300.0, "MobileNetV2": 50.0}


def test_a_few_images_tell_nothing(settings):
    settings.workspace.mkdir()
    record_speed(settings, "Starter", heard(20, 1.0))
    assert read_speeds(settings) == {}


def test_what_came_before_the_first_report_is_not_counted():
    speedometer = Speedometer()
    for done in (0, 32, 64, 200):
        speedometer(done, 200)
    assert speedometer.images == 168
    assert speedometer.seconds >= 0


def test_a_damaged_file_is_no_speed(settings):
    settings.workspace.mkdir()
    for text in ("{", "[1]", '{"Starter": "fast"}'):
        (settings.workspace / FILE).write_text(text)
        assert read_speeds(settings) == {}


def test_a_disk_that_cannot_be_written_fails_no_training(settings):
    settings.workspace.write_text("a file where a folder should be")
    record_speed(settings, "Starter", heard(300, 1.0))
    assert read_speeds(settings) == {}
