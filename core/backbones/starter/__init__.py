"""The starter backbone: a small network that was pretrained on synthetic images.

images             renders one image from its class, number and seed
shapes             procedural shapes
textures, tiles    procedural textures
colours            procedural palettes
preview            some of the images side by side
renderer           renders the dataset of a pretraining in several processes
recipe             every choice of the pretraining
network            the network (worker only)
pretraining_model  the network with its pretraining tasks (worker only)
views              random crops for contrastive learning (worker only)
pretraining        training steps and checkpoints (worker only)
pretrain           the command line
"""
