"""Backbones: the networks that can be chosen, their pixels, their weights, and where they can be cut.

    zoo           the networks and what is published about them; reads `survey.json`
    survey        measures every network and writes `survey.json` (worker only, a tool)
    blocks        the block that a layer belongs to, from its name
    graph         where a network can be divided (worker only)
    cuts          which layers a cut or a number freezes, and how many parameters remain to train
    network       builds a network, divides it, freezes its layers (worker only)
    weights       where weights lie on this machine, and the download of ImageNet weights
    weights_file  reads weights files that may be hostile
    folding       recognises weights with folded batch normalisation
    matching      which stored layer belongs to which layer of a network
    loading       loads a weights file into a network (worker only)
    speed         images per second of networks on this machine
    starter       the small backbone of this project and its pretraining

Strategies, heads and learning rates belong to `core.training`, activations and their cache to `core.features`.
"""
