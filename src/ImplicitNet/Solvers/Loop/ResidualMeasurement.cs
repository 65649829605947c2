using ImplicitNet.Batches;
using ImplicitNet.Kernels;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>Norm of the residual, residual over threshold, and norm of u, for every sample of a step.</summary>
internal static class ResidualMeasurement
{
    // Numbers that a thread measures before it takes the next: some microseconds.
    private const int Portion = 1 << 13;

    /// <summary>Measures a step, in the caller's dispose scope; at most one transfer to the host.</summary>
    public static (double[] Residuals, double[] Ratios, double[] Sizes) Of(FixedPointStep step, StoppingRule stopping)
    {
        Tensor measured = step.Residual ?? step.Mapped!;
        LatentLayout layout = stopping.Norm.IsOrdered ? new LatentLayout(measured.shape[1..], order: null) : LatentLayout.Of(measured);
        Tensor latent = layout.Flatten(step.Latent);
        (double absolute, double relative) = stopping.Resolve(step.Latent.dtype);
        double[] residuals;
        double[] references;
        double[] sizes;
        if (step.Mapped is { } mapped)
        {
            Tensor rows = layout.Flatten(mapped);
            (residuals, references, sizes) = IsForOnePass(stopping, rows, latent)
                ? InOnePass(rows, latent, stopping.Norm)
                : ByTorch(Difference(rows, latent), latent, stopping, absolute, relative);
        }
        else
        {
            (residuals, references, sizes) = ByTorch(layout.Flatten(step.Residual!), latent, stopping, absolute, relative);
        }

        double[] ratios =
            [.. residuals.Zip(references, (residual, reference) => stopping.Scale.Ratio(residual, reference, absolute, relative))];
        return (residuals, ratios, sizes);
    }

    private static Tensor Difference(Tensor mapped, Tensor latent)
    {
        ScalarType working = Precision.Of(latent.dtype).Working;
        return mapped.to(working) - latent.to(working);
    }

    /// <summary>Whether <see cref="OfRow"/> measures by a rule.</summary>
    /// <param name="stopping">The rule.</param>
    /// <param name="size">Numbers of a latent.</param>
    public static bool IsForOnePass(StoppingRule stopping, long size) =>
        stopping.Norm.IsForOnePass && (stopping.Norm.IsOfLength || stopping.Norm.PartsOf(size) is not null)
        && stopping.Scale == ResidualScale.PerSample;

    /// <summary>The norms of <c>mapped - latent</c> and <c>latent</c> of one sample, in one pass over both.</summary>
    /// <param name="parts">Of the norm.</param>
    /// <param name="mapped">map(u).</param>
    /// <param name="latent">u.</param>
    public static (double Residual, double Reference) OfRow(
        ResidualNorm.Part[] parts, ReadOnlySpan<float> mapped, ReadOnlySpan<float> latent)
    {
        double residual = 0;
        double size = 0;
        int first = 0;
        foreach ((long partSize, double weight) in parts)
        {
            (double difference, double reference) = SumsOfSquares.Lengths(
                mapped.Slice(first, (int)partSize), latent.Slice(first, (int)partSize));
            residual = Math.Max(residual, weight * difference);
            size = Math.Max(size, weight * reference);
            first += (int)partSize;
        }

        return (residual, size);
    }

    private static bool IsForOnePass(StoppingRule stopping, Tensor mapped, Tensor latent) =>
        IsForOnePass(stopping, latent.shape[1])
        && mapped.dtype == ScalarType.Float32 && TensorMemory.Holds(mapped) && latent.is_contiguous();

    private static (double[] Residuals, double[] References, double[] Sizes) InOnePass(Tensor mapped, Tensor latent, ResidualNorm norm)
    {
        double[] residuals = new double[mapped.shape[0]];
        double[] references = new double[residuals.Length];
        int size = (int)(mapped.numel() / residuals.Length);
        int rows = Math.Max(1, Portion / size);
        ResidualNorm.Part[] parts = norm.PartsOf(size)!;
        TensorMemory<float> values = new(mapped), latents = new(latent);
        ThreadTeam.Run((residuals.Length + rows - 1) / rows, 2 * mapped.numel(), portion =>
        {
            for (int row = portion * rows; row < Math.Min(residuals.Length, (portion + 1) * rows); row++)
            {
                (residuals[row], references[row]) =
                    OfRow(parts, values.Slice(row * size, size), latents.Slice(row * size, size));
            }
        });
        return (residuals, references, references);
    }

    private static (double[] Residuals, double[] References, double[] Sizes) ByTorch(
        Tensor residual, Tensor latent, StoppingRule stopping, double absolute, double relative)
    {
        Tensor residuals = stopping.Norm.Measure(residual);
        Tensor references = stopping.Scale.Reference(residual, latent, stopping.Norm, absolute, relative);
        Tensor sizes = stopping.Scale.IsOfSize ? references : stopping.Norm.Measure(latent);
        double[] all = [.. stack([residuals, references, sizes]).to(ScalarType.Float64).cpu().data<double>()];
        int rows = all.Length / 3;
        return (all[..rows], all[rows..(2 * rows)], all[(2 * rows)..]);
    }
}
