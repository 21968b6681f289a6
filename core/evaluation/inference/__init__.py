"""Inference: features and predictions of many images, by the exported model."""
