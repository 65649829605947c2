using static TorchSharp.torch;

namespace ImplicitNet.Training.Data;

/// <summary>
/// One of the eight ways to turn or mirror a square: rows and columns change places or do not, and then rows, columns or both are read
/// backwards. The default leaves all as it is.
/// </summary>
/// <param name="IsTransposed">Whether rows and columns change places, before anything is read backwards.</param>
/// <param name="FlipsRows">Whether the last row comes first.</param>
/// <param name="FlipsColumns">Whether the last column comes first.</param>
internal readonly record struct SquareSymmetry(bool IsTransposed, bool FlipsRows, bool FlipsColumns)
{
    private const int Rows = -2;
    private const int Columns = -1;

    /// <summary>All eight; first the one that changes nothing, then those that mirror it.</summary>
    public static IReadOnlyList<SquareSymmetry> All { get; } =
    [
        default, new(false, false, true), new(false, true, false), new(true, false, false),
        new(false, true, true), new(true, false, true), new(true, true, false), new(true, true, true),
    ];

    /// <summary>The one that undoes it. Only the quarter turns are not their own.</summary>
    public SquareSymmetry Inverse => IsTransposed ? new(true, FlipsColumns, FlipsRows) : this;

    /// <summary>Turns squares round.</summary>
    /// <param name="squares">[..., side, side], any dtype; not changed.</param>
    /// <returns>The same shape, dtype and device; it may be that tensor.</returns>
    public Tensor Of(Tensor squares)
    {
        Tensor turned = IsTransposed ? squares.transpose(Rows, Columns) : squares;
        long[] backwards = [.. FlipsRows ? [Rows] : Array.Empty<long>(), .. FlipsColumns ? [Columns] : Array.Empty<long>()];
        return backwards.Length > 0 ? turned.flip(backwards) : IsTransposed ? turned.contiguous() : turned;
    }
}
