using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary><c>LeakyReLU(x + bias)</c>, with a bias for every channel.</summary>
/// <param name="bias">One for every channel.</param>
/// <param name="slope">Left of 0, in [0, 1].</param>
internal readonly ref struct ChannelActivation(ReadOnlySpan<float> bias, float slope) : IEpilogue
{
    private readonly ref float _bias = ref MemoryMarshal.GetReference(bias);
    private readonly Vector256<float> _slope = Vector256.Create(slope);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Apply(Vector256<float> value, int place, int channel)
    {
        Vector256<float> sum = value + Vector256.LoadUnsafe(ref _bias, (nuint)channel);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(sum, Vector256<float>.Zero), sum, sum * _slope);
    }
}
