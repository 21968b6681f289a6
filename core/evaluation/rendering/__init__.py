"""The report as HTML, SVG and TensorBoard logs."""
