using System.Numerics;
using System.Runtime.CompilerServices;
using ImplicitNet.Kernels;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// The rows of one sample's history, and the arithmetic of Anderson acceleration on them: done piece by piece, each of which stays in the
/// first cache meanwhile.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
/// <param name="variant">What the tests are.</param>
internal readonly ref struct SecantSample<T>(AndersonVariant variant)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // A piece of as many slots as are usual takes half of a first cache of 32 KiB.
    private const int PieceBytes = 2048;

    public required ReadOnlySpan<T> Latent { get; init; }

    public required ReadOnlySpan<T> Mapped { get; init; }

    public required Span<T> Next { get; init; }

    public required Span<T> LastLatent { get; init; }

    public required Span<T> LastResidual { get; init; }

    /// <summary>Working memory: between the two calls, map(u) - u.</summary>
    public required Span<T> Residual { get; init; }

    /// <summary>The slots in use, one after the other: dU.</summary>
    public required Span<T> LatentSlots { get; init; }

    /// <summary>The slots in use, one after the other: dF.</summary>
    public required Span<T> ResidualSlots { get; init; }

    private static int Piece => PieceBytes / Unsafe.SizeOf<T>();

    private int Slots => Latent.Length == 0 ? 0 : LatentSlots.Length / Latent.Length;

    /// <summary>
    /// Numbers that <see cref="Update"/> fills for so many slots: three sums for each, and for the residual, which is one row more, and
    /// for what fills up the last rows that are multiplied together.
    /// </summary>
    public static int Numbers(int memory) => 3 * (memory + SecantSums<T>.Rows);

    /// <summary>Fills the newest slot, and forms the products.</summary>
    /// <param name="newest">The slot.</param>
    /// <param name="numbers">Filled: as many as <see cref="Numbers"/> says.</param>
    public SecantProducts Update(int newest, Span<double> numbers)
    {
        int room = numbers.Length / 3;
        Span<double> byNew = numbers[..room], byResidual = numbers.Slice(room, room), newByResiduals = numbers[(2 * room)..];
        Span<double> unused = stackalloc double[SecantSums<T>.Rows];
        numbers.Clear();
        Span<T> tests = variant.Tests(LatentSlots, ResidualSlots);
        for (int start = 0; start < Latent.Length; start += Piece)
        {
            int length = Math.Min(Piece, Latent.Length - start);
            ReadOnlySpan<T> latent = Latent.Slice(start, length);
            Span<T> residual = Residual.Slice(start, length), newResidual = Slot(ResidualSlots, newest, start, length);
            SecantKernels<T>.Subtract(Mapped.Slice(start, length), latent, residual);
            SecantKernels<T>.Subtract(latent, LastLatent.Slice(start, length), Slot(LatentSlots, newest, start, length));
            SecantKernels<T>.Subtract(residual, LastResidual.Slice(start, length), newResidual);
            for (int row = 0; row <= Slots; row += SecantSums<T>.Rows)
            {
                Sums(tests, row, start, newResidual, residual).AddTo(byNew[row..], byResidual[row..]);
            }

            for (int row = 0; row < Slots && !variant.IsSymmetric; row += SecantSums<T>.Rows)
            {
                Sums(ResidualSlots, row, start, Slot(tests, newest, start, length), residual).AddTo(newByResiduals[row..], unused);
            }
        }

        if (variant.IsSymmetric)
        {
            byNew.CopyTo(newByResiduals);
        }

        // The row after the slots was the residual.
        double norm = Math.Sqrt(byResidual[Slots]);
        byNew[Slots..].Clear();
        byResidual[Slots..].Clear();
        newByResiduals[Slots..].Clear();
        return new SecantProducts
        {
            Newest = newest,
            TestsByNew = byNew,
            TestsByResidual = byResidual,
            NewByResiduals = newByResiduals,
            Norm = norm,
        };
    }

    /// <summary>Makes the next iterate, from this one or, where it is not kept, from the last.</summary>
    public void Move(in SecantStep step, int newest, ReadOnlySpan<double> gamma, ReadOnlySpan<double> overlaps)
    {
        T mixing = T.CreateChecked(step.Share > 0 ? step.Share : step.Mixing);
        bool isSeparated = overlaps.ContainsAnyExcept(0.0);
        for (int start = 0; start < Latent.Length; start += Piece)
        {
            int length = Math.Min(Piece, Latent.Length - start);
            Span<T> lastLatent = LastLatent.Slice(start, length), lastResidual = LastResidual.Slice(start, length),
            next = Next.Slice(start, length);
            if (step.IsKept)
            {
                Latent.Slice(start, length).CopyTo(lastLatent);
                Residual.Slice(start, length).CopyTo(lastResidual);
            }

            SecantKernels<T>.AddScaled(
                lastLatent, step.Share > 0 ? Slot(LatentSlots, newest, start, length) : lastResidual, mixing, next);
            for (int slot = 0; slot < Slots; slot++)
            {
                if (gamma[slot] != 0)
                {
                    T own = T.CreateChecked(gamma[slot]);
                    SecantKernels<T>.SubtractScaled(
                        next, Slot(LatentSlots, slot, start, length), own, Slot(ResidualSlots, slot, start, length), own * mixing);
                }
            }

            for (int slot = 0; slot < Slots && isSeparated; slot++)
            {
                if (overlaps[slot] != 0)
                {
                    T own = T.CreateChecked(overlaps[slot]);
                    Separate(Slot(LatentSlots, newest, start, length), Slot(LatentSlots, slot, start, length), own);
                    Separate(Slot(ResidualSlots, newest, start, length), Slot(ResidualSlots, slot, start, length), own);
                }
            }
        }
    }

    private static void Separate(Span<T> newest, ReadOnlySpan<T> other, T part) =>
        SecantKernels<T>.AddScaled(newest, other, -part, newest);

    /// <summary>Some slots' rows, from one of them on, times two others.</summary>
    private SecantSums<T> Sums(Span<T> slots, int row, int start, ReadOnlySpan<T> first, ReadOnlySpan<T> second) => new()
    {
        Left1 = Row(slots, row, start, first.Length),
        Left2 = Row(slots, row + 1, start, first.Length),
        Left3 = Row(slots, row + 2, start, first.Length),
        Right1 = first,
        Right2 = second,
    };

    /// <summary>That of a slot; after the last slot, the residual.</summary>
    private Span<T> Row(Span<T> slots, int row, int start, int length) =>
        row < Slots ? Slot(slots, row, start, length) : Residual.Slice(start, length);

    private Span<T> Slot(Span<T> slots, int slot, int start, int length) => slots.Slice((slot * Latent.Length) + start, length);
}
