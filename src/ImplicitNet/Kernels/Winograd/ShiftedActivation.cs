using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary><c>LeakyReLU(x + shift)</c>, with a shift for every element.</summary>
/// <param name="shift">One for every element of the samples at hand.</param>
/// <param name="slope">Left of 0, in [0, 1].</param>
internal readonly ref struct ShiftedActivation(ReadOnlySpan<float> shift, float slope) : IEpilogue
{
    private readonly ref float _shift = ref MemoryMarshal.GetReference(shift);
    private readonly Vector256<float> _slope = Vector256.Create(slope);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Apply(Vector256<float> value, int place, int channel)
    {
        Vector256<float> sum = value + Vector256.LoadUnsafe(ref _shift, (nuint)place);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(sum, Vector256<float>.Zero), sum, sum * _slope);
    }
}
