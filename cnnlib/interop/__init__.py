"""The doors out of NumPy: a trained network in PyTorch, in an ONNX file, in a safetensors file.

Nothing else in cnnlib imports this package, and it imports each library only when one of its
functions is called. The libraries come with the extras ``torch`` and ``onnx``.
"""

from cnnlib.interop.onnx_file import to_onnx
from cnnlib.interop.pytorch import from_torch, to_torch
from cnnlib.interop.safetensors_file import load_safetensors, save_safetensors

__all__ = ["from_torch", "load_safetensors", "save_safetensors", "to_onnx", "to_torch"]
