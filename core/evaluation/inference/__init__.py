"""The exported model computing: features and predictions of many images."""
