import hypothesis

# How long a busy machine takes for an example says nothing about the code.
hypothesis.settings.register_profile("busy machines", deadline=None)
hypothesis.settings.load_profile("busy machines")
