using System.Numerics;
using System.Runtime.CompilerServices;
using ImplicitNet.Kernels;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>
/// The rows of one sample's history, and the arithmetic of Anderson acceleration on them: done piece by piece, each of which stays in the first
/// cache meanwhile.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
/// <param name="variant">What the tests are.</param>
/// <param name="mixing">b in <c>u + b f - (dU + b dF) gamma</c>.</param>
internal readonly ref struct SecantSample<T>(AndersonVariant variant, T mixing)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // A piece of as many slots as are usual takes half of a first cache of 32 KiB.
    private const int PieceBytes = 2048;

    public required ReadOnlySpan<T> Latent { get; init; }

    public required ReadOnlySpan<T> Image { get; init; }

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

    /// <summary>Fills the newest slot, and forms the products.</summary>
    /// <param name="newest">The slot.</param>
    /// <param name="numbers">Filled: three times as many as there may be slots.</param>
    public SecantProducts Note(int newest, Span<double> numbers)
    {
        int memory = numbers.Length / 3;
        Span<double> byNew = numbers[..memory], byResidual = numbers.Slice(memory, memory), newByResiduals = numbers[(2 * memory)..];
        numbers.Clear();
        double squares = 0;
        Span<double> memoryOfPiece = stackalloc double[3 * Piece];
        for (int start = 0; start < Latent.Length; start += Piece)
        {
            int length = Math.Min(Piece, Latent.Length - start);
            ReadOnlySpan<T> latent = Latent.Slice(start, length);
            Span<T> residual = Residual.Slice(start, length), newResidual = Slot(ResidualSlots, newest, start, length);
            SecantKernels<T>.Subtract(Image.Slice(start, length), latent, residual);
            Span<T> newLatent = Slot(LatentSlots, newest, start, length);
            SecantKernels<T>.Subtract(latent, LastLatent.Slice(start, length), newLatent);
            SecantKernels<T>.Subtract(residual, LastResidual.Slice(start, length), newResidual);

            // Widened once for all slots.
            Span<double> value = memoryOfPiece[..length], difference = memoryOfPiece.Slice(Piece, length),
                newTest = memoryOfPiece.Slice(2 * Piece, length);
            SecantKernels<T>.Widen(residual, value);
            SecantKernels<T>.Widen(newResidual, difference);
            squares += SecantKernels<T>.Products(residual, value, value).B;
            if (!variant.IsSymmetric)
            {
                SecantKernels<T>.Widen(variant.Tests(newLatent, newResidual), newTest);
            }

            for (int slot = 0; slot < Slots; slot++)
            {
                ReadOnlySpan<T> test = variant.Tests(Slot(LatentSlots, slot, start, length), Slot(ResidualSlots, slot, start, length));
                (double byDifference, double byValue) = SecantKernels<T>.Products(test, difference, value);
                (byNew[slot], byResidual[slot]) = (byNew[slot] + byDifference, byResidual[slot] + byValue);
                if (!variant.IsSymmetric)
                {
                    newByResiduals[slot] += SecantKernels<T>.Products(Slot(ResidualSlots, slot, start, length), newTest, value).B;
                }
            }
        }

        if (variant.IsSymmetric)
        {
            byNew.CopyTo(newByResiduals);
        }

        return new SecantProducts { Newest = newest, TestsByNew = byNew, TestsByResidual = byResidual, NewByResiduals = newByResiduals, Norm = Math.Sqrt(squares) };
    }

    /// <summary>Makes the next iterate, from this one or, where it is not kept, from the last.</summary>
    public void Move(ReadOnlySpan<double> gamma, bool isKept)
    {
        for (int start = 0; start < Latent.Length; start += Piece)
        {
            int length = Math.Min(Piece, Latent.Length - start);
            Span<T> lastLatent = LastLatent.Slice(start, length), lastResidual = LastResidual.Slice(start, length), next = Next.Slice(start, length);
            if (isKept)
            {
                Latent.Slice(start, length).CopyTo(lastLatent);
                Residual.Slice(start, length).CopyTo(lastResidual);
            }

            SecantKernels<T>.AddScaled(lastLatent, lastResidual, mixing, next);
            for (int slot = 0; slot < Slots; slot++)
            {
                if (gamma[slot] != 0)
                {
                    T own = T.CreateChecked(gamma[slot]);
                    SecantKernels<T>.SubtractScaled(next, Slot(LatentSlots, slot, start, length), own, Slot(ResidualSlots, slot, start, length), own * mixing);
                }
            }
        }
    }

    private Span<T> Slot(Span<T> slots, int slot, int start, int length) => slots.Slice((slot * Latent.Length) + start, length);
}
