"""Files that go into a bundle as they are; they use nothing of Graft."""
