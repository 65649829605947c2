using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>What a tensor from a caller must be, and how a message describes one: the one place that says so.</summary>
internal static class TensorCheck
{
    /// <summary>Refuses what holds no samples of numbers.</summary>
    /// <param name="tensor">The argument.</param>
    /// <param name="name">Its name.</param>
    /// <param name="what">What it is, such as "q".</param>
    /// <param name="isNumber">Whether it must be floating point.</param>
    /// <exception cref="ArgumentNullException">It is null.</exception>
    /// <exception cref="ArgumentException">
    /// It is disposed, sparse, without values or a batch, has another dtype, or more samples than can be counted.
    /// </exception>
    public static void EnsureBatch([NotNull] Tensor? tensor, string name, string what, bool isNumber = true)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        string? fault = HasFault(tensor, out string? found) ? found
            : isNumber && !tensor.is_floating_point() ? $"must be floating point. Given: {Describe(tensor)}"
            : tensor.ndim == 0 ? "needs a batch dimension: [batch, ...]. Given: a scalar"
            : tensor.shape[0] > int.MaxValue ? $"has {tensor.shape[0]} samples; a batch has at most {int.MaxValue}"
            : null;
        if (fault is not null)
        {
            throw new ArgumentException($"{what} {fault}.", name);
        }
    }

    /// <summary>Refuses a tensor that does not go with a weight.</summary>
    public static void EnsureLike(Tensor tensor, Tensor weight, string name, string what)
    {
        if (tensor.dtype != weight.dtype || !IsOnDeviceOf(tensor, weight))
        {
            throw new ArgumentException(
                $"{what} must have the dtype and device of the weights, {weight.dtype} on {weight.device}. "
                + $"Given: {tensor.dtype} on {tensor.device}.", name);
        }
    }

    /// <summary>Whether a tensor has no elements in places of their own: it is missing, sparse, or without values.</summary>
    /// <param name="tensor">Any.</param>
    /// <param name="fault">Such as "is sparse: call to_dense() first".</param>
    public static bool HasFault([NotNullWhen(false)] Tensor? tensor, [NotNullWhen(true)] out string? fault)
    {
        if (!IsMissing(tensor, out fault))
        {
            fault = tensor.is_sparse ? "is sparse: call to_dense() first"
                : tensor.device_type == DeviceType.META ? "has no values: it is on the meta device"
                : null;
        }

        return fault is not null;
    }

    /// <summary>Whether there is no tensor.</summary>
    /// <param name="tensor">Any.</param>
    /// <param name="fault">"is null" or "has been disposed".</param>
    public static bool IsMissing([NotNullWhen(false)] Tensor? tensor, [NotNullWhen(true)] out string? fault)
    {
        fault = tensor is null ? "is null" : tensor.IsInvalid ? "has been disposed" : null;
        return fault is not null;
    }

    /// <summary>Whether two are on one device. <see cref="Device"/> compares references.</summary>
    public static bool IsOnDeviceOf(Tensor tensor, Tensor other) =>
        tensor.device_type == other.device_type && tensor.device_index == other.device_index;

    /// <summary>Such as "[8, 4] Float32".</summary>
    public static string Describe(Tensor tensor) => $"{Shape(tensor)} {tensor.dtype}";

    /// <summary>Such as "[8, 4]".</summary>
    public static string Shape(Tensor tensor) => Sizes(tensor.shape);

    /// <summary>Such as "[8, 4]".</summary>
    public static string Sizes(IEnumerable<long> sizes) => $"[{string.Join(", ", sizes)}]";
}
