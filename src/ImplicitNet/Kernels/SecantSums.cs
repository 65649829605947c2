using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels;

/// <summary>
/// Sums of products of three rows with two, all of one length, in float64: each element is widened as it is read, once for all the
/// products that it is in.
/// </summary>
/// <remarks>
/// The products of float32 are exact. A sum is accumulated in as many partial sums as a vector of float64 has lanes: the widest that the
/// processor has.
/// </remarks>
/// <typeparam name="T">The element type.</typeparam>
internal readonly ref struct SecantSums<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Rows on the left.</summary>
    public const int Rows = 3;

    // Half a vector of float32 is read at a time: widening in the register takes a shuffle more, on the way from memory none.
    private interface ILanes<TVector>
    {
        static abstract int Count { get; }

        static abstract TVector Load(ref T first, nuint place);

        static abstract TVector MultiplyAdd(TVector a, TVector b, TVector sum);

        static abstract double Sum(TVector values);
    }

    public required ReadOnlySpan<T> Left1 { get; init; }

    public required ReadOnlySpan<T> Left2 { get; init; }

    public required ReadOnlySpan<T> Left3 { get; init; }

    public required ReadOnlySpan<T> Right1 { get; init; }

    public required ReadOnlySpan<T> Right2 { get; init; }

    /// <summary>Adds the sums.</summary>
    /// <param name="byFirst">Every row on the left times the first on the right.</param>
    /// <param name="bySecond">The same with the second.</param>
    public void AddTo(Span<double> byFirst, Span<double> bySecond)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            AddBy512Bits(byFirst, bySecond);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            AddBy256Bits(byFirst, bySecond);
        }
        else
        {
            AddBy128Bits(byFirst, bySecond);
        }
    }

    /// <summary>As <see cref="AddTo"/> on a processor with AVX-512; elsewhere .NET computes the same by other means.</summary>
    internal void AddBy512Bits(Span<double> byFirst, Span<double> bySecond) => Add<Lanes512, Vector512<double>>(byFirst, bySecond);

    /// <summary>As <see cref="AddTo"/> on a processor with AVX2.</summary>
    internal void AddBy256Bits(Span<double> byFirst, Span<double> bySecond) => Add<Lanes256, Vector256<double>>(byFirst, bySecond);

    /// <summary>As <see cref="AddTo"/> on any other processor.</summary>
    internal void AddBy128Bits(Span<double> byFirst, Span<double> bySecond) => Add<Lanes128, Vector128<double>>(byFirst, bySecond);

    private void Add<TLanes, TVector>(Span<double> byFirst, Span<double> bySecond)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int length = Left1.Length;
        ref T x = ref MemoryMarshal.GetReference(Left1), y = ref MemoryMarshal.GetReference(Left2[..length]);
        ref T z = ref MemoryMarshal.GetReference(Left3[..length]);
        ref T right1 = ref MemoryMarshal.GetReference(Right1[..length]), right2 = ref MemoryMarshal.GetReference(Right2[..length]);
        TVector x1 = default, x2 = default, y1 = default, y2 = default, z1 = default, z2 = default;
        int place = 0;
        for (; place <= length - TLanes.Count; place += TLanes.Count)
        {
            // Each sum is assigned to itself, by which the compiler keeps it in its register.
            nuint at = (nuint)place;
            TVector first = TLanes.Load(ref right1, at), second = TLanes.Load(ref right2, at);
            TVector value = TLanes.Load(ref x, at);
            x1 = TLanes.MultiplyAdd(value, first, x1);
            x2 = TLanes.MultiplyAdd(value, second, x2);
            value = TLanes.Load(ref y, at);
            y1 = TLanes.MultiplyAdd(value, first, y1);
            y2 = TLanes.MultiplyAdd(value, second, y2);
            value = TLanes.Load(ref z, at);
            z1 = TLanes.MultiplyAdd(value, first, z1);
            z2 = TLanes.MultiplyAdd(value, second, z2);
        }

        (byFirst[0], bySecond[0]) = (byFirst[0] + TLanes.Sum(x1), bySecond[0] + TLanes.Sum(x2));
        (byFirst[1], bySecond[1]) = (byFirst[1] + TLanes.Sum(y1), bySecond[1] + TLanes.Sum(y2));
        (byFirst[2], bySecond[2]) = (byFirst[2] + TLanes.Sum(z1), bySecond[2] + TLanes.Sum(z2));
        for (; place < length; place++)
        {
            double first = Wide(Right1[place]), second = Wide(Right2[place]);
            (double ofX, double ofY, double ofZ) = (Wide(Left1[place]), Wide(Left2[place]), Wide(Left3[place]));
            (byFirst[0], bySecond[0]) = (byFirst[0] + (ofX * first), bySecond[0] + (ofX * second));
            (byFirst[1], bySecond[1]) = (byFirst[1] + (ofY * first), bySecond[1] + (ofY * second));
            (byFirst[2], bySecond[2]) = (byFirst[2] + (ofZ * first), bySecond[2] + (ofZ * second));
        }
    }

    private static double Wide(T value) => double.CreateTruncating(value);

    private readonly struct Lanes512 : ILanes<Vector512<double>>
    {
        public static int Count => Vector512<double>.Count;

        public static Vector512<double> Load(ref T first, nuint place) => typeof(T) == typeof(double)
            ? Vector512.LoadUnsafe(ref Unsafe.As<T, double>(ref first), place)
            : Vector512.WidenLower(Vector256.LoadUnsafe(ref Unsafe.As<T, float>(ref first), place).ToVector512Unsafe());

        public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> sum) =>
            Vector512.MultiplyAddEstimate(a, b, sum);

        public static double Sum(Vector512<double> values) => Vector512.Sum(values);
    }

    private readonly struct Lanes256 : ILanes<Vector256<double>>
    {
        public static int Count => Vector256<double>.Count;

        public static Vector256<double> Load(ref T first, nuint place) => typeof(T) == typeof(double)
            ? Vector256.LoadUnsafe(ref Unsafe.As<T, double>(ref first), place)
            : Vector256.WidenLower(Vector128.LoadUnsafe(ref Unsafe.As<T, float>(ref first), place).ToVector256Unsafe());

        public static Vector256<double> MultiplyAdd(Vector256<double> a, Vector256<double> b, Vector256<double> sum) =>
            Vector256.MultiplyAddEstimate(a, b, sum);

        public static double Sum(Vector256<double> values) => Vector256.Sum(values);
    }

    private readonly struct Lanes128 : ILanes<Vector128<double>>
    {
        public static int Count => Vector128<double>.Count;

        public static Vector128<double> Load(ref T first, nuint place) => typeof(T) == typeof(double)
            ? Vector128.LoadUnsafe(ref Unsafe.As<T, double>(ref first), place)
            : Vector128.WidenLower(Vector64.LoadUnsafe(ref Unsafe.As<T, float>(ref first), place).ToVector128Unsafe());

        public static Vector128<double> MultiplyAdd(Vector128<double> a, Vector128<double> b, Vector128<double> sum) =>
            Vector128.MultiplyAddEstimate(a, b, sum);

        public static double Sum(Vector128<double> values) => Vector128.Sum(values);
    }
}
