using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// <c>scale (origin + LeakyReLU(x + bias)) + shift</c>: the end of a residual branch, and batch normalisation whose statistics are
/// constants.
/// </summary>
/// <param name="origin">Where the branch began: one for every element of the samples at hand. May be where the result goes.</param>
/// <param name="bias">One for every channel.</param>
/// <param name="slope">Left of 0, in [0, 1].</param>
/// <param name="scale">One for every channel.</param>
/// <param name="shift">One for every channel.</param>
internal readonly ref struct ScaledResidual(
    ReadOnlySpan<float> origin, ReadOnlySpan<float> bias, float slope, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift) : IEpilogue
{
    private readonly ref float _origin = ref MemoryMarshal.GetReference(origin);
    private readonly ref float _bias = ref MemoryMarshal.GetReference(bias);
    private readonly ref float _scale = ref MemoryMarshal.GetReference(scale);
    private readonly ref float _shift = ref MemoryMarshal.GetReference(shift);
    private readonly Vector256<float> _slope = Vector256.Create(slope);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Apply(Vector256<float> value, int place, int channel)
    {
        Vector256<float> sum = value + Vector256.LoadUnsafe(ref _bias, (nuint)channel);
        Vector256<float> branch = Vector256.ConditionalSelect(Vector256.GreaterThan(sum, Vector256<float>.Zero), sum, sum * _slope);
        return Vector256.MultiplyAddEstimate(
            Vector256.LoadUnsafe(ref _origin, (nuint)place) + branch, Vector256.LoadUnsafe(ref _scale, (nuint)channel),
            Vector256.LoadUnsafe(ref _shift, (nuint)channel));
    }
}
