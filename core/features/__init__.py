"""What a frozen network makes of images, computed once an image.

Who decides what:

    fingerprint  under which address activations are kept: everything that decides their values
    augment      how an image is varied (free of frameworks: pages show it too)
    engine       what computes a network on this machine, and in which precision
    openvino_engine, tensorflow_engine
                 how each of them computes
    converted    which networks are kept converted for OpenVINO, and whether a conversion is good
    views        which views of which images there are, and their keys
    passes       how images get through the network, all stages at a time
    source       which activations a run needs, which are missing, and where they are kept
    agreement    how far two computations are apart
    silence      that OpenVINO tells nobody

Where a network is divided is `core.backbones`' business, what is trained on the activations that of `core.training`.
"""
