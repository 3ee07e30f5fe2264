"""How large is the output? Whole numbers in, whole numbers out; no arrays are touched."""

from collections.abc import Iterable

from cnnlib.checks import integer, pair

__all__ = ["output_size", "receptive_field", "same_padding"]


def output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    """Return how many window positions fit along one axis.

    The formula is ``floor((size + 2 * padding - kernel_size) / stride) + 1``. Where the division
    leaves a remainder, the last few rows or columns are never covered by a window; like PyTorch,
    cnnlib floors and leaves them out.

    Parameters
    ----------
    size : int
        Height or width of the input, in pixels.
    kernel_size, stride, padding : int
        Along the same axis. The padding is added on both sides.

    Returns
    -------
    int
        Height or width of the output, in pixels.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded input, or a size is below its minimum.
    TypeError
        If an argument is not a whole number.

    Examples
    --------
    >>> output_size(28, kernel_size=5)
    24
    >>> output_size(227, kernel_size=11, stride=4)
    55

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, relation 6.
    """
    return fitting_size("output_size", "size", size, kernel_size, stride, padding)


def fitting_size(op: str, axis: str, size: int, kernel_size: int, stride: int, padding: int) -> int:
    """Do the work of `output_size`, naming the calling operation and the axis in errors."""
    size = integer(op, axis, size, 1)
    kernel_size = integer(op, "kernel_size", kernel_size, 1)
    stride = integer(op, "stride", stride, 1)
    padding = integer(op, "padding", padding, 0)
    room = size + 2 * padding - kernel_size
    if room < 0:
        raise ValueError(
            f"{op}: the kernel does not fit: kernel_size {kernel_size} is larger than the padded "
            f"{axis} {size} + 2·{padding} = {size + 2 * padding}. "
            f"Use a smaller kernel, or padding of at least {(kernel_size - size + 1) // 2}."
        )
    return room // stride + 1


def same_padding(kernel_size: int) -> int:
    """Return the padding that keeps the size unchanged at stride 1: ``(kernel_size - 1) / 2``.

    Parameters
    ----------
    kernel_size : int
        An odd number. An even kernel has no centre pixel, so no equal padding on both sides
        can keep the size.

    Returns
    -------
    int
        Pixels of padding on each side.

    Raises
    ------
    ValueError
        If `kernel_size` is even or below 1.

    Examples
    --------
    >>> [same_padding(k) for k in (1, 3, 5, 7)]
    [0, 1, 2, 3]
    """
    kernel_size = integer("same_padding", "kernel_size", kernel_size, 1)
    if kernel_size % 2 == 0:
        raise ValueError(
            f"same_padding: kernel_size {kernel_size} is even, so no equal padding on both sides "
            f"keeps the size. Use {kernel_size - 1} or {kernel_size + 1}."
        )
    return (kernel_size - 1) // 2


def receptive_field(layers: Iterable[tuple[int, int]]) -> list[int]:
    """Return how many input pixels, along one axis, an output pixel of each layer can see.

    Each layer widens the view by ``(kernel_size - 1)`` steps, and a step is as many input pixels
    as the product of all strides before it.

    Parameters
    ----------
    layers : iterable of (kernel_size, stride)
        From the first layer to the last. Pooling counts like convolution.

    Returns
    -------
    list of int
        One size in input pixels for each layer.

    Examples
    --------
    >>> receptive_field([(3, 1), (3, 1), (3, 1)])
    [3, 5, 7]
    >>> receptive_field([(11, 4), (3, 2)])
    [11, 19]

    References
    ----------
    Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks",
    Distill, 2019, equation 2.
    """
    sizes = []
    field, jump = 1, 1
    for layer in layers:
        if not isinstance(layer, tuple | list) or len(layer) != 2:
            raise ValueError(
                f"receptive_field: each layer must be a (kernel_size, stride) pair, got {layer!r}."
            )
        kernel_size, stride = pair("receptive_field", "(kernel_size, stride)", layer, 1)
        field += (kernel_size - 1) * jump
        jump *= stride
        sizes.append(field)
    return sizes
