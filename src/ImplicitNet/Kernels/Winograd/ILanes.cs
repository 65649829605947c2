using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>
/// So many channels as a register holds. What is computed in one lane does not depend on how many there are, so that the kernels have the
/// same bits by either width.
/// </summary>
/// <typeparam name="TSelf">The width.</typeparam>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Channels.</summary>
    static abstract int Count { get; }

    /// <summary>Neighbours in memory.</summary>
    static abstract TSelf Load(ref float from, nint offset);

    /// <summary>One value in every lane.</summary>
    static abstract TSelf Of(float value);

    /// <summary><c>left right + addend</c>, rounded once.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    /// <summary>Writes them beside each other.</summary>
    void Store(ref float to, nint offset);

    /// <summary>Writes what comes after the convolution.</summary>
    void Store<TEpilogue>(ref float to, TEpilogue epilogue, int place, int channel)
        where TEpilogue : IEpilogue, allows ref struct;
}

/// <summary>Of AVX2.</summary>
internal readonly struct EightLanes(Vector256<float> value) : ILanes<EightLanes>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes operator +(EightLanes left, EightLanes right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes operator -(EightLanes left, EightLanes right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes Load(ref float from, nint offset) => new(Vector256.LoadUnsafe(ref from, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes Of(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes MultiplyAdd(EightLanes left, EightLanes right, EightLanes addend) =>
        new(Vector256.MultiplyAddEstimate(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float to, nint offset) => _value.StoreUnsafe(ref to, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TEpilogue>(ref float to, TEpilogue epilogue, int place, int channel)
        where TEpilogue : IEpilogue, allows ref struct =>
        epilogue.Apply(_value, place, channel).StoreUnsafe(ref to, (nuint)place);
}

/// <summary>Of AVX-512.</summary>
internal readonly struct SixteenLanes(Vector512<float> value) : ILanes<SixteenLanes>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes operator +(SixteenLanes left, SixteenLanes right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes operator -(SixteenLanes left, SixteenLanes right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes Load(ref float from, nint offset) => new(Vector512.LoadUnsafe(ref from, (nuint)offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes Of(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SixteenLanes MultiplyAdd(SixteenLanes left, SixteenLanes right, SixteenLanes addend) =>
        new(Vector512.MultiplyAddEstimate(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float to, nint offset) => _value.StoreUnsafe(ref to, (nuint)offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TEpilogue>(ref float to, TEpilogue epilogue, int place, int channel)
        where TEpilogue : IEpilogue, allows ref struct
    {
        epilogue.Apply(_value.GetLower(), place, channel).StoreUnsafe(ref to, (nuint)place);
        epilogue.Apply(_value.GetUpper(), place + 8, channel + 8).StoreUnsafe(ref to, (nuint)(place + 8));
    }
}
