using System.Numerics;
using ImplicitNet.Kernels;

namespace ImplicitNet.Solvers.Anderson;

/// <summary>A step of Anderson acceleration of one sample, on rows of plain memory.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <param name="options">Memory, mixing and variant.</param>
internal readonly ref struct SecantRows<T>(AndersonSolver options)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>u.</summary>
    public required ReadOnlySpan<T> Latent { get; init; }

    /// <summary>map(u).</summary>
    public required ReadOnlySpan<T> Mapped { get; init; }

    /// <summary>Filled with the next iterate.</summary>
    public required Span<T> Next { get; init; }

    /// <summary>Held from step to step.</summary>
    public required Span<T> LastLatent { get; init; }

    /// <summary>Held likewise.</summary>
    public required Span<T> LastResidual { get; init; }

    /// <summary>Held likewise: dU, those of the slots in use, one after the other.</summary>
    public Span<T> LatentSlots { get; init; }

    /// <summary>Held likewise: dF.</summary>
    public Span<T> ResidualSlots { get; init; }

    /// <summary>Makes the first step.</summary>
    /// <param name="exponent">All that is held from now on is in units of two to this.</param>
    /// <returns>||f||, in that unit.</returns>
    public double Begin(out int exponent)
    {
        Span<T> residual = LastResidual;
        SecantKernels<T>.Subtract(Mapped, Latent, residual);
        double norm = SecantKernels<T>.Norm(residual);
        SecantKernels<T>.AddScaled(Latent, residual, T.CreateChecked(options.Mixing), Next);
        Latent.CopyTo(LastLatent);
        exponent = SecantUnit.Exponent<T>(norm, residual);
        if (exponent == 0)
        {
            return norm;
        }

        SecantUnit.Scale(LastLatent, -exponent);
        SecantUnit.Scale(residual, -exponent);
        return SecantKernels<T>.Norm(residual);
    }

    /// <summary>Makes a later step.</summary>
    /// <param name="newest">The slot that is filled.</param>
    /// <param name="exponent">As the first step said.</param>
    /// <param name="choice">Chooses it.</param>
    /// <param name="memory">Working memory of three latents.</param>
    /// <returns>Whether the step that led here is kept.</returns>
    public bool Continue(int newest, int exponent, ISecantChoice choice, Span<T> memory)
    {
        int size = Latent.Length;
        Span<double> gamma = stackalloc double[options.Memory], overlaps = stackalloc double[options.Memory];
        Span<double> numbers = stackalloc double[SecantSample<T>.Numbers(options.Memory)];
        SecantSample<T> rows = new(options.Variant)
        {
            Latent = exponent == 0 ? Latent : SecantUnit.Scaled(Latent, -exponent, memory.Slice(size, size)),
            Mapped = exponent == 0 ? Mapped : SecantUnit.Scaled(Mapped, -exponent, memory.Slice(2 * size, size)),
            Next = Next,
            LastLatent = LastLatent,
            LastResidual = LastResidual,
            Residual = memory[..size],
            LatentSlots = LatentSlots,
            ResidualSlots = ResidualSlots,
        };
        SecantProducts products = rows.Update(newest, numbers);
        gamma.Clear();
        overlaps.Clear();
        SecantStep step = choice.Choose(products, gamma, overlaps);
        rows.Move(step, newest, gamma, overlaps);
        SecantUnit.Scale(Next, exponent);
        return step.IsKept;
    }
}
