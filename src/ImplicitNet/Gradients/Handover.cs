using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// What a backward pass gives back to the native side, which takes references of its own from the handles once the call has
/// returned: they are kept until the next one on the same thread, and released then.
/// </summary>
/// <remarks>
/// Left to the garbage collector, which sees a few bytes, they would hold a device's memory: a device's passes run on a
/// thread of their own, where no dispose scope is open.
/// </remarks>
internal static class Handover
{
    [ThreadStatic]
    private static Tensor?[]? _last;

    /// <summary>Keeps the gradients, and lets go of those of the call before.</summary>
    /// <param name="gradients">One for each argument of the function; null for none. No longer the caller's.</param>
    public static List<Tensor> Of(params Tensor?[] gradients)
    {
        Tensor?[]? before = _last;
        _last = gradients;
        foreach (Tensor? gradient in before ?? [])
        {
            gradient?.Dispose();
        }

        return [.. gradients.Select(gradient => gradient!)];
    }
}
