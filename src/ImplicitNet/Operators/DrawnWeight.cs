using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The weights that layers of the library are made with.</summary>
internal static class DrawnWeight
{
    // Numbers in a weight: 2 GiB of them in float32. To draw more takes a minute, to bound their norm hours.
    private const double MostNumbers = 1 << 29;

    /// <summary>A weight drawn as in torch's own layers (Kaiming uniform, a = sqrt 5). The caller owns it.</summary>
    /// <param name="layer">What it is the weight of, in words, such as "a bounded layer".</param>
    /// <param name="shape">At least two sides.</param>
    /// <param name="dtype">One of those that follow.</param>
    /// <param name="dtypes">Those that such layers have.</param>
    /// <exception cref="ArgumentException">As for <see cref="Uninitialized"/>.</exception>
    public static Parameter Of(string layer, long[] shape, ScalarType dtype, params ReadOnlySpan<ScalarType> dtypes)
    {
        using Tensor data = Uninitialized(layer, shape, dtype, dtypes);
        Parameter weight = new(data);
        weight.DetachFromDisposeScope();
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        return weight;
    }

    /// <summary>Room for a weight. The caller owns it.</summary>
    /// <exception cref="ArgumentException">
    /// The dtype is none that such a layer can have, the weight has more than 2^29 numbers, or there is no memory for it.
    /// </exception>
    public static Tensor Uninitialized(string layer, long[] shape, ScalarType dtype, params ReadOnlySpan<ScalarType> dtypes)
    {
        if (!dtypes.Contains(dtype))
        {
            string[] names = [.. dtypes.ToArray().Select(each => each.ToString().ToLowerInvariant())];
            throw new ArgumentException(
                $"The weight of {layer} is {string.Join(", ", names[..^1])} or {names[^1]}. Given: {dtype}.", nameof(dtype));
        }

        if (shape.Aggregate(1.0, (product, size) => product * size) > MostNumbers)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"The weight of {layer} has at most {MostNumbers:n0} numbers. ")
                    + $"Given: {string.Join(" x ", shape)}.",
                nameof(shape));
        }

        return TorchMessage.Guarded(
            (Shape: shape, Dtype: dtype),
            static given => empty(given.Shape, given.Dtype),
            static (given, said) => new ArgumentException(
                $"No weight of {TensorCheck.Sizes(given.Shape)} can be made: {said}", nameof(shape)));
    }
}
