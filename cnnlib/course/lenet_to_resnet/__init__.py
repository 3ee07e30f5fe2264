"""Room of notebook 11: from LeNet to ResNet."""
