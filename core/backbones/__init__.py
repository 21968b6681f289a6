"""Backbones: what can be chosen, how it wants its pixels, where its weights come from, where it can be cut.

Who decides what:

    zoo        which networks there are, and what is published about them; reads `survey.json`
    survey     measures every network and writes `survey.json` (worker only, a tool)
    blocks     which block a layer belongs to, from its name
    graph      where a network can be divided, from its operations (worker only)
    cuts       which layers a choice of cut or of a number freezes, and what that leaves to train
    network    builds a network, divides it, freezes its layers (worker only)
    weights    where weights lie on this machine and how ImageNet weights are downloaded
    stored     what a stranger's weights file holds, and whether it may be read at all
    matching   which stored layer belongs to which, and whether the weights are for this network
    loading    puts the weights of a file into a network (worker only)
    starter    the project's own small backbone and how it was pretrained

They do not decide what is trained: strategies, heads and learning rates are `core.training`'s, activations and their
cache `core.features`'s.
"""
