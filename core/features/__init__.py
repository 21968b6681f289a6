"""Activations of a frozen network, computed once per image and cached.

    fingerprint        the cache key of a network: everything that decides its activations
    augment            random variations of an image (no framework: pages show them too)
    views              which variations of which images exist, and their cache keys
    engine             chooses the fastest engine of this machine
    openvino_engine    runs a network with OpenVINO
    tensorflow_engine  runs a network with TensorFlow
    openvino_cache     converted networks, checked against TensorFlow
    numerical_check    the difference between two computations
    extractor          decodes, varies and computes images concurrently
    activation_cache   the activations of a run: what is cached, what is missing

Where a network is divided is decided by `core.backbones`, what is trained on the activations by `core.training`.
"""
