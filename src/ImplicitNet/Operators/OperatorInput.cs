using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>The one check of tensors that a caller gives to operators, layers and networks.</summary>
internal static class OperatorInput
{
    /// <summary>Refuses what holds no samples of numbers.</summary>
    /// <param name="tensor">The argument.</param>
    /// <param name="name">Its name.</param>
    /// <param name="what">What it is, such as "q".</param>
    /// <param name="isNumber">Whether it must be floating point.</param>
    /// <exception cref="ArgumentException">It is disposed, sparse, without values or a batch, or has another dtype.</exception>
    public static void Ensure(Tensor? tensor, string name, string what, bool isNumber = true)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        if (tensor.IsInvalid)
        {
            throw new ArgumentException($"{what} has been disposed.", name);
        }

        if (tensor.is_sparse || tensor.is_meta)
        {
            throw new ArgumentException(
                $"{what} must be a dense tensor with values. Given: a {(tensor.is_sparse ? "sparse one" : "meta tensor")}.", name);
        }

        if (isNumber && !tensor.is_floating_point())
        {
            throw new ArgumentException($"{what} must be floating point. Given: {Describe(tensor)}.", name);
        }

        if (tensor.ndim == 0)
        {
            throw new ArgumentException($"{what} needs a batch dimension: [batch, ...]. Given: a scalar.", name);
        }
    }

    /// <summary>Refuses a tensor that does not go with a weight.</summary>
    public static void EnsureLike(Tensor tensor, Tensor weight, string name, string what)
    {
        if (tensor.dtype != weight.dtype || tensor.device_type != weight.device_type || tensor.device_index != weight.device_index)
        {
            throw new ArgumentException(
                $"{what} must have the dtype and device of the weights, {weight.dtype} on {weight.device}. "
                + $"Given: {tensor.dtype} on {tensor.device}.", name);
        }
    }

    /// <summary>Such as "[8, 4] Float32".</summary>
    public static string Describe(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}] {tensor.dtype}";
}
